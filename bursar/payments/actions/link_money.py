"""Money of payment links that settle no invoice: it stands as the account's credit, and the ledger follows Mollie."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from bursar.access.rights import By
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Outcome
from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Entry
from bursar.billing.seller import seller_day
from bursar.billing.store import ledger as books
from bursar.billing.store import not_issued
from bursar.billing.store.ledger import Cause, get_credit
from bursar.core.errors import Refused
from bursar.core.money import euros, plain
from bursar.payments.actions.invoicing import BY_JOB, NOTHING_NEW, OfCharge, day_of, money_of
from bursar.payments.actions.shared import by_system
from bursar.payments.queries.invoicing import AS_CREDIT, Money, is_sent
from bursar.payments.rules import booking
from bursar.payments.rules.booking import NotThere, calc_kept
from bursar.payments.states import ChargeKind
from bursar.tenants.models import BillingAccount

CREDIT = "Credit, EUR"


def _why_not_book(case: Case, data: Cleaned) -> str | None:
    money = money_of(case, data)
    if money.charge.kind != ChargeKind.LINK or money.charge.invoice is not None:
        return "It settles an invoice, or is none of a payment link."
    is_new = any(map(money.calc_more, money.payments)) or money.list_to_turn() or money.list_to_credit()
    return None if is_new else NOTHING_NEW


@by_system(
    AS_CREDIT,
    form=OfCharge,
    permission=By.JOB,
    label="Money of a payment link booked",
    help="What came by a link without an invoice stands to the account's good; what went back does no more.",
    when=BY_JOB + "Apply it to an invoice, or pay it back, from the account's kebab.",
    refused=_why_not_book,
)
def book_link_money(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    money, before = money_of(act.case, data), get_credit(account)
    try:
        for entries, cause in _list_bookings(act, money, before):
            books.book(account, {}, entries, cause, act.now)
    except NotThere as fault:
        raise Refused(str(fault)) from fault
    not_issued.forget([money.charge.public_id])
    after = get_credit(account)
    changes = [Change(CREDIT, plain(before), plain(after), concerns_money=True)]
    moved = after - before
    words = f"{euros(moved)} came by a payment link" if moved >= 0 else f"{euros(-moved)} of a payment link went back"
    sentence = f"{words}: {euros(after)} stand to the good of {account}."
    return Outcome(sentence, changes, data={"credit": plain(after)}, touches=[money.charge.public_id])


def _list_bookings(act: Act, money: Money, credit: Decimal) -> Iterator[tuple[list[Entry], Cause]]:
    """What came before what went back. Raises NotThere."""
    for payment in sorted(money.payments, key=money.calc_more, reverse=True):
        kept = calc_kept(payment.status, payment.amount, payment.charged_back)
        entries = booking.follow_as_credit(kept, kept - money.calc_more(payment), credit)
        if entries:
            credit += money.calc_more(payment)
            yield entries, Cause(day_of(payment, act), payment.public_id)
    for refund in money.list_to_turn():
        sent = is_sent(refund)
        entries = booking.leave_credit(refund.amount, credit) if sent else ledger.receive(refund.amount, [])
        credit += -refund.amount if sent else refund.amount
        yield entries, Cause(seller_day(act.now), refund.public_id)
    for refund in money.list_to_credit():
        entries = booking.leave_credit(refund.amount, credit)
        credit -= refund.amount
        yield entries, Cause(seller_day(refund.created_at), refund.public_id)
