"""The forms that make invoices, by the verb that issues each: for what is drafted, and for what falls due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from bursar.actions.rows import keep_rows
from bursar.actions.spec import ActionForm, Case, Cleaned
from bursar.billing.actions import extra_seats, invoices
from bursar.billing.actions.issuing import Composed, why_not_issue
from bursar.billing.actions.standing import standing_of
from bursar.billing.rules.to_issue import Due, Why, list_due
from bursar.billing.seller import seller_day
from bursar.billing.to_issue import get_ahead


class Maker(NamedTuple):
    form: type[ActionForm]
    compose: Callable[[Case, Cleaned], Composed]
    refuse: Callable[[Case, Cleaned], str | None]
    why_not: Callable[[Case], str | None]


MAKERS = {
    "issue_invoice": Maker(invoices.IssueForm, invoices.compose, invoices.refuse, why_not_issue),
    "invoice_extra_seats": Maker(
        extra_seats.ExtraSeatsForm, extra_seats.compose, extra_seats.refuse, extra_seats.why_not_seats
    ),
}


def keep(data: Cleaned) -> dict[str, Any]:
    """Cleaned data as JSON, so that the form takes it again."""
    return {name: _keep(value) for name, value in data.items() if value not in (None, "")}


def _keep(value: Any) -> Any:
    if isinstance(value, list):
        return keep_rows(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def clean(verb: str, case: Case, data: dict[str, Any]) -> Cleaned | str:
    """By the form of this verb; a sentence for what it does not take any more."""
    form = MAKERS[verb].form(data, case=case)
    if form.is_valid():
        return form.cleaned_data
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def find_due(case: Case, wanted: str = "") -> Due | None:
    """What of this account is to be invoiced first. `wanted`: a value of Why, for that alone."""
    found = list_due(standing_of(case), seller_day(case.now), get_ahead())
    return next((due for due in found if wanted in ("", due.why)), None)


VERBS = {Why.RENEWAL: "issue_invoice", Why.FIRST: "issue_invoice", Why.PILOT: "issue_invoice",
         Why.SEATS: "invoice_extra_seats"}  # fmt: skip


def fill_in(case: Case, due: Due) -> dict[str, Any]:
    """The form's data for what is due, as it begins with."""
    form = MAKERS[VERBS[due.why]].form(case=case)
    names = list(form.fields)
    return {name: form.get_initial_for_field(form.fields[name], name) for name in names}
