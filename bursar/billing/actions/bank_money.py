"""The money of a bank line, booked on one invoice or one account's credit; and the same turned round.

Each is a part of a decision about a line, and happens with it: here stand the customer's line, notice and event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Outcome, Reason, Together, Topic
from bursar.billing.actions.credit import CREDIT
from bursar.billing.actions.settling import outcome_of, settle_each
from bursar.billing.models import BankShare, Invoice
from bursar.billing.rules import bank_lines
from bursar.billing.rules.ledger import Entry
from bursar.billing.rules.words import say_credit
from bursar.billing.seller import seller_day
from bursar.billing.store import bank as pen
from bursar.billing.store import ledger as books
from bursar.billing.store.ledger import Cause
from bursar.core.days import say_day
from bursar.core.ids import LENGTH
from bursar.core.money import ZERO, euros, plain
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.tenants.models import BillingAccount

ON_INVOICE = "billing.invoice.book_bank_money"
ON_ACCOUNT = "billing.account.book_bank_credit"
BY_ITSELF = "It is booked by itself when somebody decides about the line, under Payments, Bank."
REFERENCE_LENGTH = 140
SHARE = "bank share"


def book_shares(act: Act, shares: Iterable[BankShare], *, is_undone: bool = False) -> list[str]:
    """Of a decision that was just made, or just undone. Returns the ids that it touched."""
    wanted: dict[str, list[tuple[Any, dict[str, Any]]]] = {ON_INVOICE: [], ON_ACCOUNT: []}
    touched = []
    for share in shares:
        key, target = (ON_INVOICE, share.invoice) if share.invoice else (ON_ACCOUNT, share.account)
        wanted[key].append((target, {"share": share.public_id, "is_undone": is_undone}))
        touched += [target.public_id, share.account.public_id]
    for key, some in wanted.items():
        act.also_each(key, some)
    return list(dict.fromkeys(touched))


class ShareForm(ActionForm):
    share = forms.CharField(label="Part of a bank line", max_length=LENGTH)
    is_undone = forms.BooleanField(label="Turned round", required=False)


def _find(case: Case, data: Cleaned) -> BankShare | None:
    """That is of this target, and waits to be booked or turned round: only within the decision itself."""
    if SHARE not in case.cache:
        _load([(case, data)])
    found: BankShare | None = case.cache[SHARE]
    return found


def _load(asked: Sequence[tuple[Case, Mapping[str, Any]]]) -> None:
    rows = BankShare.objects.select_related("decision__line")
    found = {row.public_id: row for row in rows.filter(public_id__in=[str(data["share"]) for _, data in asked])}
    for case, data in asked:
        row = found.get(str(data["share"]))
        case.cache[SHARE] = row if row and _is_asked_for(row, case.target, data["is_undone"]) else None


def _is_asked_for(share: BankShare, target: Any, is_undone: bool) -> bool:
    is_its = share.invoice_id == target.pk if isinstance(target, Invoice) else (
        share.invoice_id is None and share.account_id == target.pk
    )  # fmt: skip
    is_open = share.decision.undone_at is not None and not share.undoing if is_undone else not share.booking
    return is_its and is_open


def _why_not(case: Case, data: Cleaned) -> str | None:
    return None if _find(case, data) else BY_ITSELF


def _share_of(act: Act, data: Cleaned) -> BankShare:
    share = _find(act.case, data)
    assert share is not None, "refused before"
    return share


def _cause(act: Act, share: BankShare, *, is_undone: bool) -> Cause:
    line = share.decision.line
    said = " ".join([*line.references, line.text or line.end_to_end_id])[:REFERENCE_LENGTH]
    on = seller_day(act.now) if is_undone else line.booked_on
    return Cause(on, line.public_id, said, share.booking if is_undone else "")


_SAME: dict[str, Any] = {
    "form": ShareForm,
    "icon": "building-bank",
    "permission": Right.APPROVE_REFUND,
    "reason": Reason.NONE,
    "customer_visible": True,
    "concerns_money": True,
    "refused": _why_not,
    "tell": EVERYBODY_CONCERNED,
    "topic": Topic.MONEY,
    "in_menu": False,
}


def _book_each(asked: Sequence[tuple[Act, Invoice, Cleaned]]) -> list[Outcome]:
    """Of one decision, or of one batch: all are booked, or all are turned round."""
    shares = [_share_of(act, data) for act, _, data in asked]
    act, _, first = asked[0]
    is_undone = bool(first["is_undone"])
    amounts = [-share.amount if is_undone else share.amount for share in shares]
    settled = settle_each(
        [
            (row, _entries(row, amount), _cause(act, share, is_undone=is_undone))
            for (_, row, _), share, amount in zip(asked, shares, amounts, strict=True)
        ],
        act.now,
    )
    bookings = {share.pk: booking for share, (_, booking) in zip(shares, settled, strict=True)}
    pen.note_bookings(bookings, is_undone=is_undone)
    return [
        _say(share, amount, after, row.open)
        for (_, row, _), share, amount, (after, _) in zip(asked, shares, amounts, settled, strict=True)
    ]


def _entries(row: Invoice, amount: Decimal) -> list[Entry]:
    received = books.get_received(row) if amount < 0 else ZERO
    return bank_lines.book(amount, row.standing, received, settings.BURSAR_DIFFERENCE_LET_BE)


def _say(share: BankShare, amount: Decimal, after: Invoice, before: Decimal) -> Outcome:
    left = f"{euros(after.open)} are open" if after.open else "nothing is open any more"
    if amount < 0:
        outcome = outcome_of(after, before, f"{euros(-amount)} are taken off {after.number} again: {left}.")
        outcome.event, outcome.told = "invoice.reopened", "Payment reversed"
        return outcome
    day = say_day(share.decision.line.booked_on)
    sentence = f"{euros(amount)} for {after.number} arrived on {day}: {left}."
    return outcome_of(after, before, sentence, received=plain(amount))


@action(
    key=ON_INVOICE,
    on=Invoice,
    label="Bank payment booked",
    done="Payment booked",
    help="Books what a line of the bank brought for this invoice, or turns that round.",
    when="It happens by itself when a bank line is matched, or a match undone: under Payments, Bank.",
    event="invoice.paid",
    events=("invoice.reopened",),
    together=Together(_load, _book_each),
    **_SAME,
)
def book_bank_money(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    return _book_each([(act, row, data)])[0]


@action(
    key=ON_ACCOUNT,
    on=BillingAccount,
    label="Bank credit booked",
    done="Credit booked",
    help="Books what a line of the bank brought and no invoice asks for as the account's credit, or turns that round.",
    when="It happens by itself when a bank line is matched, or a match undone: under Payments, Bank.",
    event="credit.received",
    events=("credit.paid_back",),
    **_SAME,
)
def book_bank_credit(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    share, before, is_undone = _share_of(act, data), books.get_credit(account), data["is_undone"]
    amount = -share.amount if is_undone else share.amount
    entries = bank_lines.book(amount, None, ZERO)
    booked = books.book(account, {}, entries, _cause(act, share, is_undone=is_undone), act.now)
    pen.note_bookings({share.pk: booked.booking}, is_undone=is_undone)
    after = before + amount
    changes = [Change(CREDIT, plain(before), plain(after), concerns_money=True)]
    if amount < 0:
        told = {"paid_back": plain(-amount), "credit": plain(after)}
        sentence = f"{euros(-amount)} are taken off the credit of {account} again: {euros(after)} are left."
        return Outcome(sentence, changes, data=told, event="credit.paid_back", told="Credit reversed")
    sentence = f"{euros(amount)} came for the credit of {account}: {say_credit(str(account), after)}."
    return Outcome(sentence, changes, data={"received": plain(amount), "credit": plain(after)})
