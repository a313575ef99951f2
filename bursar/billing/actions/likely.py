"""An open invoice says what is likely in its kebab, and in that of the account which pays by invoice."""

from __future__ import annotations

from bursar.actions.registry import Hint, likely
from bursar.actions.spec import Case
from bursar.billing.models import Invoice
from bursar.billing.queries.documents import find_first_open
from bursar.billing.seller import seller_day
from bursar.core.days import say_day
from bursar.plans.actions.shared import terms_of
from bursar.plans.rules import is_managed

PAID, REMIND = "billing.invoice.mark_paid", "billing.invoice.remind"


@likely("billing", "account")
def hint_at_open_invoice(case: Case) -> list[Hint]:
    """The one that is due first."""
    row = find_first_open(case.target) if is_managed(terms_of(case)) else None
    return [Hint(hint.key, f"{row.number} {hint.why}", on=row) for hint in _hint(case, row)] if row else []


@likely("billing", "invoice")
def hint_at_invoice(case: Case) -> list[Hint]:
    return _hint(case, case.target)


def _hint(case: Case, row: Invoice) -> list[Hint]:
    if row.due_on is None:
        return []
    due = say_day(row.due_on, is_short=True, now=case.now)
    if row.due_on < seller_day(case.now):
        return [Hint(REMIND, f"was due {due}"), Hint(PAID, f"was due {due}")]
    return [Hint(PAID, f"due {due}")]
