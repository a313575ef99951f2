"""What the clock alone does to the month facts: the month roll, and rows that fell due.

Run each minute by the worker, and by any page, export or command before it reads; so the numbers are right with the
worker stopped. It changes no state, only what is derived from it, and is therefore no action.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import Min, Q

from bursar.core.calendar import Month, months_between
from bursar.core.models import InstallationFact
from bursar.core.retry import retry_deadlocks
from bursar.rollup.models import AccountMonth, Unsettled
from bursar.rollup.queries import rule_version_of
from bursar.rollup.rules import RULE_VERSION
from bursar.rollup.settle import CHUNK, settle
from bursar.usage.ingest import hold_batches

ROLL_LOCK = 0x0B0_12_5A2
ROLLED_TO = "rolled_to"


def refresh(now: datetime) -> int:
    """Brings every row up to `now`. Returns how many accounts were computed afresh."""
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
            "OR EXISTS (SELECT 1 FROM rollup_unsettled) "
            "OR EXISTS (SELECT 1 FROM rollup_accountmonth WHERE next_change_at <= %s AND month = %s)",
            [ROLLED_TO, str(month), now, month.first],
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
    """One INSERT … SELECT a table. Rows due before the old month's end are corrected right after, from their state;
    those of an earlier version of the rules are due at once.
    """
    before = month.previous()
    late = AccountMonth.objects.filter(_is_late(before), month=before.first)
    marks = [Unsettled(account_id=pk, month=before.first) for pk in late.values_list("account_id", flat=True)]
    Unsettled.objects.bulk_create(marks, ignore_conflicts=True, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rollup_accountmonth (account_id, month, is_listed, klass, reason, tier, tier_rank, tiers, "
            "mode, status, cadence, overdue_since, discount_kind, discount_percent, discount_end_date, workspaces, "
            "seats, recorded_seconds, mrr, potential, previous_mrr, movement, had_mrr, manager_id, rule_version, "
            "next_change_at, settled_at) "
            "SELECT account_id, %s, is_listed, klass, reason, tier, tier_rank, tiers, mode, status, cadence, "
            "overdue_since, discount_kind, discount_percent, discount_end_date, workspaces, seats, 0, mrr, potential, "
            "mrr, '', had_mrr OR mrr > 0, manager_id, rule_version, "
            "CASE WHEN rule_version = %s THEN next_change_at ELSE %s END, %s FROM rollup_accountmonth "
            "WHERE month = %s ON CONFLICT DO NOTHING",
            [month.first, RULE_VERSION, month.start, month.start, before.first],
        )
        cursor.execute(
            "INSERT INTO rollup_workspacemonth (workspace_id, account_id, month, tier, base_tier, "
            "grant_kind, grant_until, discount_kind, discount_percent, discount_end_date, seats, externals, observers, "
            "cap_seconds, recorded_seconds) "
            "SELECT w.workspace_id, w.account_id, %s, w.tier, w.base_tier, w.grant_kind, w.grant_until, "
            "w.discount_kind, w.discount_percent, w.discount_end_date, w.seats, w.externals, w.observers, "
            "w.cap_seconds, COALESCE(u.seconds, 0) FROM rollup_workspacemonth w "
            "LEFT JOIN usage_usagemonth u ON u.workspace_id = w.workspace_id AND u.month = %s "
            "WHERE w.month = %s ON CONFLICT DO NOTHING",
            [month.first, month.first, before.first],
        )
        cursor.execute(
            "UPDATE rollup_accountmonth a SET recorded_seconds = s.seconds FROM (SELECT account_id, "
            "SUM(recorded_seconds) AS seconds FROM rollup_workspacemonth WHERE month = %s GROUP BY account_id) s "
            "WHERE a.account_id = s.account_id AND a.month = %s AND s.seconds <> 0",
            [month.first, month.first],
        )
    AccountMonth.objects.filter(month=before.first).exclude(next_change_at=None).update(next_change_at=None)


def _is_late(month: Month) -> Q:
    """Something changed before the month's end; or a release before this one was at work still."""
    return Q(next_change_at__lte=month.last_instant) | ~Q(rule_version=rule_version_of(month))


@transaction.atomic
def _take_due(now: datetime) -> int:
    """Settles up to a chunk of what is due or marked, under the accounts' locks; 0 when nothing is left."""
    month = Month.of(now)
    marks = Unsettled.objects.select_for_update().order_by("account_id")  # an import that marks anew must wait
    marked = dict(marks.values_list("account_id", "month")[:CHUNK])
    due = AccountMonth.objects.filter(month=month.first, next_change_at__lte=now).order_by("account_id")
    ids = sorted({*marked, *due.values_list("account_id", flat=True)[:CHUNK]})
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_billingaccount WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [ids])
    if marked:
        hold_batches(exclusive=True)
    settle({pk: Month.of(marked[pk]) if pk in marked else None for pk in ids}, now)
    Unsettled.objects.filter(account_id__in=marked).delete()
    return len(ids)
