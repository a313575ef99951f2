"""Settling by an invoice that we write in the partner's name."""

from __future__ import annotations

from dataclasses import replace

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Group, Outcome, Shown, Stale
from bursar.billing.actions.issuing import Made
from bursar.billing.documents.content import describe
from bursar.billing.documents.document import Document
from bursar.billing.documents.pdf import to_pdf
from bursar.billing.documents.typesetting import why_not_here
from bursar.billing.models import BillingDetails
from bursar.partners import self_billing
from bursar.partners.actions.settling import (
    SettleForm,
    hold_owed,
    open_of,
    outcome_of,
    why_not_settle,
    why_nothing,
)
from bursar.partners.rules.quarters import Quarter
from bursar.partners.rules.settling import Way
from bursar.partners.store import entries as store
from bursar.tenants.models import Organisation


class SelfBillingForm(SettleForm):
    agreed = forms.BooleanField(label="The partner agreed that we write its invoices, and accepts this one")


def _details(case: Case) -> BillingDetails | None:
    found: BillingDetails | None = case.once("details", lambda: self_billing.find_details(case.target))
    return found


def _why_not(case: Case) -> str | None:
    return why_nothing(case) or self_billing.why_not(_details(case)) or why_not_here()


def _compose(case: Case, data: Cleaned) -> Document:
    details, quarter = _details(case), Quarter.parse(data["quarter"])
    assert details is not None
    return self_billing.compose(details, open_of(case)[quarter], quarter, case.now)


def _prepare(case: Case, data: Cleaned) -> Made:
    document = _compose(case, data)
    to_pdf(document)
    return Made(document)


@action(
    key="partners.organisation.settle_by_self_billing",
    on=Organisation,
    form=SelfBillingForm,
    label="Settle by self-billing…",
    instead="The document stays; settle the difference with the next quarter.",
    group=Group.PARTNER,
    done="Referrals settled",
    icon="file-invoice",
    code="bs",
    formerly=("pay commission", "payout"),
    help="Writes the partner's invoice to us, in its name and under a number of a series of its own, with the VAT that "
    f"the partner owes. It says “{self_billing.TEXT}”, and the partner's VAT id.",
    when="When the partner agreed to self-billing. The partner finds the PDF on its own pages.",
    concerns_money=True,
    blocked=_why_not,
    refused=why_not_settle,
    shows=lambda case, data: Shown("billing/_document.html", describe(_compose(case, data))),
    prepare=_prepare,
)
def settle_by_self_billing(act: Act, partner: Organisation, data: Cleaned) -> Outcome:
    quarter, document = Quarter.parse(data["quarter"]), _compose(act.case, data)
    amount = hold_owed(act, partner, quarter)
    if act.request.rehearsed:
        return outcome_of(partner, quarter, amount, "a self-billing invoice", None)
    made: Made | None = act.prepared
    if made is None or made.document != document:
        raise Stale
    day = document.issued_on
    number = self_billing.number_of(day.year, store.take_number(day.year))
    says = replace(document, number=number).as_json()
    row = store.settle(partner, quarter.last, amount, Way.SELF_BILLING, number, day, act.now, says=says)
    return outcome_of(partner, quarter, amount, f"self-billing invoice {number}", row)
