"""Books the ledger: entries of `rules.ledger`, and the sums at invoices and accounts. Accounts are locked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Sum

from bursar.billing.models import AccountCredit, Invoice, LedgerEntry
from bursar.billing.rules.ledger import Entry, EntryKind, change_of_credit
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


@dataclass(frozen=True)
class Booked:
    """`settled`, `unsettled`: invoices that money settled by it, and that it settles no more."""

    booking: str
    settled: tuple[Invoice, ...]
    unsettled: tuple[Invoice, ...]


def hold(invoices: Sequence[Invoice]) -> dict[int, Invoice]:
    """Locked, and as they stand now."""
    found = Invoice.objects.filter(pk__in=[one.pk for one in invoices]).order_by("pk").select_for_update(no_key=True)
    return {one.pk: one for one in found}


def get_credit(account: BillingAccount) -> Decimal:
    """EUR that stand to the account's good."""
    amount: Decimal | None = AccountCredit.objects.filter(pk=account.pk).values_list("amount", flat=True).first()
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
    booking = public_id("bkg")
    same = {
        "account": account, "booking": booking, "booked_at": now, "on": cause.on, "cause": cause.what,
        "reference": cause.reference, "turns_round": cause.turns_round,
    }  # fmt: skip
    LedgerEntry.objects.bulk_create(
        LedgerEntry(invoice_id=entry.invoice, kind=entry.kind.value, amount=entry.amount, **same) for entry in entries
    )
    settled: list[Invoice] = []
    unsettled: list[Invoice] = []
    moved: list[Invoice] = []
    for key in dict.fromkeys(entry.invoice for entry in entries if entry.invoice is not None):
        row = held[key]
        was = row.settled_at is not None
        _stand(row, entries, now)
        moved.append(row)
        (settled if row.settled_at and not was else unsettled if was and not row.settled_at else []).append(row)
    _move_credit(account, change_of_credit(entries))
    for follow in FOLLOWERS.values():
        follow(moved, now)
    return Booked(booking, tuple(settled), tuple(unsettled))


def keep_settled(row: Invoice, since: datetime) -> None:
    """It was settled before it was issued: what it replaces was."""
    row.settled_at = since
    row.save(update_fields=["settled_at"])


def _stand(row: Invoice, entries: Sequence[Entry], now: datetime) -> None:
    then = row.standing.after(entries)
    row.paid, row.credited = then.paid, then.credited
    row.written_off, row.difference = then.written_off, then.difference
    row.settled_at = (row.settled_at or now) if then.is_settled else None
    row.save(update_fields=["paid", "credited", "written_off", "difference", "settled_at"])


def _move_credit(account: BillingAccount, by: Decimal) -> None:
    if by and not AccountCredit.objects.filter(pk=account.pk).update(amount=F("amount") + by):
        AccountCredit.objects.create(account=account, amount=by)
