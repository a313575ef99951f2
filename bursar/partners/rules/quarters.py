"""Quarters of the seller's calendar, by which partners are settled with. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_QUARTER = re.compile(r"(\d{4})-Q([1-4])\Z")
MONTHS = 3


@dataclass(frozen=True, order=True, slots=True)
class Quarter:
    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Quarter:
        return cls(day.year, (day.month - 1) // MONTHS + 1)

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Reads "2026-Q3"; raises ValueError with a sentence for anything else."""
        match = _QUARTER.match(text)
        if not match or not 1970 <= int(match[1]) < 3000:
            raise ValueError(f"“{text[:40]}” is not a quarter. Write a quarter as 2026-Q3.")
        return cls(int(match[1]), int(match[2]))

    @property
    def first(self) -> date:
        return date(self.year, (self.number - 1) * MONTHS + 1, 1)

    @property
    def last(self) -> date:
        return self.next().first - timedelta(days=1)

    @property
    def label(self) -> str:
        return f"Q{self.number} {self.year}"

    def next(self) -> Quarter:
        return Quarter(self.year, self.number + 1) if self.number < 4 else Quarter(self.year + 1, 1)

    def previous(self) -> Quarter:
        return Quarter.of(self.first - timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.year:04d}-Q{self.number}"


def quarters_between(first: Quarter, last: Quarter) -> list[Quarter]:
    """Both included; empty when `last` is earlier."""
    found = []
    while first <= last:
        found.append(first)
        first = first.next()
    return found
