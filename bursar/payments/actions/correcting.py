"""Correct VAT: a credit note of all, a new invoice of the same net, and what was paid too much goes back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms

from bursar.access.rights import By, Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Loss, Outcome, Reason, Stale, Topic
from bursar.billing import correcting, files, making, queries
from bursar.billing.actions.settling import follow
from bursar.billing.actions.shared import why_removed
from bursar.billing.correcting import Correction
from bursar.billing.documents.document import Document
from bursar.billing.models import BillingDetails, Invoice
from bursar.billing.rules import ledger, say_decision
from bursar.billing.seller import seller_day, why_not_invoice
from bursar.billing.store import documents
from bursar.billing.store import ledger as books
from bursar.billing.store.documents import DayChanged, Issue
from bursar.billing.store.ledger import Booked, Cause
from bursar.core import clock
from bursar.core.errors import Refused
from bursar.core.money import ZERO, euros, plain
from bursar.payments.actions.refunds import PUT_UP, begin, why_second
from bursar.payments.models import Payment, Refund
from bursar.payments.queries import corrections as read
from bursar.payments.queries.refunds import paid_of
from bursar.payments.rules import refunds as rules
from bursar.payments.states import ChargeState, RefundState
from bursar.payments.store import charges
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.plans.store import periods

Shares = list[tuple[Payment, Decimal]]


def details_of(case: Case) -> BillingDetails | None:
    found: BillingDetails | None = case.once("invoice details", lambda: queries.get_details(case.target.account_id))
    return found


def compose(case: Case) -> Correction:
    details = details_of(case)
    assert details is not None
    return correcting.compose(case.target, details, case.now)


def calc_over(row: Invoice, made: Correction) -> Decimal:
    """What was paid for it above what the new invoice asks for. EUR."""
    over: Decimal = max(ZERO, row.paid - made.invoice.totals.gross)
    return over


def list_shares(case: Case, over: Decimal) -> Shares:
    """What of it goes back by Mollie, and by which payments."""
    return read.share_out(over, read.list_paid_by(case.target)) if over else []


class CorrectForm(ActionForm):
    accepts_twice = forms.BooleanField(
        label="I know that the money may leave twice", required=False,
        help_text="Asked for while the payer's bank can still take a direct debit back, which is eight weeks.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if _why_not(self.case) or _until_taken_back(self.case) is None:
            self.fields["accepts_twice"].widget = forms.HiddenInput()


def _until_taken_back(case: Case) -> datetime | None:
    """Until when the payer can have money taken back that goes back by this as well."""
    shares = list_shares(case, calc_over(case.target, compose(case)))
    untils = [rules.until_taken_back(paid_of(payment), case.now) for payment, _ in shares]
    return max((until for until in untils if until), default=None)


def _why_not(case: Case) -> str | None:
    row: Invoice = case.target
    replaced = Invoice.objects.filter(replaces=row).values_list("number", flat=True).first()
    if replaced:
        return f"{replaced} corrects it already."
    sentence = why_removed(case) or correcting.why_not_correct(row, details_of(case)) or _why_under_way(row)
    return sentence or why_not_invoice() or making.why_not_make(with_e_invoice=row.wants_e_invoice)


def _why_under_way(row: Invoice) -> str | None:
    """Money that comes by itself comes with the VAT that it was asked with. An open link is archived instead."""
    if any(charge.state in (ChargeState.UNDER_WAY, ChargeState.FAILED) for charge in read.list_charges_of(row)):
        return "Its charge is under way, failed, or was taken back by the bank: wait until it is settled, or credit it."
    return None


def _refuse(case: Case, data: Cleaned) -> str | None:
    until = _until_taken_back(case)
    if until is None or data["accepts_twice"]:
        return None
    return f"{rules.warn_of_twice(until)} Tick that you know it, or wait until then."


def prepare(case: Case, data: Cleaned) -> Correction:
    """Draws and checks both. Raises Refused with every fault."""
    made, with_e_invoice = compose(case), case.target.wants_e_invoice
    for document in made:
        faults = making.list_faults(document) if with_e_invoice else ()
        if faults:
            raise Refused(f"The e-invoice would be refused. {' '.join(faults)}")
        making.make(document, with_e_invoice=with_e_invoice)
    return made


def foresee(case: Case, data: Cleaned) -> list[str]:
    """Credit note, new invoice, and money, each in figures."""
    made = compose(case)
    over = calc_over(case.target, made)
    shares = list_shares(case, over)
    said = correcting.say_correction(made)
    if not over:
        return [*said, f"{euros(made.invoice.due)} are asked for still; nothing goes back."]
    for payment, part in shares:
        said.append(f"{euros(part)} go back by Mollie, to where they came from.")
        if second := why_second(case, payment, part):
            said.append(f"A second person decides before that leaves. {second}")
        if until := rules.until_taken_back(paid_of(payment), case.now):
            said.append(Loss(rules.warn_of_twice(until)))
    if left := over - sum((part for _, part in shares), ZERO):
        said.append(f"{euros(left)} stand as the account's credit, to be applied or paid back.")
    return said


@action(
    key="payments.invoice.correct_vat",
    on=Invoice,
    form=CorrectForm,
    label="Correct VAT…",
    instead="A credit note stays; the new invoice is credited as any other.",
    done="VAT corrected",
    icon="receipt-tax",
    code="cv",
    formerly=("tax",),
    group=Group.MONEY,
    help="Credits the invoice in full, issues it anew with the VAT that is due, and gives back what was paid too "
    "much. Payment and service period go over to the new invoice.",
    when="When VAT was charged because a VAT id was not confirmed, and VIES or the member state has confirmed it "
    "since, also for the time of the sale. Where anything else was wrong, credit the invoice and issue another.",
    permission=Right.ACT,
    customer_visible=True,
    concerns_money=True,
    blocked=_why_not,
    refused=_refuse,
    preview=foresee,
    prepare=prepare,
    calls=(PUT_UP,),
    bulk=True,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="invoice.vat_corrected",
)
def correct_vat(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    made = compose(act.case)
    before, after = say_decision(row.document.items[0].vat), say_decision(made.invoice.items[0].vat)
    if act.request.rehearsed:
        return Outcome(f"{row.number} is corrected from {before} to {after}.")
    if act.prepared != made:
        raise Stale
    over = calc_over(row, made)
    shares = list_shares(act.case, over)
    note, invoice = _issue(act, row, made)
    invoice = _carry_over(act, row, invoice, note)
    refunded = _send_back(act, row, shares, accepts_twice=data["accepts_twice"])
    kept = over - refunded
    changes = [
        Change("Invoice", row.number, invoice.number, concerns_money=True),
        Change("VAT", before, after, concerns_money=True),
        Change("Amount of VAT", euros(row.vat), euros(invoice.vat), concerns_money=True),
        *([Change("Goes back", "", euros(refunded), concerns_money=True)] if refunded else []),
        *([Change("Credit from it", "", euros(kept), concerns_money=True)] if kept else []),
    ]
    told = {"invoice": invoice.public_id, "number": invoice.number, "replaces": row.number, "credit_note": note.number,
            "gross": plain(invoice.gross), "open": plain(invoice.open), "refunded": plain(refunded),
            "credit": plain(kept)}  # fmt: skip
    sentence = f"{note.number} takes back {row.number}, and {invoice.number} takes its place: {after}."
    return Outcome(sentence, changes, {row.account_id: None}, data=told, touches=[invoice.public_id, note.public_id])


def _issue(act: Act, row: Invoice, made: Correction) -> tuple[Invoice, Invoice]:
    """Credit note and new invoice."""
    e_invoice = row.wants_e_invoice
    note = _number(act, row, made.note, Issue(corrects=row, wants_e_invoice=e_invoice))
    counts = row.service_from is not None
    how = Issue(
        counts=counts, seats=row.seats, adds_to=row.adds_to, replaces=row, made_for=row.made_for,
        wants_e_invoice=e_invoice,
    )  # fmt: skip
    return note, _number(act, row, made.invoice, how)


def _number(act: Act, row: Invoice, document: Document, how: Issue) -> Invoice:
    try:
        issued = documents.issue(row.account, document, how, clock.now)
    except DayChanged:
        raise Stale from None
    files.want(issued, act.now)
    return issued


def _carry_over(act: Act, row: Invoice, invoice: Invoice, note: Invoice) -> Invoice:
    """Payment and service period; a period that was paid for stays paid, and nobody is told that it was paid anew."""
    held = books.hold([row, invoice])
    entries = ledger.carry_over(held[row.pk].standing, held[invoice.pk].standing)
    since = held[row.pk].settled_at
    booked = books.book(row.account, held, entries, Cause(note.issued_on, note.public_id), act.now)
    new = held[invoice.pk]
    for charge in read.list_charges_of(row):
        if charge.state == ChargeState.PAID:
            charges.put(charge, invoice=new)
    if since is not None and new.settled_at is not None:
        books.keep_settled(new, since)
        periods.carry_over(f"{row.public_id}:", f"{invoice.public_id}:", invoice.gross)
        booked = Booked(booked.booking, (), ())
    follow([booked], act.now)
    return new


def _send_back(act: Act, row: Invoice, shares: Shares, *, accepts_twice: bool) -> Decimal:
    """By Mollie; what the ledger holds as credit from the correction is gone with it. Returns how much, EUR."""
    for payment, part in shares:
        made = begin(act, payment, part, accepts_twice=accepts_twice, corrects=row)
        cause = Cause(seller_day(act.now), made.public_id)
        books.book(row.account, {}, ledger.pay_back(part), cause, act.now)
    return sum((part for _, part in shares), ZERO)


def _why_not_keep(case: Case) -> str | None:
    refund: Refund = case.target
    if refund.corrects_id is None or RefundState(refund.state) not in rules.DEAD:
        return "Nothing of it is to be credited again."
    return None if read.sum_booked(refund) > 0 else "It is credited again already."


@action(
    key="payments.refund.credit_again",
    on=Refund,
    label="Refund of VAT did not leave",
    done="Refund of VAT is credit again",
    icon="arrow-back-up",
    help="What a correction of VAT should have sent back stands as the account's credit again.",
    when="It happens by itself when the refund was denied, failed or was cancelled. Apply the credit, or pay it back.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    concerns_money=True,
    blocked=_why_not_keep,
    topic=Topic.MONEY,
    in_menu=False,
)
def credit_again(act: Act, refund: Refund, data: Cleaned) -> Outcome:
    account, amount = refund.payment.account, read.sum_booked(refund)
    assert account is not None
    cause = Cause(seller_day(act.now), refund.public_id)
    books.book(account, {}, ledger.take_again(amount), cause, act.now)
    change = Change("Credit from it", "", euros(amount), private=True)
    return Outcome(f"{euros(amount)} stand to the good of {account} again.", [change])
