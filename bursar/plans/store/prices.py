"""Prices that are pinned for an interval already running."""

from __future__ import annotations

from collections.abc import Iterable

from bursar.core.dated import Point, merge_points
from bursar.plans.models import PinnedPrice
from bursar.tenants.store import Written


def take_history(points: Iterable[Point]) -> Written:
    """Subjects are (account, rank of the tier)."""
    written = Written()
    for (account, _), at in merge_points(PinnedPrice, ("account_id", "tier_rank"), points).items():
        written.touch(account, at)
    return written
