"""Settling with a partner: by its own invoice, or by a credit note on our invoices to it. A settled quarter stays."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Stale
from bursar.billing.actions.crediting import check, compose_part, issue_note, why_not_part
from bursar.billing.actions.issuing import Made
from bursar.billing.documents.document import Document, DocumentKind
from bursar.billing.models import Invoice
from bursar.billing.seller import seller_day, start_of
from bursar.core.days import say_day
from bursar.core.money import euros, plain
from bursar.partners.models import Settlement
from bursar.partners.queries import ledger
from bursar.partners.rules import settling as rules
from bursar.partners.rules.quarters import Quarter
from bursar.partners.rules.settling import Way
from bursar.partners.store import entries as store
from bursar.partners.store.accruing import get_settled_through, hold
from bursar.tenants.models import Organisation

NOTHING = "Nothing is owed for a quarter that is over."
NOT_LOOKED_AT = "What is owed is being worked out anew. Try again in a few minutes."
INVOICES_SHOWN = 50


def open_of(case: Case) -> dict[Quarter, Decimal]:
    """Quarters that can be settled, and what through each is owed."""
    partner: Organisation = case.target

    def load() -> dict[Quarter, Decimal]:
        rows = ledger.list_open_quarters(partner.pk, seller_day(case.now), get_settled_through(partner.pk))
        return {quarter: owed for quarter, owed in rows if owed > 0}

    found: dict[Quarter, Decimal] = case.once("open quarters", load)
    return found


class SettleForm(ActionForm):
    quarter = forms.ChoiceField(
        label="Through", help_text="With all earlier quarters that are not settled. Such as 2026-Q3."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        quarter = self.fields["quarter"]
        assert isinstance(quarter, forms.ChoiceField)
        quarter.choices = [(str(one), f"{one.label} · {euros(owed)}") for one, owed in open_of(self.case).items()]


class InvoiceForm(SettleForm):
    number = forms.CharField(label="Number of the partner's invoice", max_length=60)
    amount = forms.DecimalField(
        label="Its amount without VAT, EUR", max_digits=12, decimal_places=2, help_text="As the statement says."
    )
    on = forms.DateField(label="Date of it", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = seller_day(self.case.now)

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if day > seller_day(self.case.now):
            raise forms.ValidationError("It bears today's date at the latest.")
        return day


def why_nothing(case: Case) -> str | None:
    return None if open_of(case) else NOTHING


def why_not_settle(case: Case, data: Cleaned) -> str | None:
    partner, quarter = case.target, Quarter.parse(data["quarter"])
    through = get_settled_through(partner.pk)
    owed = ledger.calc_owed(partner.pk, quarter.last, through)
    sentence = rules.why_not_settle(quarter, seller_day(case.now), through, owed)
    if sentence is None and not ledger.is_looked_at(partner.pk, start_of(quarter.next().first)):
        sentence = NOT_LOOKED_AT
    if sentence is None and data.get("amount", owed) != owed:
        sentence = f"The statement says {euros(owed)}: an invoice of another amount does not settle it."
    if sentence:
        return sentence
    known = Settlement.objects.filter(partner=partner, way=Way.PARTNER_INVOICE.value, number=data.get("number", ""))
    return f"The partner's invoice {data['number']} has settled another quarter." if known.exists() else None


def hold_owed(act: Act, partner: Organisation, quarter: Quarter) -> Decimal:
    """The partner's entries are held from here on. Raises Stale where lines came since it was looked at."""
    looked_at = open_of(act.case)[quarter]
    hold(partner.pk)
    owed = ledger.calc_owed(partner.pk, quarter.last, get_settled_through(partner.pk))
    if owed != looked_at:
        raise Stale
    return owed


def outcome_of(
    partner: Organisation, quarter: Quarter, amount: Decimal, words: str, made: Settlement | None
) -> Outcome:
    changes = [
        Change("Settled through", "", quarter.label),
        Change("Settled", "", euros(amount), concerns_money=True),
        Change("By", "", words),
    ]
    data = {"settlement": made.public_id, "amount": plain(amount)} if made else {}
    sentence = f"{euros(amount)} are settled with {partner.name} through {quarter.label}: {words}."
    return Outcome(sentence, changes, data=data)


