"""Settling by an invoice that we write in the partner's name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Group, Outcome, Shown, Stale
from bursar.billing import making
from bursar.billing.actions.issuing import Made, wants_e_invoice
from bursar.billing.documents.content import describe
from bursar.billing.documents.document import Document
from bursar.billing.documents.typesetting import why_not_here
from bursar.billing.models import BillingDetails
from bursar.core.errors import Refused
from bursar.partners import mailing, self_billing
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
    e_invoice = forms.BooleanField(
        label="E-invoice", required=False, help_text="UBL of Peppol's self-billing, checked before anything is issued."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["e_invoice"].initial = wants_e_invoice(_details(self.case))


def _details(case: Case) -> BillingDetails | None:
    found: BillingDetails | None = case.once("details", lambda: self_billing.find_details(case.target))
    return found


def _why_not(case: Case) -> str | None:
    return why_nothing(case) or self_billing.why_not(_details(case)) or why_not_here()


def _compose(case: Case, data: Cleaned) -> Document:
    details, quarter = _details(case), Quarter.parse(data["quarter"])
    assert details is not None
    return self_billing.compose(details, open_of(case)[quarter], quarter, case.now)


def _why_not_this(case: Case, data: Cleaned) -> str | None:
    sentence = why_not_settle(case, data)
    return sentence or (making.why_not_make(with_e_invoice=True) if data["e_invoice"] else None)


def _prepare(case: Case, data: Cleaned) -> Made:
    """Draws and checks it under a number that stands for its own. Raises Refused with every fault."""
    document = _compose(case, data)
    faults = self_billing.list_faults(document) if data["e_invoice"] else ()
    if faults:
        raise Refused(f"The e-invoice would be refused. {' '.join(faults)}")
    self_billing.make_files(document, with_e_invoice=data["e_invoice"])
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
    when="When the partner agreed to self-billing. PDF and e-invoice are mailed to where the partner's documents go, "
    "and stand on its own pages.",
    concerns_money=True,
    blocked=_why_not,
    refused=_why_not_this,
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
    frozen = {"says": says, "has_e_invoice": data["e_invoice"]}
    row = store.settle(partner, quarter.last, amount, Way.SELF_BILLING, number, day, act.now, **frozen)
    mailing.want(row, act.now)
    return outcome_of(partner, quarter, amount, f"self-billing invoice {number}", row)
