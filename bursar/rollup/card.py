"""What a dialog's card says from the month facts: tier, MRR, potential, class, seats, cap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from bursar.actions.cards import Fact, Reading, Seen, fact
from bursar.actions.guard import fact_tables
from bursar.actions.spec import Touched
from bursar.core.calendar import Month
from bursar.core.days import say_end
from bursar.core.hours import cap_hours
from bursar.core.money import ZERO, euros
from bursar.core.words import list_words
from bursar.plans.models import Tier
from bursar.rollup.models import AccountMonth, RevenueClass, WorkspaceMonth
from bursar.rollup.project import project
from bursar.tenants.models import Workspace

UNKNOWN = "cannot be computed"


def _rests_on() -> frozenset[str]:
    return fact_tables() | {AccountMonth._meta.db_table, WorkspaceMonth._meta.db_table}


class _Row(NamedTuple):
    """The open month of an account, and of the workspace where it is about one; `own_tier` None: about none, or not
    a live one.
    """

    account_id: int
    fault: str
    next_change_at: datetime | None
    klass: str
    tiers: list[str]
    seats: int
    mrr: Decimal
    potential: Decimal
    own_tier: str | None
    own_until: datetime | None
    own_seats: int | None
    own_cap: int | None


_ROWS = (
    "SELECT a.account_id, a.fault, a.next_change_at, a.klass, a.tiers, a.seats, a.mrr, a.potential, w.tier, "
    f"w.grant_until, w.seats, w.cap_seconds FROM {AccountMonth._meta.db_table} a "
    f"LEFT JOIN {WorkspaceMonth._meta.db_table} w ON w.workspace_id = %s AND w.month = a.month AND w.is_live "
    "WHERE a.account_id = ANY(%s) AND a.month = %s"
)


def _rows(reading: Reading) -> list[_Row]:
    """What the clock changed since they were written is worked out first."""
    found: list[_Row] = reading.once("months", lambda: _load(reading))
    return found


def _load(reading: Reading) -> list[_Row]:
    now = reading.case.now
    found = _select(reading)
    late = [row for row in found if not row.fault and row.next_change_at and row.next_change_at <= now]
    due: Touched = {row.account_id: None for row in late}
    if not due:
        return found
    project(due, now)  # the rehearsal takes it back with the rest
    return _select(reading)


def _select(reading: Reading) -> list[_Row]:
    """Plain SQL, which is the same each time: a rehearsal asks twice."""
    target = reading.case.target
    workspace = target.pk if isinstance(target, Workspace) else None
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [workspace, list(reading.account_ids), Month.of(reading.case.now).first])
        return [_Row(*row) for row in cursor.fetchall()]


def _own(reading: Reading) -> _Row | None:
    """The row of a live workspace; None for what is none."""
    return next((row for row in _rows(reading) if row.own_tier is not None), None)


def _read_tier(reading: Reading) -> Seen | None:
    if isinstance(reading.case.target, Workspace):
        row = _own(reading)
        if row is None or row.own_tier is None:
            return None
        until = f" until {say_end(row.own_until)}" if row.own_until else ""
        return Seen(f"{Tier(row.own_tier).label}{until}", (row.own_tier, row.own_until))
    tiers = [tier for tier in reversed(Tier.values) if any(tier in row.tiers for row in _rows(reading))]
    return Seen(list_words([str(Tier(tier).label) for tier in tiers]), tuple(tiers)) if tiers else None


def _amount(name: str) -> Callable[[Reading], Seen | None]:
    """Nothing of an amount that is zero; EUR a month, excluding VAT."""

    def read(reading: Reading) -> Seen | None:
        rows = _rows(reading)
        if any(row.fault for row in rows):
            return Seen(UNKNOWN, None)
        total = sum((getattr(row, name) for row in rows), ZERO)
        return Seen(euros(total), total) if total else None

    return read


def _read_class(reading: Reading) -> Seen | None:
    rows = _rows(reading)
    if any(row.fault for row in rows):
        return Seen(UNKNOWN, None)
    klasses = sorted({str(RevenueClass(row.klass).label) for row in rows})
    return Seen(list_words(klasses), tuple(klasses)) if klasses else None


def _read_seats(reading: Reading) -> Seen | None:
    if not isinstance(reading.case.target, Workspace):
        seats = sum(row.seats for row in _rows(reading))
        return Seen(f"{seats:,}", seats) if _rows(reading) else None
    row = _own(reading)
    return None if row is None else Seen(f"{row.own_seats:,}", row.own_seats)


def _read_cap(reading: Reading) -> Seen | None:
    row = _own(reading)
    if row is None:
        return None
    return Seen("unlimited" if row.own_cap is None else cap_hours(row.own_cap), row.own_cap)


fact("tier", Fact("Tier", 10, _read_tier, _rests_on, own_label="Plan"))
fact("mrr", Fact("MRR", 20, _amount("mrr"), _rests_on, say_sum=euros, of_account=True))
fact("potential", Fact("Potential", 21, _amount("potential"), _rests_on, say_sum=euros, of_account=True))
fact("class", Fact("Class", 30, _read_class, _rests_on, of_account=True))
fact("seats", Fact("Seats", 50, _read_seats, _rests_on, own_label="Seats", say_sum="{:,}".format))
fact("cap", Fact("Cap", 60, _read_cap, _rests_on, own_label="Hours included"))
