"""Service periods that money arrived for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Value
from django.db.models.functions import Concat, Substr

from bursar.plans.models import PaidPeriod
from bursar.tenants.store import Written
from bursar.tenants.store.upsert import upsert

FIELDS = ["account_id", "source", "service_from", "service_until", "net", "gross", "booked_at", "credited_at"]


def book(*rows: PaidPeriod) -> None:
    """What was paid for just now; told again under the same external id, it stands as it did."""
    PaidPeriod.objects.bulk_create(rows, ignore_conflicts=True)


def end(prefixes: Sequence[str], now: datetime) -> None:
    """What was paid for under these external ids is so no more, from now on; what was known before stays."""
    for prefix in prefixes:
        PaidPeriod.objects.filter(external_id__startswith=prefix, credited_at=None).update(credited_at=now)


def carry_over(before: str, after: str, gross: Decimal) -> None:
    """What was told under external ids that begin with `before` is told under `after` from now on; nobody paid anew.

    `gross`: EUR, with the VAT that it bears now.
    """
    rows = PaidPeriod.objects.filter(external_id__startswith=before)
    rows.update(external_id=Concat(Value(after), Substr("external_id", len(before) + 1)), gross=gross)


def take_history(rows: Sequence[PaidPeriod]) -> Written:
    """By the payment's external id. One that moves to another account concerns both, from its beginning on."""
    written = Written()
    known = PaidPeriod.objects.filter(external_id__in=[row.external_id for row in rows])
    before = {row.external_id: row for row in known}
    for row in upsert(PaidPeriod, rows, ["external_id"], FIELDS):
        for one in (row, before.get(row.external_id)):
            if one is not None:
                written.touch(one.account_id, min(one.booked_at, one.service_from))
    return written
