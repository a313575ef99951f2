from bursar.billing.models.bank import BankDecision, BankFile, BankLine, BankShare, BankStatement, BankSuggestion
from bursar.billing.models.details import PEN, BillingDetails
from bursar.billing.models.documents import Invoice, Series
from bursar.billing.models.ledger import AccountCredit, LedgerEntry

__all__ = [
    "PEN",
    "AccountCredit",
    "BankDecision",
    "BankFile",
    "BankLine",
    "BankShare",
    "BankStatement",
    "BankSuggestion",
    "BillingDetails",
    "Invoice",
    "LedgerEntry",
    "Series",
]
