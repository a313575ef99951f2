"""The simulator's own time: it stands still until it is moved, or runs along with the world's at a distance."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

CHARGED_AT = time(6)
"""When a day's subscriptions are charged and its direct debits are decided, UTC."""


class SimClock:
    """start: where it stands. None: it runs, and moving it sets how far it is ahead."""

    def __init__(self, start: datetime | None = None) -> None:
        self._standing = start.astimezone(UTC) if start else None
        self.ahead = timedelta()

    def now(self) -> datetime:
        return self._standing if self._standing is not None else datetime.now(UTC) + self.ahead

    def move_to(self, at: datetime) -> None:
        """Forward only; an instant that has passed changes nothing."""
        if at <= self.now():
            return
        if self._standing is not None:
            self._standing = at.astimezone(UTC)
        else:
            self.ahead = at - datetime.now(UTC)


def at_charging(day: date) -> datetime:
    return datetime.combine(day, CHARGED_AT, tzinfo=UTC)


def add_business_days(day: date, count: int) -> date:
    """`count` days later, Saturdays and Sundays left out."""
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day
