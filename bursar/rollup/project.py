"""Brings month facts up to date, set-based. Called by the door's projections, the refresh, and the scale generator."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import structlog
from django.db import OperationalError, connection, transaction

from bursar.actions.spec import Touched
from bursar.core.calendar import Month, months_between
from bursar.core.money import plain
from bursar.plans.queries import load_accounts
from bursar.plans.rules import AccountState
from bursar.rollup.models import MonthRestatement, Unprojected
from bursar.rollup.queries.months import list_used_months, rule_settings, rule_version_of
from bursar.rollup.rows import FAULT_LENGTH, AccountRow, KnownRow, Used, WorkspaceRow, build_faulty_row, build_rows
from bursar.rollup.store import (
    IMPORTED,
    LATE_USAGE,
    Key,
    drop_months,
    flag_restated,
    let_go,
    mark_faulty,
    store_rows,
)
from bursar.rollup.store import add_usage as add_usage
from bursar.tenants.models import BillingAccount

CHUNK = 500
RETRY_AFTER = timedelta(minutes=10)
KNOWN_THEN = (
    "is_listed",
    "klass",
    "tier",
    "status",
    "cadence",
    "discount_percent",
    "seats",
    "mrr",
    "potential",
    "manager_id",
)
Marks = Mapping[int, Unprojected]


class Moved(NamedTuple):
    """What the open month said of an account and what it says now; None: nothing, as of one that begins later."""

    before: KnownRow | AccountRow | None
    after: AccountRow | None


log = structlog.get_logger()


def project(
    touched: Touched, now: datetime, marks: Marks | None = None, states: dict[int, AccountState] | None = None
) -> dict[int, Moved]:
    """Recomputes the facts of the touched accounts, from the first month named (None: the open one) to now.

    `marks`: why, where the accounts waited for it. `states`: of all of them, where somebody has loaded them already and
    they are stored like that. What cannot be computed is raised.
    """
    ids = sorted(touched)
    moved: dict[int, Moved] = {}
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        moved |= _Projecting({pk: _first(touched[pk], now) for pk in part}, now, marks or {}, states).run()
    return moved


def project_each(touched: Touched, now: datetime, marks: Marks | None = None) -> set[int]:
    """As `project`, but an account that cannot be computed stops no other: its row says so, and it is tried again.

    Returns those accounts.
    """
    ids, faulty = sorted(touched), set()
    for start in range(0, len(ids), CHUNK):
        faulty |= _project_apart({pk: touched[pk] for pk in ids[start : start + CHUNK]}, now, marks)
    return faulty


def _project_apart(touched: Touched, now: datetime, marks: Marks | None) -> set[int]:
    """All at once; when that fails, each half by itself, down to the one account that is at fault."""
    try:
        with transaction.atomic():
            project(touched, now, marks)
            return set()
    except OperationalError:
        raise  # a deadlock ends the whole transaction, which is tried again
    except Exception as error:
        fault = error
    ids = sorted(touched)
    if len(ids) == 1:
        _show_fault(ids[0], _first(touched[ids[0]], now), fault, now)
        return set(ids)
    halves = (ids[: len(ids) // 2], ids[len(ids) // 2 :])
    return {pk for half in halves for pk in _project_apart({pk: touched[pk] for pk in half}, now, marks)}


def _first(month: Month | None, now: datetime) -> Month:
    """What begins in a later month touches the present one: its row has to know that it is coming."""
    current = Month.of(now)
    return min(month or current, current)


def describe_fault(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _show_fault(pk: int, first: Month, error: Exception, now: datetime) -> None:
    """The open month says so, and so do those that have no row yet; what is known of closed ones stays."""
    account, current, fault = BillingAccount.objects.get(pk=pk), Month.of(now), describe_fault(error)
    log.error("account_not_computed", account=account.public_id, since=str(first), exc_info=error)
    start = max(first, Month.of(account.created_at))
    known = _load_known([pk], start.previous())[pk]
    rows = []
    for month in months_between(start, current):
        if month == current or month.first not in known:
            previous, version = known.get(month.previous().first), rule_version_of(month)
            row = build_faulty_row(pk, month, fault, previous, now, version)
            rows.append(row)
            known[month.first] = row
    let_go({(pk, month) for month in known}, [pk], now)
    workspaces = account.workspace_months.filter(month__in=[row.month for row in rows])
    kept = [WorkspaceRow(*values) for values in workspaces.values_list(*WorkspaceRow._fields)]
    store_rows(rows, kept)
    mark_faulty({pk: fault[:FAULT_LENGTH]}, {pk: first}, now + RETRY_AFTER)


@dataclass
class _Projecting:
    """A chunk of accounts on the way: each from its first month to now."""

    first: dict[int, Month]
    now: datetime
    marks: Marks
    states: dict[int, AccountState] | None = None
    accounts: list[AccountRow] = field(default_factory=list)
    workspaces: list[WorkspaceRow] = field(default_factory=list)
    stale: list[Key] = field(default_factory=list)
    restated: dict[Key, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    closed: set[Key] = field(default_factory=set)
    fresh: dict[Key, AccountRow] = field(default_factory=dict)

    def run(self) -> dict[int, Moved]:
        states = load_accounts(self.first) if self.states is None else {pk: self.states[pk] for pk in self.first}
        is_young = self._reach_back(states.values())
        self.known = _load_known(states, min(self.first.values()).previous())
        current = Month.of(self.now).first
        before = {pk: rows.get(current) for pk, rows in self.known.items()}
        earliest = [min(months) for months in self.known.values() if months]
        if not is_young:
            self.used = list_used_months(states.values(), Month.of(min([min(self.first.values()).first, *earliest])))
        self.settings = rule_settings()
        for state in states.values():
            self._work_out(state)
        self._go_on()
        drop_months(self.stale)
        let_go({(pk, month) for pk, rows in self.known.items() for month in rows}, states, self.now)
        self._restate(store_rows(self.accounts, self.workspaces))
        return {pk: Moved(before[pk], rows.get(current)) for pk, rows in self.known.items()}

    def _reach_back(self, states: Collection[AccountState]) -> bool:
        """Hours from before a workspace began show the tier that it began on: a new beginning concerns their months.

        True when any began in the months at hand; then `used` holds all that there is.
        """
        young = {s.id: [w for w in s.workspaces if Month.of(w.created_at) >= self.first[s.id]] for s in states}
        if not any(young.values()):
            return False
        self.used = list_used_months(states)
        for pk, workspaces in young.items():
            early = [month for w in workspaces for month in self.used.get(w.id, ()) if month < w.created_at.date()]
            self.first[pk] = min([self.first[pk], *map(Month.of, early)])
        return True

    def _work_out(self, state: AccountState) -> None:
        known, current = self.known[state.id], Month.of(self.now)
        begin = Month.of(state.created_at)
        early = list_months_before(state, begin, self.used)
        self.stale += [(state.id, month) for month in known if month < begin.first and Month.of(month) not in early]
        start = max(self.first[state.id], begin)
        start = min([start, *_missing_from([month for month in known if month >= begin.first], start)])
        for month in [*(month for month in early if month >= self.first[state.id]), *months_between(start, current)]:
            rows = build_rows(state, self.settings, month, known.get(month.previous().first), self.used, self.now)
            old = known.get(month.first)
            if old is not None and month != current:
                self._compare(old, rows.account, month)
            elif month != current:
                self.fresh[state.id, month.first] = rows.account
            known[month.first] = rows.account
            self.accounts.append(rows.account)
            self.workspaces += rows.workspaces

    def _compare(self, old: Any, row: AccountRow, month: Month) -> None:
        """A closed month that becomes another one is restated; not one that nobody had closed yet."""
        row.restated_at = old.restated_at
        mark = self.marks.get(row.account_id)
        if old.fault or (mark and mark.closes_from and month.first >= mark.closes_from):
            return
        key = (row.account_id, row.month)
        self.closed.add(key)
        before, after = tell_as_known(old), tell_as_known(row)
        moved = [name for name in KNOWN_THEN if before[name] != after[name]]
        if moved:
            row.restated_at = self.now
            self.restated[key] = {name: before[name] for name in moved}, {name: after[name] for name in moved}

    def _go_on(self) -> None:
        """A past month that history took away and brings again goes on from its restatements."""
        said: dict[Key, dict[str, Any]] = {}
        ids, months = {pk for pk, _ in self.fresh}, {month for _, month in self.fresh}
        made = MonthRestatement.objects.filter(account_id__in=ids, month__in=months).order_by("at", "id")
        for one in made if self.fresh else ():
            key = (one.account_id, one.month)
            if key in self.fresh:
                said[key] = {**said.get(key, {}), **one.after}
                self.fresh[key].restated_at = one.at
        for key, before in said.items():
            after = tell_as_known(self.fresh[key])
            moved = [name for name in before if name in after and before[name] != after[name]]
            if moved:
                self.fresh[key].restated_at = self.now
                self.restated[key] = {name: before[name] for name in moved}, {name: after[name] for name in moved}

    def _restate(self, hours: dict[Key, tuple[int, int]]) -> None:
        """`hours`: seconds before and after, where they changed."""
        hours = {key: pair for key, pair in hours.items() if key in self.closed}
        flag_restated(hours.keys() - self.restated.keys(), self.now)
        made = []
        for key in sorted(self.restated.keys() | hours.keys()):
            before, after = self.restated.get(key, ({}, {}))
            if key in hours:
                seconds = hours[key]
                before, after = {**before, "recorded_seconds": seconds[0]}, {**after, "recorded_seconds": seconds[1]}
            mark = self.marks.get(key[0])
            why = mark.why if mark else IMPORTED if key in self.restated else LATE_USAGE
            made.append(
                MonthRestatement(account_id=key[0], month=key[1], at=self.now, why=why, before=before, after=after)
            )
        MonthRestatement.objects.bulk_create(made, batch_size=1000)


def list_months_before(state: AccountState, begin: Month, used: Used) -> list[Month]:
    """Months before the account's first one in which a workspace of its recorded already."""
    months = {
        Month.of(month)
        for workspace in state.workspaces
        for month in used.get(workspace.id, ())
        if month < begin.first and workspace.is_payer(Month.of(month).last_instant)
    }
    return sorted(months)


