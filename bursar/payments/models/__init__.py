"""The tables of payments: what we ask for (charges), what Mollie knows (mirror), what we tell Mollie (calls), offers.

`payments/store/` alone writes them.
"""

from bursar.payments.models.calls import Call, Hint, SyncMark
from bursar.payments.models.charges import Charge
from bursar.payments.models.mirror import Chargeback, Mandate, MollieCustomer, Payment, Refund, Subscription
from bursar.payments.models.offers import Offer
from bursar.payments.models.payouts import Payout

__all__ = [
    "Call",
    "Charge",
    "Chargeback",
    "Hint",
    "Mandate",
    "MollieCustomer",
    "Offer",
    "Payment",
    "Payout",
    "Refund",
    "Subscription",
    "SyncMark",
]
