"""When a session may be completed, and what a licence's dates may be. Pure; DOMAIN 10. Days are the seller's."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from bursar.core.days import say_day


class LicenceState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(last_day: date, is_revoked: bool, today: date) -> LicenceState:
    """The last day still counts. A revoked one stays so when its time is over."""
    if is_revoked:
        return LicenceState.REVOKED
    return LicenceState.ACTIVE if today <= last_day else LicenceState.EXPIRED


class Shown(StrEnum):
    """Which licences a list holds."""

    ACTIVE = "active"
    ENDS_30 = "ends_30"
    ENDS_60 = "ends_60"
    ENDS_90 = "ends_90"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ALL = "all"


class Tab(NamedTuple):
    """`days`: within how many an active one ends; 0: whenever. `sort`: how it is sorted if nobody says."""

    label: str
    days: int = 0
    sort: str = "ends"


SHOWN = {
    Shown.ACTIVE: Tab("Active"),
    Shown.ENDS_30: Tab("Ends in 30 days", 30),
    Shown.ENDS_60: Tab("60 days", 60),
    Shown.ENDS_90: Tab("90 days", 90),
    Shown.EXPIRED: Tab("Expired", sort="-ends"),
    Shown.REVOKED: Tab("Revoked", sort="-granted"),
    Shown.ALL: Tab("All", sort="-ends"),
}


class Roster(NamedTuple):
    """How many people stand on it, and how many of them were not there."""

    people: int
    absent: int


NOT_PLANNED = "This session has no date yet. Schedule it first."
CANCELLED = "This session was cancelled. Reopen it first, if it was held after all."


def why_not_complete(state: str, held_on: date | None, roster: Roster) -> str | None:
    """`state`: of the session. `held_on`: the day of one that is completed."""
    if state == "completed":
        return f"This session was completed already: it was held on {say_day(held_on)}."
    if state == "cancelled":
        return CANCELLED
    if state != "scheduled":
        return NOT_PLANNED
    if not roster.people:
        return "Nobody is on the roster. Add whoever was there first."
    if roster.absent >= roster.people:
        return "Everybody on the roster is marked absent, so nobody was trained. Cancel the session instead."
    return None


def why_not_completed(state: str) -> str | None:
    return None if state == "completed" else "This session is not completed yet."


def why_not_held_on(day: date, today: date) -> str | None:
    if day > today:
        return f"{say_day(day)} has not come yet. A session is held today or before."
    return None


def why_not_dates(valid_from: date, last_day: date, today: date) -> str | None:
    if valid_from > today:
        return f"{say_day(valid_from)} has not come yet. A licence begins today or before."
    return "The last day lies before the first." if last_day < valid_from else None


def say_span(valid_from: date, last_day: date) -> str:
    """ "10 March 2027 through 10 March 2028" """
    return f"{say_day(valid_from)} through {say_day(last_day)}"


class Coverage(NamedTuple):
    """Of an organisation's people with a seat: all, those with a licence that is valid today, and those of them whose
    last one ends within the time of warning.
    """

    people: int = 0
    trained: int = 0
    ending: int = 0

    @property
    def untrained(self) -> int:
        return self.people - self.trained


def say_coverage(found: Coverage, days: int) -> str:
    """ "7 of 12 trained, 2 expire within 30 days" """
    if not found.people:
        return "nobody has a seat"
    words = f"{found.trained:,} of {found.people:,} trained"
    if found.ending:
        words += f", {found.ending:,} expire{'s' if found.ending == 1 else ''} within {days} days"
    return words
