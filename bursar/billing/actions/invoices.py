"""Invoices that staff issue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.rows import RowsField
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, DayInput, Outcome
from bursar.billing import proposing
from bursar.billing.actions.issuing import (
    Composed,
    PapersForm,
    compose_papers,
    composed_of,
    issue_composed,
    issues,
    why_not_issue,
    why_not_this,
)
from bursar.billing.actions.lines import LineForm, make_items
from bursar.billing.actions.shared import details_of
from bursar.billing.actions.standing import asked_of, catalogue_of, standing_of
from bursar.billing.documents.document import Item, ItemKind
from bursar.billing.seller import seller_day
from bursar.billing.store.documents import Issue
from bursar.billing.to_issue import get_ahead
from bursar.core.calendar import midnight
from bursar.core.days import say_day, say_end
from bursar.core.money import plain
from bursar.plans.actions.shared import state_of, terms_of
from bursar.plans.added import count_seats
from bursar.plans.models import Cadence
from bursar.plans.rules import is_charging
from bursar.tenants.models import BillingAccount


class IssueForm(PapersForm):
    """`cadence`, `first_day`: of the seats of the plan. Lines of one's own may stand beside or in place of them."""

    with_seats = forms.BooleanField(label="Seats of the plan", required=False)
    cadence = forms.ChoiceField(label="Billed", choices=Cadence.choices, required=False)
    first_day = forms.DateField(label="First day of service", required=False, widget=DayInput())
    lines = RowsField(LineForm, label="Lines of its own", required=False)

    field_order = ("with_seats", "cadence", "first_day", "lines")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in propose(self.case).items():
            self.fields[name].initial = value

    def clean(self) -> Cleaned:
        data = super().clean() or {}
        if data.get("with_seats"):
            data["cadence"] = data.get("cadence") or self.fields["cadence"].initial
            if not data.get("first_day") and (sentence := self._why_name_a_day()):
                self.add_error("first_day", sentence)
            data["first_day"] = data.get("first_day") or self.fields["first_day"].initial
        if not data.get("with_seats") and not data.get("lines") and "lines" not in self.errors:
            self.add_error("with_seats", "An invoice has a line at least: the plan's seats, or one of its own.")
        return data

    def _why_name_a_day(self) -> str | None:
        """Whoever names none wants what is due; sent twice, that would be the year after."""
        last = standing_of(self.case).last_day
        if last is None or last <= seller_day(self.case.now) + timedelta(days=get_ahead()):
            return None
        return f"Service is invoiced through {say_day(last)}. Name the first day of what follows."


def propose(case: Case) -> dict[str, Any]:
    """What the form begins with, as the account stands: the plan's next period, or a pilot's one-off."""
    standing, terms = standing_of(case), terms_of(case)
    is_pilot = standing.is_pilot and not standing.costs and not standing.is_pilot_asked
    return {
        "with_seats": standing.costs and not is_charging(terms),
        "cadence": terms.cadence or Cadence.YEARLY.value,
        "first_day": proposing.propose_first_day(state_of(case), asked_of(case), case.now),
        "lines": [propose_pilot_line(case)] if is_pilot else [],
    }


def propose_pilot_line(case: Case) -> dict[str, str]:
    return {"kind": "pilot", "description": "Pilot", "unit_price": plain(proposing.get_pilot_price(case.now))}


def compose(case: Case, data: Cleaned) -> Composed:
    return composed_of(case, data, _compose)


def _compose(case: Case, data: Cleaned) -> Composed:
    seats = 0
    if data["with_seats"]:
        span = data["cadence"], data["first_day"]
        seats = count_seats(proposing.list_plan_lines(state_of(case), *span, catalogue_of(case)))
    return compose_papers(case, _items(case, data), data, Issue(counts=True, seats=seats))


def _items(case: Case, data: Cleaned) -> list[Item]:
    """Seats are supplied from their first day on, by the VAT of that day."""
    day, details, items = seller_day(case.now), details_of(case), []
    if data["with_seats"]:
        vat = proposing.decide_for_item(details, ItemKind.SUBSCRIPTION, data["first_day"])
        span = data["cadence"], data["first_day"]
        items = proposing.propose_items(state_of(case), *span, vat, catalogue_of(case))
    return items + make_items(data["lines"], lambda kind: proposing.decide_for_item(details, kind, day))


def refuse(case: Case, data: Cleaned) -> str | None:
    if data["with_seats"] and (sentence := _why_paid_otherwise(case, data["first_day"])):
        return sentence
    return why_not_this(case.target.pk, compose(case, data))


def _why_paid_otherwise(case: Case, first_day: date) -> str | None:
    """The same days are paid for once: what Mollie took, or will take by itself, is not asked for by an invoice."""
    terms = terms_of(case)
    if terms.paid_until is None:
        return None
    if is_charging(terms):
        return (
            "A Mollie subscription is live and charges for the seats of the plan. Leave them out, or set the account "
            "managed first."
        )
    if midnight(first_day) < terms.paid_until:
        return f"The plan is paid until {say_end(terms.paid_until)}. Choose a first day after that."
    return None


@action(
    key="billing.account.issue_invoice",
    on=BillingAccount,
    form=IssueForm,
    label="Issue invoice…",
    done="Invoice issued",
    icon="file-invoice",
    code="ii",
    formerly=("bill", "create invoice", "new invoice", "renew"),
    help="Numbers an invoice and freezes it. Issuing grants nothing: it asks for money.",
    when="For accounts that pay by bank, and for whatever else an account owes; one that pays by Mollie stays as it "
    "is. Nothing of it can be changed afterwards. What is to be looked at first is saved as a draft.",
    blocked=why_not_issue,
    refused=refuse,
    beside="billing.account.draft_invoice",
    **issues(compose),
)
def issue_invoice(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    return issue_composed(act, account, compose(act.case, data))
