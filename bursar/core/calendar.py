"""UTC months and calendar arithmetic. Every month edge in Bursar is UTC (DOMAIN 4)."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

TICK = timedelta(microseconds=1)
_MONTH = re.compile(r"(\d{4})-(\d{2})\Z")


def midnight(day: date) -> datetime:
    """The first instant of a UTC day."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def end_of(day: date) -> datetime:
    """The first instant after a UTC day: where an inclusive end date stops being live."""
    return midnight(day + timedelta(days=1))


def add_months(day: date, months: int) -> date:
    """The same day `months` later, clamped to the month's last day (31 January + 1 = 28 or 29 February)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def add_months_at(at: datetime, months: int) -> datetime:
    """As `add_months`, keeping the time of day."""
    return datetime.combine(add_months(at.date(), months), at.timetz())


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A UTC calendar month. `start` is inclusive, `end` exclusive, `last_instant` one microsecond before `end`."""

    year: int
    number: int

    @classmethod
    def of(cls, at: datetime | date) -> Month:
        if isinstance(at, datetime):
            at = at.astimezone(UTC)
        return cls(at.year, at.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Reads "2026-11"; raises ValueError with a sentence for anything else."""
        match = _MONTH.match(text)
        if not match or not 1 <= int(match[2]) <= 12 or int(match[1]) < 1970:
            raise ValueError(f"“{text}” is not a month. Write a month as 2026-11.")
        return cls(int(match[1]), int(match[2]))

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def start(self) -> datetime:
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        return self.next().start

    @property
    def last_instant(self) -> datetime:
        return self.end - TICK

    @property
    def label(self) -> str:
        return f"{calendar.month_name[self.number]} {self.year}"

    def plus(self, months: int) -> Month:
        year, month = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, month + 1)

    def next(self) -> Month:
        return self.plus(1)

    def previous(self) -> Month:
        return self.plus(-1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def months_between(first: Month, last: Month) -> list[Month]:
    """Every month from `first` to `last`, both included; empty when `last` is earlier."""
    count = (last.year - first.year) * 12 + last.number - first.number + 1
    return [first.plus(n) for n in range(max(0, count))]
