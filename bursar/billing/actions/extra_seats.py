"""Seats that came after their service period was invoiced: asked for by an invoice of their own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, DayInput, Outcome
from bursar.billing import proposing
from bursar.billing.actions.issuing import (
    Composed,
    PapersForm,
    compose_papers,
    issue_composed,
    issues,
    why_not_issue,
    why_not_this,
)
from bursar.billing.actions.shared import details_of
from bursar.billing.actions.standing import catalogue_of, standing_of
from bursar.billing.documents.document import ItemKind
from bursar.billing.models import Invoice
from bursar.billing.rules.to_issue import count_added
from bursar.billing.seller import seller_day
from bursar.billing.store.documents import Issue
from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.plans.actions.shared import state_of, terms_of
from bursar.plans.rules import is_charging
from bursar.tenants.models import BillingAccount

TOO_LITTLE = f"For the days that are left they come to less than {euros(Decimal(1))}. They stand on the next invoice."


class ExtraSeatsForm(PapersForm):
    first_day = forms.DateField(
        label="From", required=False, widget=DayInput(), help_text="Until the service period ends, by days."
    )

    field_order = ("first_day",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_day"].initial = seller_day(self.case.now)

    def clean_first_day(self) -> date:
        day: date = self.cleaned_data["first_day"] or self.fields["first_day"].initial
        period = standing_of(self.case).period
        if period is not None and not period.holds(day):
            raise forms.ValidationError(
                f"{period.number} asks for {say_day(period.first)} through {say_day(period.last)}: choose a day of it."
            )
        return day


def why_not_seats(case: Case) -> str | None:
    if sentence := why_not_issue(case):
        return sentence
    standing = standing_of(case)
    if is_charging(terms_of(case)):
        return "A Mollie subscription is live, and charges for added seats by itself."
    if standing.period is None:
        return "No invoice asks for a service period that runs today. Issue one for the plan."
    if count_added(standing) == 0:
        return f"{standing.period.number} and what came after it ask for all {standing.period.seats} seats already."
    return None


def compose(case: Case, data: Cleaned) -> Composed:
    """As it would be issued now. Without lines where they come to too little."""
    details, period = details_of(case), standing_of(case).period
    assert details is not None and period is not None
    first_day = data["first_day"]
    vat = proposing.decide_for_item(details, ItemKind.SEATS, first_day)
    parts = proposing.list_added(state_of(case), period, first_day, case.now, catalogue_of(case))
    items = proposing.propose_added(parts, period, first_day, vat, details.language)
    how = Issue(seats=sum(part.line.seats for part in parts), adds_to=Invoice(pk=period.invoice_id))
    return compose_papers(case, items, data, how)


def refuse(case: Case, data: Cleaned) -> str | None:
    composed = compose(case, data)
    return why_not_this(case.target.pk, composed) if composed.document.items else TOO_LITTLE


@action(
    key="billing.account.invoice_extra_seats",
    on=BillingAccount,
    form=ExtraSeatsForm,
    label="Invoice extra seats…",
    done="Extra seats invoiced",
    icon="users-plus",
    code="xs",
    formerly=("additional seats", "true up", "seats"),
    help="Asks for the seats above those that were invoiced, by days until the service period ends.",
    when="When more people sit in an account that pays by invoice than its invoice asks for. Fewer seats are never "
    "given back; the next invoice asks for those that are there then.",
    blocked=why_not_seats,
    refused=refuse,
    **issues(compose),
)
def invoice_extra_seats(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    return issue_composed(act, account, compose(act.case, data))
