"""The verbs of payments, one file a subject; loaded here so that the registry finds them.

What news of Mollie's and the clock do to accounts is the system's; the levers of customers and staff stand beside.
"""

from bursar.payments.actions import (
    arriving,
    breaking,
    checkouts,
    exports,
    following,
    intervals,
    money,
    noticing,
    refusals,
    retrying,
    seating,
)

__all__ = [
    "arriving",
    "breaking",
    "checkouts",
    "exports",
    "following",
    "intervals",
    "money",
    "noticing",
    "refusals",
    "retrying",
    "seating",
]
