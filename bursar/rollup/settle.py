"""Brings month facts up to date, set-based. Called by the door's settlers, by the refresh, and by `bursar import`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

import orjson
from django.db import connection

from bursar.actions.spec import Touched
from bursar.core.calendar import Month, months_between
from bursar.core.money import ZERO, plain
from bursar.plans.queries import load_accounts
from bursar.plans.rules import RANK, AccountState
from bursar.rollup import rules
from bursar.rollup.models import AccountMonth, MonthRestatement
from bursar.rollup.queries import rule_settings

CHUNK = 500
FACTS = (
    "is_listed", "klass", "reason", "tier", "tier_rank", "tiers", "mode", "status", "cadence", "overdue_since",
    "discount_kind", "discount_percent", "workspaces", "seats", "mrr", "potential", "previous_mrr", "movement",
    "had_mrr", "manager_id", "rule_version", "next_change_at", "settled_at", "restated_at",
)  # fmt: skip
WORKSPACE_FACTS = (
    "account_id", "tier", "base_tier", "grant_kind", "grant_until", "discount_kind", "discount_percent", "seats",
    "externals", "observers", "cap_seconds",
)  # fmt: skip
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


@dataclass(slots=True)
class AccountRow:
    """A row of AccountMonth as worked out, without its usage; plain, because a company has millions."""

    account_id: int
    month: date
    is_listed: bool
    klass: str
    reason: dict[str, Any]
    tier: str
    tier_rank: int
    tiers: list[str]
    mode: str
    status: str
    cadence: str
    overdue_since: datetime | None
    discount_kind: str
    discount_percent: int
    workspaces: int
    seats: int
    mrr: Decimal
    potential: Decimal
    previous_mrr: Decimal
    movement: str
    had_mrr: bool
    manager_id: int | None
    rule_version: int
    next_change_at: datetime | None
    settled_at: datetime
    restated_at: datetime | None

    def stored(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("account_id", "month", *FACTS)}


class WorkspaceRow(NamedTuple):
    """A row of WorkspaceMonth as worked out, without its usage."""

    workspace_id: int
    account_id: int
    month: date
    tier: str
    base_tier: str
    grant_kind: str
    grant_until: datetime | None
    discount_kind: str
    discount_percent: int
    seats: int
    externals: int
    observers: int
    cap_seconds: int | None


def settle(
    touched: Touched, now: datetime, why: str = "history imported", known: Mapping[int, AccountState] | None = None
) -> dict[int, tuple[Known | None, Known]]:
    """Recomputes the facts of the touched accounts, from the first month named (None: the open one) to now.

    `known`: states that somebody has loaded already and that are stored like that. Returns what the open month said
    before, if anything, and says now.
    """
    moved: dict[int, tuple[Known | None, Known]] = {}
    current = Month.of(now)
    settings = rule_settings()
    ids = sorted(touched)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        states = {pk: known[pk] for pk in part} if known else load_accounts(part)
        first = {pk: touched[pk] or current for pk in part}
        moved |= _settle_chunk(states, first, current, settings, now, why)
    return moved


def _settle_chunk(
    states: dict[int, AccountState],
    first: dict[int, Month],
    current: Month,
    settings: rules.Settings,
    now: datetime,
    why: str,
) -> dict[int, tuple[Known | None, Known]]:
    known = _load_known(states, min(first.values()).previous())
    before = {pk: rows.get(current.first) for pk, rows in known.items()}
    accounts: list[AccountRow] = []
    workspaces: list[WorkspaceRow] = []
    restatements: list[MonthRestatement] = []
    for pk, state in states.items():
        start = max(first[pk], Month.of(state.created_at))
        start = min([start, *_missing_from(known[pk], start)])
        for month in months_between(start, current):
            at = now if month == current else month.last_instant
            facts = rules.evaluate(state, settings, at)
            row = build_row(facts, month, known[pk].get(month.previous().first), is_open=month == current, now=now)
            old = known[pk].get(month.first)
            if old is not None and month != current:
                row.restated_at = old.restated_at
                if _as_known(old) != _as_known(row):
                    row.restated_at = now
                    restatements.append(_restatement(old, row, why, now))
            known[pk][month.first] = row
            accounts.append(row)
            workspaces += [build_workspace_row(pk, ws, month) for ws in facts.workspaces]
    _store(accounts, workspaces)
    MonthRestatement.objects.bulk_create(restatements, batch_size=1000)
    return {pk: (before[pk], known[pk][current.first]) for pk in states}


def _missing_from(known: dict[date, Any], start: Month) -> Iterable[Month]:
    """Months between the last stored one and `start`: the roll has not run yet, or the account is new to us."""
    if start.previous().first in known or not known:
        return []
    return [Month.of(max(known)).next()] if max(known) < start.first else []


def _load_known(states: dict[int, AccountState], since: Month) -> dict[int, dict[date, Any]]:
    """The stored rows from `since` on; of an account that has none in that month, also the newest one before it."""
    known: dict[int, dict[date, Any]] = {pk: {} for pk in states}
    for row in AccountMonth.objects.filter(account_id__in=states, month__gte=since.first):
        known[row.account_id][row.month] = row
    older = AccountMonth.objects.filter(
        account_id__in=[pk for pk, rows in known.items() if since.first not in rows], month__lt=since.first
    )
    for row in older.order_by("account_id", "-month").distinct("account_id"):
        known[row.account_id][row.month] = row
    return known


class Known(Protocol):
    """What the next month needs of the one before: a stored row or one just worked out."""

    @property
    def mrr(self) -> Decimal: ...
    @property
    def potential(self) -> Decimal: ...
    @property
    def had_mrr(self) -> bool: ...


def build_row(
    facts: rules.AccountFacts, month: Month, previous: Known | None, *, is_open: bool, now: datetime
) -> AccountRow:
    before = previous.mrr if previous else ZERO
    had = bool(previous and (previous.had_mrr or previous.mrr > 0))
    return AccountRow(
        account_id=facts.id,
        month=month.first,
        is_listed=facts.is_listed,
        klass=facts.klass,
        reason=facts.reason,
        tier=facts.tier,
        tier_rank=RANK[facts.tier],
        tiers=facts.tiers,
        mode=facts.mode,
        status=facts.status,
        cadence=facts.cadence,
        overdue_since=facts.overdue_since,
        discount_kind=facts.discount.kind if facts.discount else "",
        discount_percent=facts.discount.percent if facts.discount else 0,
        workspaces=len(facts.workspaces),
        seats=facts.seats,
        mrr=facts.mrr,
        potential=facts.potential,
        previous_mrr=before,
        movement=rules.calc_movement(before, facts.mrr, had),
        had_mrr=had,
        manager_id=facts.manager_id,
        rule_version=rules.RULE_VERSION,
        next_change_at=facts.next_change_at if is_open else None,
        settled_at=now if is_open else month.last_instant,
        restated_at=None,
    )


def build_workspace_row(account_id: int, facts: rules.WorkspaceFacts, month: Month) -> WorkspaceRow:
    grant = facts.effective.grant
    return WorkspaceRow(
        workspace_id=facts.id,
        account_id=account_id,
        month=month.first,
        tier=facts.effective.tier,
        base_tier=facts.effective.base,
        grant_kind=grant.kind if grant else "",
        grant_until=grant.end if grant else None,
        discount_kind=facts.discount.kind if facts.discount else "",
        discount_percent=facts.discount.percent if facts.discount else 0,
        seats=facts.seats,
        externals=facts.externals,
        observers=facts.observers,
        cap_seconds=facts.cap_seconds,
    )


def _store(accounts: list[AccountRow], workspaces: list[WorkspaceRow]) -> None:
    """Upserts everything but the usage columns, drops workspaces that left, then counts usage of new rows.

    Workspaces before accounts, as a usage batch does: who locks in one order waits instead of deadlocking.
    """
    _drop_departed(accounts, workspaces)
    _upsert("rollup_workspacemonth", "workspace_id", WORKSPACE_FACTS, [row._asdict() for row in workspaces])
    _upsert(
        "rollup_accountmonth",
        "account_id",
        FACTS,
        [row.stored() for row in accounts],
    )
    count_usage({(row.account_id, row.month) for row in accounts})


def _upsert(table: str, key: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    """One statement for any number of rows: they go over as one JSON text, which the table's own types read."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in (key, "month", *columns))
    changes = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in columns)
    text = orjson.dumps(rows, default=str).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}, recorded_seconds) "
            f"SELECT {names}, 0 FROM json_populate_recordset(NULL::{table}, %s) ORDER BY {key}, month "
            f"ON CONFLICT ({key}, month) DO UPDATE SET {changes}",
            [text],
        )


