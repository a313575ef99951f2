"""Writes the month facts and the marks of accounts that wait for theirs. Called by `project` and `refresh` only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from django.db import connection

from bursar.core.calendar import Month
from bursar.rollup.models import AccountMonth, MonthRestatement
from bursar.rollup.queries.months import rule_version_of
from bursar.rollup.rows import FACTS, WORKSPACE_FACTS, AccountRow, WorkspaceRow

ROLLED_TO = "rolled_to"
AHEAD = timedelta(hours=6)  # that long before a month begins the roll may make its rows
IMPORTED, LATE_USAGE = "history imported", "late usage"
Key = tuple[int, date]


def mark(firsts: Mapping[int, Month], why: str = IMPORTED) -> None:
    """Leaves accounts to the refresh, from the given month on. An earlier mark that is there already stays."""
    ordered = sorted(firsts)
    _insert_marks(
        "SELECT t.account, t.month, %s, NULL::date FROM unnest(%s::bigint[], %s::date[]) AS t(account, month)",
        [why, ordered, [firsts[pk].first for pk in ordered]],
    )


def mark_late(closed: Month) -> None:
    """Accounts that the clock changed again before this month's end: it was copied without that."""
    _insert_marks(
        "SELECT account_id, month, %s, month FROM rollup_accountmonth WHERE month = %s AND next_change_at <= %s",
        [IMPORTED, closed.first, closed.last_instant],
    )


def mark_earlier_rules(account_ids: list[int], closed: Month) -> None:
    """Those that a release with earlier rules still worked out, while this one was being started."""
    _insert_marks(
        "SELECT account_id, month, %s, month FROM rollup_accountmonth WHERE month = %s AND account_id = ANY(%s) "
        "AND rule_version <> %s",
        [IMPORTED, closed.first, account_ids, rule_version_of(closed)],
    )


def mark_behind(account_ids: Iterable[int], month: Month) -> None:
    """Accounts changed under a clock at which this month was still open, when the next one is open already."""
    _insert_marks(
        "SELECT account, %s::date, %s, %s::date FROM unnest(%s::bigint[]) AS account",
        [month.first, IMPORTED, month.first, sorted(account_ids)],
    )


def mark_left_out(month: Month) -> None:
    """What the roll could not copy into this month: accounts that begin in it, and hours outside a workspace's life.

    By EXCEPT, which takes time in proportion to the rows whatever the statistics say of a month that is new.
    """
    _insert_marks(
        "SELECT account_id, %s::date, %s, NULL::date FROM (SELECT id AS account_id FROM tenants_billingaccount "
        "WHERE created_at < %s EXCEPT SELECT account_id FROM rollup_accountmonth WHERE month = %s) AS missing",
        [month.first, IMPORTED, month.end, month.first],
    )
    _insert_marks(
        "SELECT DISTINCT h.account_id, %s::date, %s, NULL::date FROM (SELECT workspace_id FROM usage_usagemonth "
        "WHERE month = %s EXCEPT SELECT workspace_id FROM rollup_workspacemonth WHERE month = %s) AS missing "
        "JOIN tenants_workspaceaccount h USING (workspace_id)",
        [month.first, LATE_USAGE, month.first, month.first],
    )


def mark_without_row(keys: Iterable[Key]) -> None:
    """Workspaces that recorded where there is no row to add to: their accounts, or in a month to come they, wait."""
    ordered = sorted(keys)
    if not ordered:
        return
    arrays: list[Any] = [[pk for pk, _ in ordered], [month for _, month in ordered]]
    found = "unnest(%s::bigint[], %s::date[]) AS t(workspace, month) WHERE to_char(t.month, 'YYYY-MM')"
    open_month = "COALESCE((SELECT value FROM core_installationfact WHERE name = %s), '9999-12')"
    # This one first: a month that is opened between the two is then in both, and not in neither.
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO rollup_uncounted (workspace_id, month) SELECT * FROM {found} > {open_month}",
            [*arrays, ROLLED_TO],
        )
    _insert_marks(
        f"SELECT h.account_id, MIN(t.month), %s, NULL::date FROM (SELECT * FROM {found} <= {open_month}) AS t "
        "JOIN tenants_workspaceaccount h ON h.workspace_id = t.workspace GROUP BY 1",
        [LATE_USAGE, *arrays, ROLLED_TO],
    )


