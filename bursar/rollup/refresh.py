"""What the clock alone does to the month facts: the month roll, and rows that fell due.

Run each minute by the worker, and by any page, export or command before it reads; so the numbers are right with the
worker stopped. It changes no state, only what is derived from it, and is therefore no action.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, Q

from bursar.core.calendar import Month, months_between
from bursar.core.models import InstallationFact
from bursar.core.retry import retry_deadlocks
from bursar.rollup.models import AccountMonth, Unprojected
from bursar.rollup.project import CHUNK, project_each
from bursar.rollup.rows import FACTS, WORKSPACE_FACTS
from bursar.rollup.rules import RULE_VERSION
from bursar.rollup.store import ROLLED_TO, mark_late, mark_left_out
from bursar.tenants.store import accounts
from bursar.usage.ingest import hold_batches

ROLL_LOCK = 0x0B0_12_5A2


def refresh(now: datetime, *, try_again: bool = False) -> int:
    """Brings every row up to `now`. Returns how many accounts were computed afresh.

    `try_again`: those too that could not be computed a moment ago. They stop no other account and no page.
    """
    if try_again:
        Unprojected.objects.exclude(due_at=None).update(due_at=None)
    if not _is_anything_due(now):
        return 0
    retry_deadlocks(partial(roll, now))
    done = 0
    while part := retry_deadlocks(partial(_take_due, now)):
        done += part
    return done


def _is_anything_due(now: datetime) -> bool:
    """One quick statement, which is all that most pages pay."""
    month = Month.of(now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE((SELECT value FROM core_installationfact WHERE name = %s), '') <> %s "
            "OR EXISTS (SELECT 1 FROM rollup_unsettled WHERE due_at IS NULL OR due_at <= %s) "
            "OR EXISTS (SELECT 1 FROM rollup_accountmonth WHERE next_change_at <= %s AND month = %s)",
            [ROLLED_TO, str(month), now, now, month.first],
        )
        return bool(cursor.fetchone()[0])


def roll(now: datetime) -> None:
    """Makes the rows of a month that has begun, each as its account stood at the end of the month before.

    How far it got is kept: an action may have made one account's new row before the roll came round.
    """
    current = Month.of(now)
    if _rolled_to() == current:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROLL_LOCK])
        # As an action does: accounts first, by id. Their foreign keys would lock them at the end, in no order.
        cursor.execute("SELECT COUNT(*) FROM (SELECT 1 FROM tenants_billingaccount ORDER BY id FOR KEY SHARE) held")
        hold_batches(exclusive=True)
        last = _rolled_to() or _first_month()
        for month in months_between(last.next(), current) if last else []:
            _copy_month(month, now)
        if last is None or last <= current:
            InstallationFact.objects.update_or_create(name=ROLLED_TO, defaults={"value": str(current)})


def _rolled_to() -> Month | None:
    text = InstallationFact.objects.filter(name=ROLLED_TO).values_list("value", flat=True).first()
    return Month.parse(text) if text else None


def _first_month() -> Month | None:
    """Where an installation starts that never rolled: copying a month that is there already changes nothing."""
    first = AccountMonth.objects.aggregate(first=Min("month"))["first"]
    return Month.of(first) if first else None


def _copy_month(month: Month, now: datetime) -> None:
    """One INSERT … SELECT a table. What the copy cannot know is marked, and computed right after."""
    before = month.previous()
    mark_late(before)
    with connection.cursor() as cursor:
        cursor.execute(*_copy("rollup_workspacemonth", "workspace_id", WORKSPACE_FACTS, month, {}, "r.is_live"))
        cursor.execute(*_copy("rollup_accountmonth", "account_id", FACTS, month, _NEW_MONTH, "true"))
        cursor.execute(
            "UPDATE rollup_workspacemonth w SET recorded_seconds = u.seconds FROM usage_usagemonth u "
            "WHERE w.month = %s AND u.workspace_id = w.workspace_id AND u.month = w.month "
            "AND w.recorded_seconds <> u.seconds",
            [month.first],
        )
        cursor.execute(
            "UPDATE rollup_accountmonth a SET recorded_seconds = s.seconds FROM (SELECT account_id, "
            "SUM(recorded_seconds) AS seconds FROM rollup_workspacemonth WHERE month = %s GROUP BY account_id) s "
            "WHERE a.account_id = s.account_id AND a.month = %s AND s.seconds <> a.recorded_seconds",
            [month.first, month.first],
        )
    mark_left_out(month)
    AccountMonth.objects.filter(month=before.first).exclude(next_change_at=None).update(next_change_at=None)


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


def _copy(
    table: str, key: str, columns: tuple[str, ...], month: Month, changed: dict[str, str], wanted: str
) -> tuple[str, dict[str, Any]]:
    """The statement that carries a table's rows over into `month`, and its values."""
    names = ", ".join(f'"{name}"' for name in (key, "month", *columns))
    taken = ", ".join(changed.get(name, f'r."{name}"') for name in columns)
    return (
        f"INSERT INTO {table} ({names}, recorded_seconds) SELECT r.{key}, %(month)s, {taken}, 0 FROM {table} r "
        f"WHERE r.month = %(before)s AND {wanted} ON CONFLICT DO NOTHING",
        {"month": month.first, "before": month.previous().first, "start": month.start, "version": RULE_VERSION},
    )


@transaction.atomic
def _take_due(now: datetime) -> int:
    """Projects up to a chunk of what is due or marked, under the accounts' locks; 0 when nothing is left."""
    month = Month.of(now)
    waiting = Unprojected.objects.filter(Q(due_at=None) | Q(due_at__lte=now)).order_by("account_id")
    marked = list(waiting.values_list("account_id", flat=True)[:CHUNK])
    due = AccountMonth.objects.filter(month=month.first, next_change_at__lte=now).order_by("account_id")
    ids = sorted({*marked, *due.values_list("account_id", flat=True)[:CHUNK]})
    if not ids:
        return 0
    accounts.hold(ids)
    if marked:
        hold_batches(exclusive=True)
    held = waiting.filter(account_id__in=marked).select_for_update(no_key=True)  # an import that marks anew must wait
    marks = {one.account_id: one for one in held}
    faulty = project_each({pk: Month.of(marks[pk].month) if pk in marks else None for pk in ids}, now, marks)
    Unprojected.objects.filter(account_id__in=marks.keys() - faulty).delete()
    return len(ids)
