"""Marks that what the clock did was told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bursar.plans.models import ClockTold


def mark_told(ends: Iterable[tuple[int, datetime]], what: str, now: datetime) -> None:
    """`ends`: account and instant."""
    ClockTold.objects.bulk_create(
        [ClockTold(account_id=account, what=what, ends_at=at, at=now) for account, at in ends]
    )
