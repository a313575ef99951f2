"""How late an open invoice is: the bands of an ageing list, by whole days after the due day. No Django, no clock."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum


class Band(StrEnum):
    NOT_DUE = "not_due"
    UP_TO_30 = "30"
    UP_TO_60 = "60"
    UP_TO_90 = "90"
    OVER_90 = "over_90"


LABELS = {
    Band.NOT_DUE: "Not due yet",
    Band.UP_TO_30: "1–30 days over",
    Band.UP_TO_60: "31–60 days over",
    Band.UP_TO_90: "61–90 days over",
    Band.OVER_90: "Over 90 days",
}
_LAST = {Band.NOT_DUE: 0, Band.UP_TO_30: 30, Band.UP_TO_60: 60, Band.UP_TO_90: 90}
"""The most days that still belong to a band."""


def count_days_over(due_on: date | None, today: date) -> int:
    """0 on the due day and before, and where nothing says when it is due."""
    return max(0, (today - due_on).days) if due_on else 0


def find_band(due_on: date | None, today: date) -> Band:
    days = count_days_over(due_on, today)
    return next((band for band, last in _LAST.items() if days <= last), Band.OVER_90)


def due_days_of(band: Band, today: date) -> tuple[date | None, date | None]:
    """The first and the last due day of those in a band; None: no bound."""
    bands = list(Band)
    place = bands.index(band)
    last = None if place == 0 else today - timedelta(days=_LAST[bands[place - 1]] + 1)
    first = today - timedelta(days=_LAST[band]) if band in _LAST else None
    return first, last
