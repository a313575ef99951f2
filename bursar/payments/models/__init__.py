"""The tables of payments: what we ask for (charges), what Mollie knows (mirror), what we tell Mollie (calls), offers.

`payments/store/` alone writes them.
"""

from bursar.payments.models.calls import Call, Hint, SyncMark
from bursar.payments.models.charges import Charge
from bursar.payments.models.invoicing import InvoicesFrom
from bursar.payments.models.links import PaymentLink
from bursar.payments.models.mirror import Chargeback, Mandate, MollieCustomer, Payment, Refund, Subscription
from bursar.payments.models.offers import Offer

__all__ = [
    "Call",
    "Charge",
    "Chargeback",
    "Hint",
    "InvoicesFrom",
    "Mandate",
    "MollieCustomer",
    "Offer",
    "Payment",
    "PaymentLink",
    "Refund",
    "Subscription",
    "SyncMark",
]
