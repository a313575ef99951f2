"""Days, instants and ends in words: the one place that formats a date. Days are UTC days, but for `say_local`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from bursar.core.calendar import TICK, midnight


def say_day(at: date | datetime | None, *, is_short: bool = False, now: datetime | None = None) -> str:
    """ "2 December 2026", or "2 Dec" when short; empty for none. Of an end ask `say_end`.

    now: a short day of another year than that of `now` says which: "2 Dec 2025".
    """
    if at is None:
        return ""
    day = _utc_day(at)
    is_of_another_year = now is not None and day.year != _utc_day(now).year
    if is_short:
        return f"{day.day} {day:%b %Y}" if is_of_another_year else f"{day.day} {day:%b}"
    return f"{day.day} {day:%B %Y}"


def _utc_day(at: date | datetime) -> date:
    return at.astimezone(UTC).date() if isinstance(at, datetime) else at


def say_instant(at: datetime | None, *, is_short: bool = True) -> str:
    """ "2 Dec 2026, 14:02 UTC"; in sentences "2 December 2026, 14:02 UTC"; empty for none"""
    if at is None:
        return ""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:{'%b' if is_short else '%B'} %Y, %H:%M} UTC"


def say_local(at: datetime, zone: ZoneInfo) -> str:
    """ "2 December 2026, 15:02 CET", for what is kept in a place: a meeting"""
    there = at.astimezone(zone)
    return f"{say_day(there.date())}, {there:%H:%M %Z}"


def last_day_of(end: datetime) -> date:
    """The last UTC day, whole or in part, of what ends at `end`: 30 June for an end at 00:00 UTC on 1 July."""
    return (end.astimezone(UTC) - TICK).date()


def is_end_of_day(end: datetime) -> bool:
    """Whether it ends with a whole UTC day. That day is what was agreed, so every reader reads it, in any zone."""
    return end == midnight(end.astimezone(UTC).date())


def say_end(end: datetime | None, *, is_short: bool = False, now: datetime | None = None) -> str:
    """ "30 June 2026" for an end at 00:00 UTC on 1 July; any other end as day and time. Empty for none.

    now: as in `say_day`.
    """
    if end is None:
        return ""
    if is_end_of_day(end):
        return say_day(last_day_of(end), is_short=is_short, now=now)
    if is_short:
        return f"{say_day(end, is_short=True, now=now)}, {end.astimezone(UTC):%H:%M} UTC"
    return say_instant(end, is_short=False)


class Until(TypedDict):
    until: str | None
    last_day: str | None


def tell_end(end: datetime | None) -> Until:
    """For programs: the instant, and the last day. Both None for what has no end."""
    if end is None:
        return {"until": None, "last_day": None}
    return {"until": end.isoformat(), "last_day": last_day_of(end).isoformat()}
