from bursar.billing.models.bundles import Bundle
from bursar.billing.models.details import PEN, BillingDetails
from bursar.billing.models.documents import Invoice, Series
from bursar.billing.models.drafts import Draft
from bursar.billing.models.ledger import AccountCredit, LedgerEntry
from bursar.billing.models.not_issued import NotIssued
from bursar.billing.models.sending import Handover, Hold, Reminder, Sending

__all__ = [
    "PEN",
    "AccountCredit",
    "BillingDetails",
    "Bundle",
    "Draft",
    "Handover",
    "Hold",
    "Invoice",
    "LedgerEntry",
    "NotIssued",
    "Reminder",
    "Sending",
    "Series",
]
