"""Bank statements: what files say (CAMT.053, MT940), and whether one is missing. No Django, no clock."""

from bursar.billing.bank.gaps import Gap, find_gaps
from bursar.billing.bank.reading import read_statements
from bursar.billing.bank.statement import BadStatement, Balance, Entry, Payment, Statement

__all__ = ["BadStatement", "Balance", "Entry", "Gap", "Payment", "Statement", "find_gaps", "read_statements"]
