from bursar.billing.models.details import PEN, BillingDetails
from bursar.billing.models.documents import Invoice, Series
from bursar.billing.models.drafts import Draft
from bursar.billing.models.ledger import AccountCredit, LedgerEntry

__all__ = ["PEN", "AccountCredit", "BillingDetails", "Draft", "Invoice", "LedgerEntry", "Series"]
