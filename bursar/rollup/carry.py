"""The statements of the month roll. A month that begins is in no statistics, so none of them depends on any:

what a step reads it finds by the accounts that it was given, and what is missing is found by EXCEPT. (But a table that
the server last saw empty passes for empty, until it looks again within a minute or so: large loads make it look.)
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import connection, transaction

from bursar.core.calendar import Month
from bursar.core.statistics import gather_statistics
from bursar.rollup.models import Uncounted
from bursar.rollup.rows import FACTS, WORKSPACE_FACTS
from bursar.rollup.rules import RULE_VERSION
from bursar.rollup.store import Key, count_usage, mark_without_row

MISSED_AT_ONCE = 200  # workspaces

# What of an account's row is another one in the month that begins; an account that had ceased is listed no more, and
# what an earlier version of the rules worked out is due at once.
_NEW_MONTH = {
    "is_listed": "r.is_listed AND (r.workspaces > 0 OR r.klass = 'paying' OR r.fault <> '')",
    "ended_at": "NULL::timestamptz",
    "previous_mrr": "r.mrr",
    "rule_change": "0",
    "movement": "''",
    "had_mrr": "r.had_mrr OR r.mrr > 0",
    "next_change_at": "CASE WHEN r.rule_version = %(version)s THEN r.next_change_at ELSE %(start)s END",
    "settled_at": "%(start)s",
    "restated_at": "NULL::timestamptz",
}
_NAMES = ", ".join(f'"{name}"' for name in FACTS)
_TAKEN = ", ".join(_NEW_MONTH.get(name, f'r."{name}"') for name in FACTS)
# Each account's row of the month before: its newest up to then, looked up by account. By equality, a month that the
# statistics do not know passes for rare, and an index that begins with the month for the cheaper one.
_BEFORE = (
    "unnest(%(ids)s) AS t(id) CROSS JOIN LATERAL (SELECT * FROM rollup_accountmonth o WHERE o.account_id = t.id "
    "AND o.month <= %(before)s ORDER BY o.month DESC LIMIT 1) AS r"
)
COPY_ACCOUNTS = (
    f"INSERT INTO rollup_accountmonth (account_id, month, {_NAMES}, recorded_seconds) "
    f"SELECT r.account_id, %(month)s, {_TAKEN}, 0 FROM {_BEFORE} WHERE r.month = %(before)s "
    "ORDER BY r.account_id ON CONFLICT DO NOTHING RETURNING id, account_id"
)
NOT_CLOSED = f"SELECT r.id FROM {_BEFORE} WHERE r.month = %(before)s AND r.next_change_at IS NOT NULL"
_NAMES = ", ".join(f'"{name}"' for name in WORKSPACE_FACTS)
_TAKEN = ", ".join(f'r."{name}"' for name in WORKSPACE_FACTS)
COPY_WORKSPACES = (
    f"INSERT INTO rollup_workspacemonth (workspace_id, month, {_NAMES}, recorded_seconds) "
    f"SELECT r.workspace_id, %(month)s, {_TAKEN}, COALESCE((SELECT u.seconds FROM usage_usagemonth u "
    "WHERE u.workspace_id = r.workspace_id AND u.month = %(month)s), 0) FROM rollup_workspacemonth r "
    "WHERE r.account_id = ANY(%(ids)s) AND r.month = (SELECT %(before)s::date) AND r.is_live "
    "ORDER BY r.workspace_id ON CONFLICT DO NOTHING RETURNING account_id, recorded_seconds"
)


def carry_over(account_ids: list[int], month: Month) -> bool:
    """Makes the rows of `month` from those of the month before, where an account has none yet; False for no account.

    Under the accounts' locks: nothing else makes or changes their rows. Hours that are being counted right now find no
    row here and are counted later (`Uncounted`).
    """
    before = month.previous()
    values: dict[str, Any] = {
        "month": month.first,
        "before": before.first,
        "start": month.start,
        "version": RULE_VERSION,
        "ids": account_ids,
    }
    if not account_ids:
        return False
    with connection.cursor() as cursor:
        cursor.execute(COPY_ACCOUNTS, values)
        made = {account_id: pk for pk, account_id in cursor.fetchall()}
        cursor.execute(COPY_WORKSPACES, {**values, "ids": list(made)})
        sums: dict[int, int] = defaultdict(int)
        for account_id, seconds in cursor.fetchall():
            sums[made[account_id]] += seconds
        hours = {pk: seconds for pk, seconds in sums.items() if seconds}
        if hours:
            cursor.execute(
                "UPDATE rollup_accountmonth a SET recorded_seconds = t.seconds "
                "FROM unnest(%s::bigint[], %s::bigint[]) AS t(id, seconds) WHERE a.id = t.id AND a.id = ANY(%s)",
                [list(hours), list(hours.values()), list(hours)],
            )
    return True


def list_not_carried(month: Month) -> list[int]:
    """Accounts with a row in the month before and none in this one, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id FROM rollup_accountmonth WHERE month = %s "
            "EXCEPT SELECT account_id FROM rollup_accountmonth WHERE month = %s ORDER BY 1",
            [month.previous().first, month.first],
        )
        return [pk for (pk,) in cursor.fetchall()]


def close_rows(account_ids: list[int], month: Month) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOT_CLOSED, {"ids": account_ids, "before": month.first})
        rows = [pk for (pk,) in cursor.fetchall()]
        cursor.execute("UPDATE rollup_accountmonth SET next_change_at = NULL WHERE id = ANY(%s)", [rows])


def know_months() -> None:
    """Tells the planner of new rows, by what pages choose them by: a month that it does not know passes for empty."""
    gather_statistics(
        "rollup_workspacemonth (workspace_id, account_id, month, is_live, tier, cap_seconds)",
        "rollup_accountmonth (account_id, month, is_listed, klass, status, mode, mrr, overdue_since, next_change_at)",
    )


@transaction.atomic
def count_missed(month: Month) -> int:
    """Counts hours that came in while their workspace had no row yet, in months up to `month`; 0 when none are left."""
    waiting = Uncounted.objects.filter(month__lte=month.first).order_by("id")
    some = list(waiting.select_for_update()[:MISSED_AT_ONCE])
    if not some:
        return 0
    keys = {(one.workspace_id, one.month) for one in some}
    there = _list_places(keys)
    count_usage({(account_id, first) for (_, first), account_id in there.items()})
    mark_without_row(keys - there.keys())
    Uncounted.objects.filter(pk__in=[one.pk for one in some]).delete()
    return len(some)


def _list_places(keys: set[Key]) -> dict[Key, int]:
    """Workspace and month, where there is a row → its account."""
    ordered = sorted(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.workspace_id, w.month, w.account_id FROM rollup_workspacemonth w "
            "JOIN unnest(%s::bigint[], %s::date[]) AS t(workspace, month) "
            "ON w.workspace_id = t.workspace AND w.month = t.month",
            [[pk for pk, _ in ordered], [month for _, month in ordered]],
        )
        return {(pk, month): account_id for pk, month, account_id in cursor.fetchall()}
