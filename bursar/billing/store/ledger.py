"""Books the ledger: entries of `rules.ledger`, and the sums at invoices and accounts. Accounts are locked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import F, Sum

from bursar.billing.models import AccountCredit, Invoice, LedgerEntry
from bursar.billing.rules.ledger import Entry, EntryKind, change_of_credit, change_of_given_up, change_of_owed
from bursar.core.ids import public_id
from bursar.core.money import ZERO
from bursar.core.registry import Registry
from bursar.tenants.models import BillingAccount


@dataclass(frozen=True)
class Cause:
    """`on`: the day the money moved. `what`: the public id of what it comes from. `reference`: the payer's words."""

    on: date
    what: str = ""
    reference: str = ""
    turns_round: str = ""


Follow = Callable[[Sequence[Invoice], datetime], None]
"""Hears of invoices whose sums a booking moved, as they stand now; in its transaction, under the account's lock."""

FOLLOWERS: Registry[Follow] = Registry("follower of the ledger")

SUMS = ("paid", "credited", "written_off", "difference", "settled_at")
_KEEP = f"""
UPDATE {Invoice._meta.db_table} i SET {", ".join(f"{name} = v.{name}" for name in SUMS)}
FROM UNNEST(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::timestamptz[])
    AS v (id, {", ".join(SUMS)}) WHERE i.id = v.id RETURNING i.id, i.open
"""


@dataclass(frozen=True)
class Booked:
    """`settled`, `unsettled`: invoices that money settled by it, and that it settles no more."""

    booking: str
    settled: tuple[Invoice, ...]
    unsettled: tuple[Invoice, ...]


@dataclass(frozen=True)
class Asked:
    """What is to be booked, of one cause."""

    account: BillingAccount
    entries: Sequence[Entry]
    cause: Cause


def hold(invoices: Sequence[Invoice]) -> dict[int, Invoice]:
    """Locked, and as they stand now."""
    rows = Invoice.objects.filter(pk__in=[one.pk for one in invoices]).defer("says").order_by("pk")
    return {one.pk: one for one in rows.select_for_update(no_key=True)}


def get_credit(account: BillingAccount) -> Decimal:
    """EUR that stand to the account's good; below 0, what it owes beside its invoices."""
    amount: Decimal | None = AccountCredit.objects.filter(pk=account.pk).values_list("amount", flat=True).first()
    return amount or ZERO


def get_there(account: BillingAccount) -> Decimal:
    """EUR that came for no invoice and did not go back: its credit, and what made up for what it owes."""
    rows = AccountCredit.objects.filter(pk=account.pk)
    return sum(rows.values_list("amount", "owed").first() or (), ZERO)


def get_given_up(account: BillingAccount) -> Decimal:
    """EUR that it owed beside its invoices, and that nobody asks for any more."""
    amount: Decimal | None = AccountCredit.objects.filter(pk=account.pk).values_list("given_up", flat=True).first()
    return amount or ZERO


def get_received(invoice: Invoice) -> Decimal:
    """What came for it from outside and did not go back there; the rest of what is paid is credit that was applied."""
    kinds = [EntryKind.RECEIVED.value, EntryKind.RETURNED.value]
    entries = LedgerEntry.objects.filter(invoice=invoice, kind__in=kinds)
    total: Decimal | None = entries.aggregate(total=Sum("amount"))["total"]
    paid: Decimal = invoice.paid
    return max(ZERO, min(total or ZERO, paid))


def book(
    account: BillingAccount, held: dict[int, Invoice], entries: Sequence[Entry], cause: Cause, now: datetime
) -> Booked:
    """Adds the entries, and moves the sums of the invoices that `hold` gave. Raises ValueError for what would bring a
    sum below 0, and IntegrityError for the account's credit.
    """
    return book_all([Asked(account, entries, cause)], held, now)[0]


def book_all(asked: Sequence[Asked], held: dict[int, Invoice], now: datetime) -> list[Booked]:
    """As `book` for each, one after the other, by as many statements as for one."""
    booked = [_stand_by(one.entries, held, now) for one in asked]
    LedgerEntry.objects.bulk_create(row for one, to in zip(asked, booked, strict=True) for row in _rows(one, to, now))
    moved = {entry.invoice: held[entry.invoice] for one in asked for entry in one.entries if entry.invoice is not None}
    _keep(moved.values())
    for one in asked:
        _move_credit(one.account, one.entries)
    for follow in FOLLOWERS.values():
        follow(list(moved.values()), now)
    return booked


def _rows(one: Asked, to: Booked, now: datetime) -> Iterator[LedgerEntry]:
    cause = one.cause
    for entry in one.entries:
        yield LedgerEntry(
            account=one.account, invoice_id=entry.invoice, kind=entry.kind.value, amount=entry.amount,
            booking=to.booking, booked_at=now, on=cause.on, cause=cause.what, reference=cause.reference,
            turns_round=cause.turns_round,
        )  # fmt: skip


def keep_settled(row: Invoice, since: datetime) -> None:
    """It was settled before it was issued: what it replaces was."""
    row.settled_at = since
    row.save(update_fields=["settled_at"])


def _stand_by(entries: Sequence[Entry], held: dict[int, Invoice], now: datetime) -> Booked:
    """The invoices as they stand after it; nothing is stored yet."""
    settled: list[Invoice] = []
    unsettled: list[Invoice] = []
    for key in dict.fromkeys(entry.invoice for entry in entries if entry.invoice is not None):
        row = held[key]
        was = row.settled_at is not None
        _stand(row, entries, now)
        (settled if row.settled_at and not was else unsettled if was and not row.settled_at else []).append(row)
    return Booked(public_id("bkg"), tuple(settled), tuple(unsettled))


def _stand(row: Invoice, entries: Sequence[Entry], now: datetime) -> None:
    then = row.standing.after(entries)
    row.paid, row.credited = then.paid, then.credited
    row.written_off, row.difference = then.written_off, then.difference
    row.settled_at = (row.settled_at or now) if then.is_settled else None


def _keep(moved: Collection[Invoice]) -> None:
    """Their sums, which decide what is open of them."""
    columns = [[getattr(row, name) for row in moved] for name in ("pk", *SUMS)]
    if not moved:
        return
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, columns)
        still_open = dict(cursor.fetchall())
    for row in moved:
        row.open = still_open[row.pk]


def _move_credit(account: BillingAccount, entries: Sequence[Entry]) -> None:
    moved = {
        "amount": change_of_credit(entries), "owed": change_of_owed(entries), "given_up": change_of_given_up(entries)
    }  # fmt: skip
    stands = AccountCredit.objects.filter(pk=account.pk)
    if any(moved.values()) and not stands.update(**{name: F(name) + by for name, by in moved.items()}):
        AccountCredit.objects.create(account=account, **moved)
