"""Paid intervals: how long they are, and how much of one is left. Pure. Days are UTC days. DOMAIN 6."""

from __future__ import annotations

from datetime import date, datetime

from bursar.core.calendar import add_months, midnight
from bursar.plans.added import DAYS_OF
from bursar.plans.rules import MONTHS_OF

MOLLIE_CALLS_IT = {"yearly": "12 months", "monthly": "1 month"}


def start_of_next(day: date, cadence: str) -> date:
    """One interval later, as one plans it; what Mollie says afterwards rules."""
    return add_months(day, MONTHS_OF[cadence])


def end_of_interval(start: datetime, cadence: str) -> datetime:
    """Until midnight of the day one interval later."""
    return midnight(start_of_next(start.date(), cadence))


def count_days_left(now: datetime, until: datetime, cadence: str) -> int:
    """Whole days from today on, never more than the interval has; 0 when it is over."""
    return max(0, min((until.date() - now.date()).days, DAYS_OF[cadence]))
