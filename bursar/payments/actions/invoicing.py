"""The documents of charges: an invoice for what is paid, a credit note for what is refunded; and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import NamedTuple

from django import forms

from bursar.access.rights import By
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Outcome, Stale
from bursar.billing import files, making, proposing
from bursar.billing.actions.settling import OPEN, settle
from bursar.billing.documents.document import Document
from bursar.billing.models import Invoice
from bursar.billing.rules import ledger
from bursar.billing.seller import seller_day, why_not_invoice
from bursar.billing.store import documents, not_issued
from bursar.billing.store import ledger as books
from bursar.billing.store.documents import DayChanged, Issue
from bursar.billing.store.ledger import Cause
from bursar.core import clock
from bursar.core.errors import Refused
from bursar.core.money import euros, plain
from bursar.payments import composing
from bursar.payments.actions.shared import by_system
from bursar.payments.models import Charge, Payment, Refund
from bursar.payments.queries import invoicing as queries
from bursar.payments.queries.invoicing import Money, load_books, load_money
from bursar.payments.rules import booking
from bursar.payments.rules.booking import Books
from bursar.payments.store import charges
from bursar.tenants.models import BillingAccount

BY_JOB = "Nobody reaches for this one: Bursar does it by itself, a minute after the money moved. "
HAS_ONE = "It has its invoice already."
NOTHING_NEW = "The ledger says what Mollie does."


class OfCharge(ActionForm):
    charge = forms.CharField(label="Charge", max_length=30)


class OfRefund(OfCharge):
    refund = forms.CharField(label="Refund", max_length=30)


class Made(NamedTuple):
    """What was looked at and found in order. None: no document is needed."""

    document: Document | None


def money_of(case: Case, data: Cleaned) -> Money:
    def load() -> Money:
        found = Charge.objects.select_related("invoice", "subscription")
        return load_money(found.get(account=case.target, public_id=data["charge"]))

    money: Money = case.once("money", load)
    return money


def _check(document: Document, *, with_e_invoice: bool) -> Made:
    """Draws it, and asks the rules of e-invoices where it is one. Raises Refused with every fault."""
    faults = making.list_faults(document) if with_e_invoice else ()
    if faults:
        raise Refused(f"The e-invoice would be refused. {' '.join(faults)}")
    making.make(document, with_e_invoice=with_e_invoice)
    return Made(document)


def _issue(act: Act, account: BillingAccount, document: Document, how: Issue) -> Invoice:
    """Raises Stale where what was checked is not what would be issued."""
    made: Made | None = act.prepared
    if made is None or made.document != document:
        raise Stale
    try:
        row = documents.issue(account, document, how, clock.now)
    except DayChanged:
        raise Stale from None
    files.want(row, act.now)
    return row


# Its invoice


def _why_not_issue(case: Case, data: Cleaned) -> str | None:
    money = money_of(case, data)
    if money.charge.invoice is not None:
        return HAS_ONE
    if money.first_paid_at is None:
        return "It was never paid."
    return why_not_invoice() or composing.why_not_compose(money)


def _prepare_invoice(case: Case, data: Cleaned) -> Made:
    money = money_of(case, data)
    return _check(composing.compose(money, case.now), with_e_invoice=composing.wants_e_invoice(money.charge))


@by_system(
    queries.ISSUE,
    form=OfCharge,
    permission=By.JOB,
    label="Invoice of a charge issued",
    done="Invoice issued",
    help="Numbers and freezes the VAT invoice of a charge that was paid, and books its money.",
    when=BY_JOB + "What fails a rule stands in To issue with the sentence; the payment holds all the same.",
    refused=_why_not_issue,
    prepare=_prepare_invoice,
)
def issue_charge_invoice(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    money = money_of(act.case, data)
    charge, document = money.charge, composing.compose(money, act.now)
    how = Issue(made_for=charge.public_id, wants_e_invoice=composing.wants_e_invoice(charge))
    row = _issue(act, account, document, how)
    charges.put(charge, invoice=row)
    row = _book_all(act, money, row)
    not_issued.forget([charge.public_id])
    told = {"invoice": row.public_id, "number": row.number, "gross": plain(row.gross), "open": plain(row.open),
            "due_on": row.due_on.isoformat() if row.due_on else None}  # fmt: skip
    changes = [Change("Invoice", "", row.number, concerns_money=True)]
    left = f"{euros(row.open)} are open" if row.open else "it is paid"
    sentence = f"{row.number} over {euros(row.gross)} was issued for what {account} paid: {left}."
    return Outcome(sentence, changes, data=told, touches=[charge.public_id, row.public_id])


# Its money


def _book_all(act: Act, money: Money, row: Invoice) -> Invoice:
    """Each payment's difference; what went back before what came, so that another try settles what it left open.

    Returns the invoice as it stands then.
    """
    found = load_books(money, row)
    for cause, find in list_bookings(act, money):
        entries = find(found)
        if entries:
            row, found = settle(act, row, entries, cause), found.after(entries)
    return row


Finder = Callable[[Books], list[ledger.Entry]]


def list_bookings(act: Act, money: Money) -> list[tuple[Cause, Finder]]:
    """Of payments, and of refunds that are booked and turned; each with what finds its entries."""
    return [*_of_payments(act, money), *_of_refunds(act, money)]


def _of_payments(act: Act, money: Money) -> Iterator[tuple[Cause, Finder]]:
    for one in sorted(money.payments, key=money.calc_more):
        kept = booking.calc_kept(one.status, one.amount, one.charged_back)
        find = partial(booking.follow, kept, kept - money.calc_more(one))
        yield Cause(day_of(one, act), one.public_id), find


def _of_refunds(act: Act, money: Money) -> Iterator[tuple[Cause, Finder]]:
    for one in money.list_to_turn():
        turn = booking.leave if queries.is_sent(one) else booking.come_again
        yield Cause(seller_day(act.now), one.public_id), partial(turn, one.amount)


def day_of(payment: Payment, act: Act) -> date:
    """When its money moved last."""
    moved = [payment.paid_at, payment.failed_at if not payment.paid_at else None]
    for back in payment.chargebacks.all():
        moved += [back.created_at, back.reversed_at]
    return seller_day(max((at for at in moved if at), default=act.now))


def _why_not_book(case: Case, data: Cleaned) -> str | None:
    money = money_of(case, data)
    if money.charge.invoice is None:
        return "It has no invoice."
    return NOTHING_NEW if money.is_booked else None


@by_system(
    queries.BOOK,
    form=OfCharge,
    permission=By.JOB,
    label="Money of an invoice booked",
    help="The ledger follows Mollie: a retry or a link settles the invoice, a charge-back opens it again. Money "
    "that came twice is the account's credit, and so is a refund that did not go through.",
    when=BY_JOB + "To see what is open, look at the invoice.",
    refused=_why_not_book,
    event="invoice.paid",
    events=("invoice.reopened",),
)
def book_charge_money(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    money = money_of(act.case, data)
    before = money.charge.invoice
    assert before is not None
    was_open, came = before.open, money.calc_all_more()
    row = _book_all(act, money, before)
    not_issued.forget([money.charge.public_id])
    told = {"invoice": row.public_id, "number": row.number, "open": plain(row.open)}
    told |= {"received": plain(came)} if came >= 0 else {}
    said = f"{euros(came)} came for" if came >= 0 else f"{euros(-came)} were taken back of"
    return Outcome(
        f"{said} {row.number}: {euros(row.open)} are open.",
        [Change(OPEN, plain(was_open), plain(row.open), concerns_money=True)],
        {account.pk: None},
        data=told, touches=[money.charge.public_id, row.public_id],
        event="" if came >= 0 else "invoice.reopened",
    )  # fmt: skip


# Its refunds


def _refund_of(case: Case, data: Cleaned) -> Refund:
    return next(one for one in money_of(case, data).refunds if one.public_id == data["refund"])


def _back_of(case: Case, data: Cleaned) -> booking.Back:
    money = money_of(case, data)
    invoice = money.charge.invoice
    assert invoice is not None
    return booking.refund(_refund_of(case, data).amount, invoice.standing, load_books(money, invoice))


def _compose_note(case: Case, data: Cleaned) -> Document | None:
    invoice = money_of(case, data).charge.invoice
    assert invoice is not None
    noted = _back_of(case, data).noted
    return proposing.make_credit_note_of(invoice.document, noted, case.now) if noted else None


def _why_not_credit(case: Case, data: Cleaned) -> str | None:
    money = money_of(case, data)
    if money.charge.invoice is None:
        return "The invoice of what is refunded was not made by Bursar."
    if data["refund"] not in [one.public_id for one in money.list_to_credit()]:
        return "Mollie has not sent it, or it is booked already."
    return None


def _prepare_note(case: Case, data: Cleaned) -> Made:
    document, invoice = _compose_note(case, data), money_of(case, data).charge.invoice
    assert invoice is not None
    return _check(document, with_e_invoice=invoice.wants_e_invoice) if document else Made(None)


@by_system(
    queries.CREDIT,
    form=OfRefund,
    permission=By.JOB,
    label="Credit note of a refund issued",
    done="Credit note issued",
    help="Issues the credit note of what Mollie refunded, at the VAT of its invoice. Money that was paid twice, or was "
    "credited before, goes back without one.",
    when=BY_JOB + "To send money back, use “Refund”.",
    refused=_why_not_credit,
    prepare=_prepare_note,
    events=("invoice.credited",),
)
def credit_refund(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    invoice, refund = money_of(act.case, data).charge.invoice, _refund_of(act.case, data)
    assert invoice is not None
    document, back = _compose_note(act.case, data), _back_of(act.case, data)
    number, event = "", ""
    if document is not None:
        how = Issue(corrects=invoice, made_for=refund.public_id, wants_e_invoice=invoice.wants_e_invoice)
        number, event = _issue(act, account, document, how).number, "invoice.credited"
    held = books.hold([invoice])  # its paid time stays: a refund moves no class
    books.book(account, held, back.entries, Cause(seller_day(refund.created_at), refund.public_id), act.now)
    row = held[invoice.pk]
    not_issued.forget([refund.public_id])
    told = {"invoice": row.public_id, "number": row.number, "open": plain(row.open), "credit_note": number,
            "credited": plain(back.noted)}  # fmt: skip
    said = f"{number} takes back {euros(back.noted)} of {row.number}" if number else "No credit note is needed"
    changes = [Change("Credit note", "", number, concerns_money=True)] if number else []
    sentence = f"{said}: {euros(refund.amount)} went back to {account}."
    return Outcome(sentence, changes, data=told, event=event, touches=[refund.public_id, row.public_id])
