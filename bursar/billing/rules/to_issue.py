"""What is to be invoiced of one account's plan, as things stand. Pure: no Django, no clock. DOMAIN 7."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from bursar.core.calendar import add_months
from bursar.core.days import say_day


class Why(StrEnum):
    """RENEWAL: a service period ends and none follows. FIRST: of the plan nothing was ever asked. PILOT: its one-off.
    SEATS: more people than were asked for. FAILED: what the system could not issue.
    """

    RENEWAL = "renewal"
    FIRST = "first"
    PILOT = "pilot"
    SEATS = "seats"
    FAILED = "failed"


@dataclass(frozen=True)
class AskedPeriod:
    """A service period that an invoice asks for: `seats` of the plan, with those that were asked for later."""

    invoice_id: int
    number: str
    first: date
    last: date
    seats: int

    @property
    def cadence(self) -> str:
        return "yearly" if self.last >= add_months(self.first, 2) else "monthly"

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Standing:
    """`costs`: seats of the plan cost something. `seats`: those that are paid for, as people sit now. `last_day`: of
    service that is asked for, or was paid by invoice. `period`: the one that runs. `managed_since`: in days of UTC.
    """

    is_managed: bool
    is_on_trial: bool
    costs: bool
    is_pilot: bool
    seats: int
    last_day: date | None = None
    period: AskedPeriod | None = None
    is_pilot_asked: bool = False
    managed_since: date | None = None


class Due(NamedTuple):
    """`since`: when it was to be issued, or came up; in the future where a period still runs. `seats`: of SEATS."""

    why: Why
    since: date | None
    seats: int = 0


def list_due(standing: Standing, today: date, ahead: int) -> list[Due]:
    """The most urgent first; at most one asks for a service period. `ahead`: days before its end that a service period
    is asked for anew.
    """
    if not standing.is_managed:
        return []
    found = []
    if standing.costs and not standing.is_on_trial:
        if standing.last_day is None:
            found.append(Due(Why.FIRST, standing.managed_since))
        elif standing.last_day <= today + timedelta(days=ahead):
            found.append(Due(Why.RENEWAL, standing.last_day + timedelta(days=1)))
    elif standing.is_pilot and not standing.is_pilot_asked:
        found.append(Due(Why.PILOT, standing.managed_since))
    if added := count_added(standing):
        found.append(Due(Why.SEATS, None, added))
    return found


def count_added(standing: Standing) -> int:
    """Seats above those that the running service period asks for; fewer are never given back."""
    period, is_asked = standing.period, standing.costs and not standing.is_on_trial
    return max(0, standing.seats - period.seats) if period and is_asked else 0


def say_due(due: Due, standing: Standing, today: date) -> str:
    """ "Service ended on 3 November 2026", "2 seats above the 5 that 2026-000042 asks for" """
    last_day, period = standing.last_day, standing.period
    if due.why is Why.RENEWAL and last_day:
        return f"Service {'ends' if last_day >= today else 'ended'} on {say_day(last_day)}"
    if due.why is Why.SEATS and period:
        return f"{due.seats} seat{'' if due.seats == 1 else 's'} above the {period.seats} that {period.number} asks for"
    return {
        Why.FIRST: "Nothing was ever invoiced of its plan",
        Why.PILOT: "The pilot was not invoiced yet",
    }.get(due.why, "")
