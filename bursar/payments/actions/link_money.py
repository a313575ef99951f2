"""Money of payment links that settle no invoice: it stands as the account's credit, and the ledger follows Mollie."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bursar.access.rights import By
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Outcome
from bursar.billing.rules.words import say_credit
from bursar.billing.seller import seller_day
from bursar.billing.store import ledger as books
from bursar.billing.store import not_issued
from bursar.billing.store.ledger import Cause, get_credit
from bursar.core.money import euros, plain
from bursar.payments.actions.invoicing import BY_JOB, NOTHING_NEW, Finder, OfCharge, list_bookings, money_of
from bursar.payments.actions.shared import by_system
from bursar.payments.queries.invoicing import AS_CREDIT, Money, load_books
from bursar.payments.rules import booking
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
    help="What came by a link without an invoice stands to the account's good; what went back does no more, and is "
    "owed where it was used already.",
    when=BY_JOB + "Apply it to an invoice, or pay it back, from the account's kebab.",
    refused=_why_not_book,
)
def book_link_money(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    money, before = money_of(act.case, data), get_credit(account)
    found = load_books(money, None)
    for cause, find in [*list_bookings(act, money), *_of_new_refunds(money)]:
        entries = find(found)
        if entries:
            books.book(account, {}, entries, cause, act.now)
            found = found.after(entries)
    not_issued.forget([money.charge.public_id])
    after = get_credit(account)
    changes = [Change(CREDIT, plain(before), plain(after), concerns_money=True)]
    moved = after - before
    words = f"{euros(moved)} came by a payment link" if moved >= 0 else f"{euros(-moved)} of a payment link went back"
    sentence = f"{words}: {say_credit(str(account), after)}."
    return Outcome(sentence, changes, data={"credit": plain(after)}, touches=[money.charge.public_id])


def _of_new_refunds(money: Money) -> Iterator[tuple[Cause, Finder]]:
    for one in money.list_to_credit():
        yield Cause(seller_day(one.created_at), one.public_id), partial(booking.leave, one.amount)