def _drop_departed(accounts: list[AccountRow], workspaces: list[WorkspaceRow]) -> None:
    """Workspaces deleted or moved within a month are no part of it any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM rollup_workspacemonth w USING unnest(%s::bigint[], %s::date[]) AS t(account, month) "
            "WHERE w.account_id = t.account AND w.month = t.month "
            "AND NOT (w.workspace_id, w.month) IN (SELECT * FROM unnest(%s::bigint[], %s::date[]))",
            [
                [row.account_id for row in accounts],
                [row.month for row in accounts],
                [row.workspace_id for row in workspaces],
                [row.month for row in workspaces],
            ],
        )


def count_usage(pairs: set[tuple[int, date]]) -> None:
    """Sets the usage columns from the meters. The rows are locked first, so that no batch's addition is lost."""
    ordered = sorted(pairs)
    arrays: list[Any] = [[pk for pk, _ in ordered], [month for _, month in ordered]]
    wanted = "unnest(%s::bigint[], %s::date[]) AS t(account, month)"
    with connection.cursor() as cursor:
        for table in ("rollup_workspacemonth", "rollup_accountmonth"):
            cursor.execute(
                f"SELECT 1 FROM {table} r JOIN {wanted} ON r.account_id = t.account AND r.month = t.month "
                "ORDER BY r.id FOR UPDATE OF r",
                arrays,
            )
        cursor.execute(
            f"UPDATE rollup_workspacemonth w SET recorded_seconds = COALESCE(u.seconds, 0) "
            f"FROM {wanted}, rollup_workspacemonth o LEFT JOIN usage_usagemonth u "
            "ON u.workspace_id = o.workspace_id AND u.month = o.month "
            "WHERE o.account_id = t.account AND o.month = t.month AND w.id = o.id "
            "AND w.recorded_seconds IS DISTINCT FROM COALESCE(u.seconds, 0)",
            arrays,
        )
        cursor.execute(
            f"UPDATE rollup_accountmonth a SET recorded_seconds = s.seconds FROM ("
            f"SELECT t.account, t.month, COALESCE(SUM(w.recorded_seconds), 0) AS seconds FROM {wanted} "
            "LEFT JOIN rollup_workspacemonth w ON w.account_id = t.account AND w.month = t.month "
            "GROUP BY t.account, t.month) s WHERE a.account_id = s.account AND a.month = s.month "
            "AND a.recorded_seconds IS DISTINCT FROM s.seconds",
            arrays,
        )


