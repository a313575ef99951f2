"""On which days a subscription charges. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bursar.core.calendar import add_months

_FORM = re.compile(r"(\d{1,3}) (day|week|month)s?\Z")
_MOST = {"day": 365, "week": 52, "month": 12}


class MonthEnds(StrEnum):
    """Both readings of "monthly from 30 April": on the 30th, or on each month's last day, as 30 April is its month's.

    A day that a month lacks is its last day in both.
    """

    SAME_DAY = "same_day"
    LAST_DAY = "last_day"


@dataclass(frozen=True)
class Interval:
    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Raises ValueError unless it is "1 month", "14 days" or so, of a year at most."""
        match = _FORM.match(text)
        if not match or not 1 <= int(match[1]) <= _MOST[match[2]]:
            raise ValueError(text)
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'s' if self.count > 1 else ''}"


def calc_charge_day(start: date, interval: Interval, number: int, month_ends: MonthEnds) -> date:
    """The day of the charge after `number` others. Counted from `start`, which is number 0, so that it never drifts."""
    if interval.unit != "month":
        days = interval.count * (7 if interval.unit == "week" else 1)
        return start + timedelta(days=days * number)
    day = add_months(start, interval.count * number)
    if month_ends is MonthEnds.LAST_DAY and _is_last(start):
        return day.replace(day=monthrange(day.year, day.month)[1])
    return day


def _is_last(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]
