"""Which instants can be true (DOMAIN 1), and in what form they come: asked at every door, decided here."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from bursar.core.calendar import add_months_at, midnight

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
HAPPENED_AHEAD = timedelta(hours=24)  # clocks and zones of others may be off by that
CHANGED_AHEAD = timedelta(minutes=5)  # what is stored as newer stays, so this one must be near the truth
END_AHEAD_YEARS = 50
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def read_instant(value: object) -> datetime:
    """An instant with its offset, as ISO 8601 text; in UTC. Raises ValueError with what is wanted instead."""
    try:
        if isinstance(value, str) and _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value.upper().replace(",", ".")).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # a day or an hour that no calendar has
    raise ValueError("must be an instant with its offset, such as 2026-11-24T09:30:00Z")


def read_day(value: object) -> date:
    """A day as ISO 8601 text. Raises ValueError with what is wanted instead."""
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("must be a day such as 2026-11-24")


def why_not_happened(at: datetime, now: datetime) -> str | None:
    """None when it can have happened, as far as clocks agree."""
    return _why_early(at) or ("lies more than 24 hours in the future" if at > now + HAPPENED_AHEAD else None)


def why_not_changed(at: datetime, now: datetime) -> str | None:
    """For the instant by which newer is told from older."""
    return _why_early(at) or ("lies more than 5 minutes in the future" if at > now + CHANGED_AHEAD else None)


def why_not_end(at: datetime, now: datetime) -> str | None:
    """For ends, and for beginnings that are agreed on beforehand."""
    is_far = at > add_months_at(now, 12 * END_AHEAD_YEARS)
    return _why_early(at) or (f"lies more than {END_AHEAD_YEARS} years in the future" if is_far else None)


def why_not_happened_on(day: date, now: datetime) -> str | None:
    return why_not_happened(midnight(day), now)


def why_not_end_on(day: date, now: datetime) -> str | None:
    return why_not_end(midnight(day), now)


def _why_early(at: datetime) -> str | None:
    return "lies before the year 2000" if at < EARLIEST else None