def _insert_marks(found: str, values: list[Any]) -> None:
    """`found` selects account, month, why and the month from which rows were copied too early."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rollup_unsettled AS known (account_id, month, why, closes_from) "
            f"SELECT * FROM ({found}) AS found ORDER BY 1 ON CONFLICT (account_id) DO UPDATE SET "
            "month = LEAST(known.month, EXCLUDED.month), due_at = NULL, "
            "closes_from = LEAST(known.closes_from, EXCLUDED.closes_from) "
            "WHERE EXCLUDED.month < known.month OR known.due_at IS NOT NULL OR EXCLUDED.closes_from IS NOT NULL",
            values,
        )


def mark_faulty(faults: Mapping[int, str], firsts: Mapping[int, Month], due_at: datetime) -> None:
    """Accounts that could not be computed, with the sentence: they are tried again at `due_at`."""
    mark({pk: firsts[pk] for pk in faults})
    ordered = sorted(faults)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rollup_unsettled u SET fault = t.fault, due_at = %s FROM unnest(%s::bigint[], %s::text[]) "
            "AS t(account, fault) WHERE u.account_id = t.account",
            [due_at, ordered, [faults[pk] for pk in ordered]],
        )


def store_rows(accounts: list[AccountRow], workspaces: list[WorkspaceRow]) -> dict[Key, tuple[int, int]]:
    """Upserts everything but the usage columns, drops workspaces that left, then counts usage of the rows.

    Workspaces before accounts, as a usage batch does: who locks in one order waits instead of deadlocking.
    Returns whose hours became others: account and month → seconds before and after.
    """
    _drop_moved(accounts, workspaces)
    _upsert("rollup_workspacemonth", "workspace_id", WORKSPACE_FACTS, [row._asdict() for row in workspaces])
    _upsert("rollup_accountmonth", "account_id", FACTS, [row.stored() for row in accounts])
    return count_usage({(row.account_id, row.month) for row in accounts}, is_held=True)


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


def _drop_moved(accounts: list[AccountRow], workspaces: list[WorkspaceRow]) -> None:
    """Workspaces that moved to another account, or that history says were never there, are no part of the month."""
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


def drop_months(keys: Iterable[Key]) -> None:
    """Months before an account began, as history says now."""
    ordered = sorted(keys)
    for table in ("rollup_workspacemonth", "rollup_accountmonth") if ordered else ():
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} r USING unnest(%s::bigint[], %s::date[]) AS t(account, month) "
                "WHERE r.account_id = t.account AND r.month = t.month",
                [[pk for pk, _ in ordered], [month for _, month in ordered]],
            )


def is_behind(now: datetime) -> bool:
    """Whether the coming month is open already, under a clock that is ahead of ours.

    When it is not, it is not opened before we have committed. Clocks are not further apart than rows are made ahead.
    """
    current = Month.of(now)
    if now < current.end - AHEAD:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM core_installationfact WHERE name = %s FOR SHARE", [ROLLED_TO])
        opened = cursor.fetchone()
    return bool(opened and opened[0] > str(current))


def let_go(known: Iterable[Key], account_ids: Iterable[int], now: datetime) -> None:
    """Drops the rows that were made ahead for these accounts, from what is another one now; the roll makes them anew.

    Where the coming month is open already they are computed again instead.
    """
    current = Month.of(now)
    if is_behind(now):
        mark_behind(account_ids, current)
    else:
        drop_months({key for key in known if key[1] > current.first})


def count_usage(pairs: set[Key], *, is_held: bool = False) -> dict[Key, tuple[int, int]]:
    """Sets the usage columns from the meters. The rows are locked first, so that no batch's addition is lost; where
    this transaction has just written all of them, it holds them (`is_held`).
    """
    ordered = sorted(pairs)
    arrays: list[Any] = [[pk for pk, _ in ordered], [month for _, month in ordered]]
    wanted = "unnest(%s::bigint[], %s::date[]) AS t(account, month)"
    with connection.cursor() as cursor:
        for table in () if is_held else ("rollup_workspacemonth", "rollup_accountmonth"):
            cursor.execute(
                f"SELECT 1 FROM {table} r JOIN {wanted} ON r.account_id = t.account AND r.month = t.month "
                "ORDER BY r.id FOR NO KEY UPDATE OF r",
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
            "AND a.recorded_seconds IS DISTINCT FROM s.seconds "
            "RETURNING a.account_id, a.month, OLD.recorded_seconds, NEW.recorded_seconds",
            arrays,
        )
        return {(pk, month): (before, after) for pk, month, before, after in cursor.fetchall()}


def add_usage(deltas: dict[Key, int], now: datetime) -> None:
    """Adds a batch's seconds, by workspace and month, to the facts; a closed month so changed is restated.

    Where a workspace has no row in that month, the refresh makes it.
    """
    if not deltas:
        return
    ordered = sorted(deltas)
    arrays: list[Any] = [[pk for pk, _ in ordered], [month for _, month in ordered], [deltas[key] for key in ordered]]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM rollup_workspacemonth w JOIN unnest(%s::bigint[], %s::date[]) AS t(workspace, month) "
            "ON w.workspace_id = t.workspace AND w.month = t.month ORDER BY w.id FOR NO KEY UPDATE OF w",
            arrays[:2],
        )
        cursor.execute(
            "UPDATE rollup_workspacemonth w SET recorded_seconds = recorded_seconds + t.seconds "
            "FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) AS t(workspace, month, seconds) "
            "WHERE w.workspace_id = t.workspace AND w.month = t.month RETURNING w.workspace_id, w.account_id, w.month",
            arrays,
        )
        added = cursor.fetchall()
    sums: dict[Key, int] = defaultdict(int)
    for pk, account_id, month in added:
        sums[account_id, month] += deltas[pk, month]
    _add_to_accounts(sums, now)
    mark_without_row(deltas.keys() - {(pk, month) for pk, _, month in added})


def _add_to_accounts(sums: dict[Key, int], now: datetime) -> None:
    ordered = sorted(sums)
    arrays: list[Any] = [[pk for pk, _ in ordered], [month for _, month in ordered], [sums[key] for key in ordered]]
    current = Month.of(now).first
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id FROM rollup_accountmonth a JOIN unnest(%s::bigint[], %s::date[]) AS t(account, month) "
            "ON a.account_id = t.account AND a.month = t.month ORDER BY a.id FOR NO KEY UPDATE OF a",
            arrays[:2],
        )
        cursor.execute(
            "UPDATE rollup_accountmonth a SET recorded_seconds = recorded_seconds + t.seconds, "
            "restated_at = CASE WHEN a.month < %s THEN %s ELSE a.restated_at END "
            "FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) AS t(account, month, seconds) "
            "WHERE a.account_id = t.account AND a.month = t.month RETURNING a.account_id, a.month, "
            "OLD.recorded_seconds, NEW.recorded_seconds",
            [current, now, *arrays],
        )
        moved = cursor.fetchall()
    MonthRestatement.objects.bulk_create(
        MonthRestatement(
            account_id=pk,
            month=month,
            at=now,
            why=LATE_USAGE,
            before={"recorded_seconds": before},
            after={"recorded_seconds": after},
        )
        for pk, month, before, after in moved
        if month < current
    )


def flag_restated(keys: Iterable[Key], now: datetime) -> None:
    """Closed months whose hours alone changed."""
    for pk, month in keys:
        AccountMonth.objects.filter(account_id=pk, month=month).update(restated_at=now)
