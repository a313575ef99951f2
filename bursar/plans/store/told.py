"""Marks that what the clock did was told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bursar.plans.models import ClockTold


def mark_told(what: str, ends: Collection[tuple[int, datetime]], now: datetime, *, is_quiet: bool = False) -> None:
    """That people or the product were told of these ends (account, instant); or that there is nothing to tell."""
    marks = [ClockTold(account_id=pk, what=what, ends_at=at, at=now, is_quiet=is_quiet) for pk, at in ends]
    ClockTold.objects.bulk_create(
        marks, update_conflicts=True, unique_fields=["account", "what", "ends_at"], update_fields=["at", "is_quiet"]
    )
