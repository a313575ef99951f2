"""What news of payments and the clock do to accounts, and the levers of paying: one module a subject."""

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
