"""The tables of payments: what we ask for (charges), what Mollie knows (mirror), what we tell Mollie (calls).

`payments/store/` alone writes them.
"""

from bursar.payments.models.calls import Call, Hint, SyncMark
from bursar.payments.models.charges import Charge
from bursar.payments.models.mirror import Chargeback, Mandate, MollieCustomer, Payment, Refund, Subscription

__all__ = [
    "Call",
    "Charge",
    "Chargeback",
    "Hint",
    "Mandate",
    "MollieCustomer",
    "Payment",
    "Refund",
    "Subscription",
    "SyncMark",
]