@action(
    key="partners.organisation.settle",
    on=Organisation,
    form=InvoiceForm,
    label="Settle referrals…",
    instead="Settle the difference with the next quarter.",
    group=Group.PARTNER,
    done="Referrals settled",
    icon="receipt",
    code="sr",
    formerly=("pay commission", "payout"),
    help="Notes that all that the partner is owed through a quarter was settled by an invoice of the partner's own. "
    "The quarter never changes after this: what comes late stands in the next.",
    when="When the partner's invoice is here and says what the statement says. To set it off against what the partner "
    "owes us, use “Settle by credit note”.",
    concerns_money=True,
    blocked=why_nothing,
    refused=why_not_settle,
)
def settle_by_invoice(act: Act, partner: Organisation, data: Cleaned) -> Outcome:
    quarter = Quarter.parse(data["quarter"])
    amount = hold_owed(act, partner, quarter)
    way = Way.PARTNER_INVOICE
    made = store.settle(partner, quarter.last, amount, way, data["number"], data["on"], act.now)
    words = f"the partner's invoice {data['number']} of {say_day(data['on'])}"
    return outcome_of(partner, quarter, amount, words, made)


def _invoices(case: Case) -> dict[str, Invoice]:
    """Of the partner's accounts, the newest first: those of which a part can still be credited."""

    def load() -> dict[str, Invoice]:
        rows = Invoice.objects.filter(account__organisation=case.target, kind=DocumentKind.INVOICE.value)
        rows = rows.filter(removed_at=None).select_related("account__organisation").order_by("-issued_at", "-pk")
        return {row.public_id: row for row in rows[:INVOICES_SHOWN] if row.standing.creditable > 0}

    found: dict[str, Invoice] = case.once("invoices", load)
    return found


class CreditForm(SettleForm):
    invoice = forms.ChoiceField(label="Invoice to credit", help_text="Ours to the partner, and at least as large.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invoice = self.fields["invoice"]
        assert isinstance(invoice, forms.ChoiceField)
        rows = _invoices(self.case)
        invoice.choices = [
            (key, f"{row.number} · {euros(row.net)} net, {euros(row.open)} open") for key, row in rows.items()
        ]


def _why_no_credit(case: Case) -> str | None:
    if sentence := why_nothing(case):
        return sentence
    return None if _invoices(case) else "There is no invoice to the partner that could be credited."


def _why_not_credit(case: Case, data: Cleaned) -> str | None:
    row, quarter = _invoices(case)[data["invoice"]], Quarter.parse(data["quarter"])
    return why_not_settle(case, data) or why_not_part(row, open_of(case)[quarter], case)


def _compose(case: Case, data: Cleaned) -> Document:
    return compose_part(_invoices(case)[data["invoice"]], open_of(case)[Quarter.parse(data["quarter"])], case)


def _prepare(case: Case, data: Cleaned) -> Made:
    return check(_invoices(case)[data["invoice"]], _compose(case, data))


@action(
    key="partners.organisation.settle_by_credit",
    on=Organisation,
    form=CreditForm,
    label="Settle by credit note…",
    instead="A credit note stays; issue an invoice over the same amount.",
    group=Group.PARTNER,
    done="Referrals settled",
    icon="receipt-refund",
    code="bc",
    formerly=("pay commission", "payout"),
    help="Issues a credit note over what the partner is owed, without VAT, on an invoice of ours to the partner, by "
    "the VAT of that invoice. What was paid of it stands as the partner's credit.",
    when="When the agreement says that the share is set off against what the partner buys. Else wait for the "
    "partner's own invoice.",
    customer_visible=True,
    concerns_money=True,
    blocked=_why_no_credit,
    refused=_why_not_credit,
    prepare=_prepare,
    event="invoice.credited",
)
def settle_by_credit(act: Act, partner: Organisation, data: Cleaned) -> Outcome:
    quarter, row = Quarter.parse(data["quarter"]), _invoices(act.case)[data["invoice"]]
    document = _compose(act.case, data)
    amount = hold_owed(act, partner, quarter)
    if act.request.rehearsed:
        return outcome_of(partner, quarter, amount, f"a credit note on {row.number}", None)
    note, after = issue_note(act, row, document)
    made = store.settle(
        partner, quarter.last, amount, Way.CREDIT_NOTE, note.number, note.issued_on, act.now, credit_note=note
    )
    outcome = outcome_of(partner, quarter, amount, f"credit note {note.number} on {row.number}", made)
    outcome.touches, outcome.touched = [note.public_id, row.account.public_id], {row.account_id: None}
    outcome.data |= {
        "invoice": row.public_id, "number": row.number, "open": plain(after.open), "credit_note": note.number,
        "credited": plain(note.gross),
    }  # fmt: skip
    return outcome
