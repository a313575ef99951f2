"""Prices that are pinned for an interval already running."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from bursar.core.dated import Point, merge_points, replace_each_from
from bursar.plans.models import PinnedPrice
from bursar.plans.rules import RANK
from bursar.tenants.store import Written


def pin_prices(account_id: int, rates: Mapping[str, Decimal], cadence: str, now: datetime, until: datetime) -> None:
    """By tier, EUR per seat and month: what the account pays from now until `until`, whatever the catalogue says."""
    pins = [
        ({"account_id": account_id, "tier_rank": RANK[tier]}, {"tier": tier, "rate": rate, "cadence": cadence})
        for tier, rate in rates.items()
    ]
    replace_each_from(PinnedPrice, [(subject, {**pin, "valid_until": until}) for subject, pin in pins], now)


def take_history(points: Iterable[Point]) -> Written:
    """Subjects are (account, rank of the tier)."""
    written = Written()
    for (account, _), at in merge_points(PinnedPrice, ("account_id", "tier_rank"), points).items():
        written.touch(account, at)
    return written
