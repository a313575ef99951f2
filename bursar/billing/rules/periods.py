"""The periods that a seller declares: months and quarters of its own days. No Django, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bursar.core.calendar import Month

_QUARTER = re.compile(r"(\d{4})-Q([1-4])", re.ASCII)


@dataclass(frozen=True)
class Period:
    """`name`: "2026-11" or "2026-Q4". From `first` on, before `end`."""

    name: str
    first: date
    end: date


def read_period(text: str) -> Period:
    """Raises ValueError with a sentence for what is no month and no quarter."""
    match = _QUARTER.fullmatch(text.strip())
    if match is None:
        month = Month.parse(text.strip())
        return Period(str(month), month.first, month.next().first)
    if int(match[1]) < 1970:
        raise ValueError(f"“{text}” is no quarter that anything was issued in.")
    first = Month(int(match[1]), 3 * int(match[2]) - 2)
    return Period(match[0], first.first, first.plus(3).first)


def list_periods(month: Month, back: int = 15) -> list[tuple[str, str]]:
    """Names and words of this month and those before, each quarter ahead of its months; the newest first."""
    made: list[tuple[str, str]] = []
    for step in range(back + 1):
        one = month.plus(-step)
        quarter = (one.number + 2) // 3
        if (name := f"{one.year}-Q{quarter}") not in dict(made):
            made.append((name, f"Quarter {quarter} of {one.year}"))
        made.append((str(one), one.label))
    return made