def _missing_from(known: list[date], start: Month) -> Iterable[Month]:
    """Months between the last stored one and `start`: the roll has not run yet, or the account is new to us."""
    newest = max(known, default=start.first)
    return [Month.of(newest).next()] if newest < start.first else []


_KNOWN = ", ".join(KnownRow._fields)


def _load_known(ids: Iterable[int], since: Month) -> dict[int, dict[date, Any]]:
    """The stored rows from `since` on, and each account's newest one before it; in one statement."""
    known: dict[int, dict[date, Any]] = {pk: {} for pk in ids}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_KNOWN} FROM rollup_accountmonth WHERE account_id = ANY(%(ids)s) AND month >= %(since)s "
            f"UNION ALL (SELECT DISTINCT ON (account_id) {_KNOWN} FROM rollup_accountmonth "
            "WHERE account_id = ANY(%(ids)s) AND month < %(since)s ORDER BY account_id, month DESC)",
            {"ids": list(known), "since": since.first},
        )
        for row in map(KnownRow._make, cursor.fetchall()):
            known[row.account_id][row.month] = row
    return known


def tell_as_known(row: Any) -> dict[str, Any]:
    """What a closed month said, as text: for telling a restatement and keeping it."""
    values = {name: getattr(row, name) for name in KNOWN_THEN}
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}
