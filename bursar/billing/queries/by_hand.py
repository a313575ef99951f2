"""What people booked by hand, as limits count it: what comes from a bank line or from Mollie names its cause, and is
none of it. What was turned round since counts all the same.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from bursar.approvals.rules import COUNTED_FOR
from bursar.billing.models import LedgerEntry
from bursar.billing.rules.ledger import EntryKind
from bursar.core.money import ZERO


def add_received(account_id: int, now: datetime) -> Decimal:
    """EUR marked as paid within the days that are counted, and what of it stood over as credit."""
    return _add(_received().filter(account_id=account_id, booked_at__gt=now - COUNTED_FOR))


def add_received_of(invoice_id: int) -> Decimal:
    """EUR marked as paid for one invoice, with what stood over as credit, whenever."""
    bookings = _received().filter(invoice_id=invoice_id).values("booking")
    return _add(_received().filter(booking__in=bookings))


def _received() -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(kind=EntryKind.RECEIVED.value, cause="")


def add_given_up(account_id: int, now: datetime) -> Decimal:
    """EUR written off within the days that are counted."""
    return _add(_given_up().filter(account_id=account_id, booked_at__gt=now - COUNTED_FOR))


def add_given_up_of(invoice_id: int) -> Decimal:
    return _add(_given_up().filter(invoice_id=invoice_id))


def _given_up() -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(kind=EntryKind.WRITTEN_OFF.value, amount__gt=0)


def add_paid_back(account_id: int, now: datetime) -> Decimal:
    """EUR of the account's credit that went back within the days that are counted."""
    rows = LedgerEntry.objects.filter(kind=EntryKind.RETURNED.value, invoice=None, cause="", amount__lt=0)
    return -_add(rows.filter(account_id=account_id, booked_at__gt=now - COUNTED_FOR))


def _add(rows: QuerySet[LedgerEntry]) -> Decimal:
    total: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return total or ZERO