def _as_known(row: Any) -> dict[str, Any]:
    """What a closed month said, as text: for telling a restatement and keeping it."""
    values = {name: getattr(row, name) for name in KNOWN_THEN}
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _restatement(old: Any, new: AccountRow, why: str, now: datetime) -> MonthRestatement:
    before, after = _as_known(old), _as_known(new)
    moved = [name for name in KNOWN_THEN if before[name] != after[name]]
    return MonthRestatement(
        account_id=new.account_id,
        month=new.month,
        at=now,
        why=why,
        before={name: before[name] for name in moved},
        after={name: after[name] for name in moved},
    )


def add_usage(deltas: dict[tuple[int, date], int], now: datetime) -> None:
    """Adds a batch's seconds, by workspace and month, to the facts; a closed month so changed is restated."""
    if not deltas:
        return
    ordered = sorted(deltas)
    arrays: list[Any] = [[pk for pk, _ in ordered], [month for _, month in ordered], [deltas[key] for key in ordered]]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.account_id, w.month, SUM(t.seconds)::bigint FROM rollup_workspacemonth w "
            "JOIN unnest(%s::bigint[], %s::date[], %s::bigint[]) AS t(workspace, month, seconds) "
            "ON w.workspace_id = t.workspace AND w.month = t.month GROUP BY 1, 2 ORDER BY 1, 2",
            arrays,
        )
        sums = cursor.fetchall()
        cursor.execute(
            "SELECT 1 FROM rollup_workspacemonth w JOIN unnest(%s::bigint[], %s::date[]) AS t(workspace, month) "
            "ON w.workspace_id = t.workspace AND w.month = t.month ORDER BY w.id FOR UPDATE OF w",
            arrays[:2],
        )
        cursor.execute(
            "UPDATE rollup_workspacemonth w SET recorded_seconds = recorded_seconds + t.seconds "
            "FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) AS t(workspace, month, seconds) "
            "WHERE w.workspace_id = t.workspace AND w.month = t.month",
            arrays,
        )
    _add_to_accounts(sums, now)


def _add_to_accounts(sums: list[tuple[int, date, int]], now: datetime) -> None:
    arrays: list[Any] = [list(column) for column in zip(*sums, strict=True)] if sums else [[], [], []]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id FROM rollup_accountmonth a JOIN unnest(%s::bigint[], %s::date[]) AS t(account, month) "
            "ON a.account_id = t.account AND a.month = t.month ORDER BY a.id FOR UPDATE OF a",
            arrays[:2],
        )
        cursor.execute(
            "UPDATE rollup_accountmonth a SET recorded_seconds = recorded_seconds + t.seconds, "
            "restated_at = CASE WHEN a.month < %s THEN %s ELSE a.restated_at END "
            "FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) AS t(account, month, seconds) "
            "WHERE a.account_id = t.account AND a.month = t.month RETURNING a.account_id, a.month, a.recorded_seconds",
            [Month.of(now).first, now, *arrays],
        )
        totals = {(pk, month): seconds for pk, month, seconds in cursor.fetchall()}
    added: dict[tuple[int, date], int] = defaultdict(int)
    for pk, month, seconds in sums:
        added[pk, month] += seconds
    MonthRestatement.objects.bulk_create(
        MonthRestatement(
            account_id=pk,
            month=month,
            at=now,
            why="late usage",
            before={"recorded_seconds": total - added[pk, month]},
            after={"recorded_seconds": total},
        )
        for (pk, month), total in totals.items()
        if month < Month.of(now).first
    )
