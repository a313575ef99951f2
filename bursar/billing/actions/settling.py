"""Money and invoices: booked as received, turned round, credited, given up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason, Topic, Undo
from bursar.actions.undo import WayBack, moved_from, offer_of
from bursar.billing.actions.weighing import MARK_PAID, WRITE_OFF, weigh_paid, weigh_write_off
from bursar.billing.brought import Brought, find_brought
from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice
from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Entry
from bursar.billing.seller import seller_day
from bursar.billing.store import ledger as books
from bursar.billing.store.ledger import Asked, Booked, Cause
from bursar.core.calendar import end_of, midnight
from bursar.core.days import say_day
from bursar.core.money import euros, plain
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.plans.models import PaidPeriod, PeriodSource
from bursar.plans.store import periods

OPEN = "Open, EUR"
REOPEN = "billing.invoice.reopen"


class ReceiptForm(ActionForm):
    """Money that arrived by bank. `amount`: empty for all that is open."""

    amount = forms.DecimalField(
        label="Amount, EUR", required=False, min_value=Decimal("0.01"), max_digits=12, decimal_places=2,
        help_text="As it arrived. Empty: all that is open.",
    )  # fmt: skip
    on = forms.DateField(label="Received on", widget=forms.DateInput(attrs={"type": "date"}))
    reference = forms.CharField(label="Bank reference", max_length=140, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = seller_day(self.case.now)

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > seller_day(self.case.now):
            raise forms.ValidationError("It arrived today at the latest.")
        return on


class PaidForm(ReceiptForm):
    keeps_rest = forms.BooleanField(label="More than is open: the rest stands as the account's credit", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row: Invoice = self.case.target
        if not self.case.is_one_of_several:
            self.fields["amount"].initial = plain(row.open)

    def clean_amount(self) -> Decimal:
        """Money for what was written off opens that again."""
        row: Invoice = self.case.target
        given: Decimal | None = self.cleaned_data["amount"]
        return (row.open or row.written_off) if given is None else given


def why_no_invoice(case: Case) -> str | None:
    row: Invoice = case.target
    return None if row.kind == DocumentKind.INVOICE.value else "This is a credit note: nothing is paid for it."


def _why_not_paid(case: Case) -> str | None:
    row: Invoice = case.target
    if sentence := why_no_invoice(case):
        return sentence
    return None if row.open + row.written_off > 0 else "Nothing of it is open."


def _why_too_much(case: Case, data: Cleaned) -> str | None:
    row: Invoice = case.target
    asked = row.open + row.written_off
    if data["amount"] > asked and not data["keeps_rest"]:
        return f"Only {euros(asked)} are open. Tick that the rest stands as credit, or look at the amount again."
    return None


def settle(act: Act, row: Invoice, entries: Sequence[Entry], cause: Cause) -> Invoice:
    """Books entries of one invoice, and lets its paid time follow. Returns it as it stands then."""
    return settle_each([(row, entries, cause)], act.now)[0][0]


def settle_each(asked: Sequence[tuple[Invoice, Sequence[Entry], Cause]], now: datetime) -> list[tuple[Invoice, str]]:
    """As `settle` for several invoices, each of which is named once; with the ids of the bookings."""
    held = books.hold([row for row, _, _ in asked])
    booked = books.book_all([Asked(row.account, entries, cause) for row, entries, cause in asked], held, now)
    follow(booked, now)
    return [(held[row.pk], one.booking) for (row, _, _), one in zip(asked, booked, strict=True)]


def follow(booked: Iterable[Booked], now: datetime) -> None:
    """What is settled by money is paid time, from now on; what is settled no more is none."""
    bookings = list(booked)
    periods.book(*(
        PaidPeriod(
            external_id=f"{row.public_id}:{one.booking}", account_id=row.account_id,
            source=PeriodSource.MANAGED.value, service_from=midnight(row.service_from),
            service_until=end_of(row.service_until), net=row.subscription_net, gross=row.gross, booked_at=now,
        )
        for one in bookings for row in one.settled if row.service_from and row.service_until
    ))  # fmt: skip
    periods.end([f"{row.public_id}:" for one in bookings for row in one.unsettled], now)


def outcome_of(row: Invoice, before: Decimal, sentence: str, **told: Any) -> Outcome:
    """`row`: as it stands now. `before`: what was open of it."""
    changes = [Change(OPEN, plain(before), plain(row.open), concerns_money=True)]
    data = {"invoice": row.public_id, "number": row.number, "open": plain(row.open), **told}
    return Outcome(sentence, changes, {row.account_id: None}, data=data)


@action(
    key=MARK_PAID,
    on=Invoice,
    form=PaidForm,
    label="Mark paid…",
    opposite="billing.invoice.reverse_payment",
    done="Payment booked",
    icon="coin",
    code="mp",
    formerly=("record payment", "offline payment"),
    group=Group.MONEY,
    help="Books money that arrived by bank. Settled in full, its service period is paid for from now on. "
    "Above a limit a second person decides first.",
    when="When the bank says that a customer has paid. Part payments leave the rest open.",
    customer_visible=True,
    concerns_money=True,
    reason=Reason.OPTIONAL,
    bulk=True,
    blocked=_why_not_paid,
    refused=_why_too_much,
    second=weigh_paid,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="invoice.paid",
)
def mark_paid(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    before, amount = row.open, data["amount"]
    cause = Cause(data["on"], reference=data["reference"])
    after = settle(act, row, ledger.settle(amount, row.standing, settings.BURSAR_DIFFERENCE_LET_BE), cause)
    left = f"{euros(after.open)} are still open" if after.open else "nothing is open any more"
    if let_be := after.difference - row.difference:
        left = f"{euros(let_be)} that are missing are let be, and {left}"
    sentence = f"{euros(amount)} for {row.number} arrived on {say_day(data['on'])}: {left}."
    return outcome_of(after, before, sentence, received=plain(amount))


class ReverseForm(ActionForm):
    amount = forms.DecimalField(label="Amount, EUR", min_value=Decimal("0.01"), max_digits=12, decimal_places=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = plain(_calc_by_hand(self.case))


def _brought(case: Case) -> Brought:
    found: Brought = case.once("brought", lambda: find_brought(case.target))
    return found


def _calc_by_hand(case: Case) -> Decimal:
    """What of its money somebody here can take off it."""
    paid: Decimal = case.target.paid
    return paid - _brought(case).amount


def _why_not_reverse(case: Case) -> str | None:
    if sentence := why_no_invoice(case):
        return sentence
    if case.target.paid <= 0:
        return "Nothing was paid for it."
    return None if _calc_by_hand(case) > 0 else _brought(case).instead


def _why_not_as_much(case: Case, data: Cleaned) -> str | None:
    paid, by_hand = case.target.paid, _calc_by_hand(case)
    if data["amount"] > paid:
        return f"Only {euros(paid)} were paid for it."
    if data["amount"] > by_hand:
        return f"Only {euros(by_hand)} of it were booked here. {_brought(case).instead}"
    return None


@action(
    key="billing.invoice.reverse_payment",
    on=Invoice,
    form=ReverseForm,
    label="Reverse payment…",
    opposite="billing.invoice.mark_paid",
    done="Payment reversed",
    icon="arrow-back-up",
    code="rp",
    formerly=("bounce", "chargeback"),
    group=Group.MONEY,
    help="Takes a booked payment off the invoice again, which is open by that much; credit that was applied is credit "
    "again. Closed months stay as known.",
    when="When money was booked on the wrong invoice, or the bank took it back. Not for what Mollie brought: that goes "
    "back by *Refund*, and a charge-back by itself.",
    customer_visible=True,
    concerns_money=True,
    blocked=_why_not_reverse,
    refused=_why_not_as_much,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="invoice.reopened",
)
def reverse_payment(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    before, amount = row.open, data["amount"]
    entries = ledger.take_off(amount, row.standing, books.get_received(row))
    after = settle(act, row, entries, Cause(seller_day(act.now)))
    return outcome_of(after, before, f"{euros(amount)} are taken off {row.number}: {euros(after.open)} are open.")


@action(
    key=WRITE_OFF,
    on=Invoice,
    label="Write off…",
    inverse=(REOPEN,),
    done="Written off",
    icon="eraser",
    code="wo",
    formerly=("bad debt", "uncollectible"),
    group=Group.MONEY,
    bulk=True,
    help="Gives up what is open, without a credit note. Money that still comes opens it again. Above a limit a second "
    "person decides first.",
    when="When a debt will not be paid. Where less was supplied or the price was wrong, credit the invoice instead.",
    permission=Right.APPROVE_REFUND,
    concerns_money=True,
    blocked=lambda case: why_no_invoice(case) or (None if case.target.open > 0 else "Nothing of it is open."),
    second=weigh_write_off,
    topic=Topic.MONEY,
    event="invoice.written_off",
)
def write_off(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    before = row.open
    after = settle(act, row, ledger.write_off(row.standing), Cause(seller_day(act.now)))
    outcome = outcome_of(after, before, f"{euros(before)} of {row.number} are given up.", written_off=plain(before))
    outcome.undo = Undo(REOPEN, {"amount": plain(before)}, left={"written_off": plain(after.written_off)})
    return outcome


def _load_written_off(ids: Collection[str]) -> dict[str, dict[str, str]]:
    rows = Invoice.objects.filter(public_id__in=ids).values_list("public_id", "written_off")
    return {public_id: {"written_off": plain(amount)} for public_id, amount in rows}


@action(
    key=REOPEN,
    on=Invoice,
    form=WayBack,
    label="Take write-off back",
    done="Write-off taken back",
    icon="arrow-back",
    group=Group.MONEY,
    help="Asks again for what was given up: it is open as before.",
    when="When the wrong invoice was written off: within 24 hours, and while nothing else moved on it.",
    permission=Right.APPROVE_REFUND,
    concerns_money=True,
    preview=lambda case, data: ["A payment link that was archived by the write-off stays so; issue a new one."],
    topic=Topic.MONEY,
    event="invoice.reopened",
    way_back=True,
    moved_on=moved_from(_load_written_off),
    in_menu=False,
)
def reopen(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    before, amount = row.open, Decimal(offer_of(act.request).data["amount"])
    after = settle(act, row, ledger.reopen(amount, row.standing), Cause(seller_day(act.now)))
    return outcome_of(after, before, f"{euros(amount)} of {row.number} are asked for again.")
