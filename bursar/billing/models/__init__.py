from bursar.billing.models.details import PEN, BillingDetails
from bursar.billing.models.documents import Invoice, Series
from bursar.billing.models.ledger import AccountCredit, LedgerEntry
from bursar.billing.models.not_issued import NotIssued

__all__ = ["PEN", "AccountCredit", "BillingDetails", "Invoice", "LedgerEntry", "NotIssued", "Series"]
