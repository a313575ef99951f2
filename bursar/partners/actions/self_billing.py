"""Settling by an invoice that we write in the partner's name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Outcome, Reason, Shown, Stale
from bursar.billing import making
from bursar.billing.actions.issuing import Made, wants_e_invoice
from bursar.billing.actions.sending import NO_ADDRESS, ToForm, say_letter, say_many, say_to
from bursar.billing.documents.content import describe
from bursar.billing.documents.document import Document
from bursar.billing.documents.typesetting import why_not_here
from bursar.billing.models import BillingDetails
from bursar.billing.queries.addresses import list_addresses
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
from bursar.partners.models import Settlement
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


def _rows(case: Case) -> dict[str, Settlement]:
    """By quarter, the newest first."""

    def load() -> dict[str, Settlement]:
        rows = Settlement.objects.filter(partner=case.target, says__isnull=False).select_related("partner")
        return {str(Quarter.of(row.through)): row for row in rows.order_by("-through")}

    found: dict[str, Settlement] = case.once("self-billing invoices", load)
    return found


def _usual(case: Case) -> list[str]:
    details = _details(case)
    return list_addresses(details.account, case.now) if details else []


class AgainForm(ToForm):
    quarter = forms.ChoiceField(label="Invoice")
    field_order = ("quarter", "to")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        quarter = self.fields["quarter"]
        assert isinstance(quarter, forms.ChoiceField)
        quarter.choices = [(key, f"{row.number} · {key}") for key, row in _rows(self.case).items()]

    def list_usual(self) -> list[str]:
        return _usual(self.case)


def _why_none(case: Case) -> str | None:
    return why_not_here() if _rows(case) else "Nothing was settled with this partner by self-billing."


@action(
    key="partners.organisation.send_self_billing_again",
    on=Organisation,
    form=AgainForm,
    label="Send self-billing again…",
    instead="What was sent is sent.",
    group=Group.DELIVERY,
    done="Self-billing invoice sent again",
    icon="mail-forward",
    code="sb",
    formerly=("resend", "mail statement"),
    help="Mails an invoice that we wrote in the partner's name once more, with its files, to the addresses that you "
    "leave or write there.",
    when="When it did not arrive, or went nowhere because no address was known then. What is to stand for good belongs "
    "into *Billing details* of the partner's account.",
    concerns_money=True,
    reason=Reason.OPTIONAL,
    blocked=_why_none,
    refused=lambda case, data: None if data["to"] or _usual(case) else NO_ADDRESS,
    preview=lambda case, data: say_letter(self_billing.write_letter(mailing.document_of(_rows(case)[data["quarter"]]))),
    prepare=lambda case, data: mailing.write_files(_rows(case)[data["quarter"]]),
)
def send_self_billing_again(act: Act, partner: Organisation, data: Cleaned) -> Outcome:
    row, to = _rows(act.case)[data["quarter"]], data["to"] or _usual(act.case)
    if not act.request.rehearsed:
        mailing.mail(row, act.prepared, to, act.actor, f"{row.public_id}:{act.group}:", act.now)
    changes = [Change("Sent again", "", row.number, concerns_money=True), *say_to(to)]
    return Outcome(f"{row.number} goes to {say_many(to)}.", changes)
