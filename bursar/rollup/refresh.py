"""What the clock alone does to the month facts: the month roll, and rows that fell due.

Run each minute by the worker, and by any page, export or command before it reads; so the numbers are right with the
worker stopped. It changes no state, only what is derived from it, and is therefore no action.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import Q

from bursar.core.calendar import Month
from bursar.core.retry import retry_deadlocks
from bursar.core.statistics import MANY
from bursar.rollup.carry import count_missed, know_months
from bursar.rollup.models import AccountMonth, Unprojected
from bursar.rollup.project import project_each
from bursar.rollup.roll import CLOSING, close_all, close_some, roll
from bursar.rollup.steps import Went, go, hold_free
from bursar.rollup.store import ROLLED_TO, is_behind

DUE_AT_ONCE = 50  # accounts, locked for as long as it takes to work them out


def refresh(now: datetime, *, try_again: bool = False) -> int:
    """Brings every row up to `now`. Returns how many accounts were computed afresh.

    `try_again`: those too that could not be computed a moment ago; they stop no other account and no page. And all that
    has time: an ordinary page does a little of it.
    """
    if try_again:
        Unprojected.objects.exclude(due_at=None).update(due_at=None)
    if not _is_anything_due(now):
        return 0
    roll(now)
    while retry_deadlocks(partial(count_missed, Month.of(now))):
        pass
    if try_again:
        close_all()
    else:
        close_some()
    done: list[int] = []
    go(partial(_take_due, now, done))
    return len(done)


def _is_anything_due(now: datetime) -> bool:
    """One quick statement, which is all that most pages pay."""
    month = Month.of(now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE((SELECT value FROM core_installationfact WHERE name = %s), '') <> %s "
            "OR EXISTS (SELECT 1 FROM core_installationfact WHERE name = %s) "
            "OR EXISTS (SELECT 1 FROM rollup_uncounted WHERE month <= %s) "
            "OR EXISTS (SELECT 1 FROM rollup_unsettled WHERE due_at IS NULL OR due_at <= %s) "
            "OR EXISTS (SELECT 1 FROM rollup_accountmonth WHERE next_change_at <= %s AND month = %s)",
            [ROLLED_TO, str(month), CLOSING, month.first, now, now, month.first],
        )
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _take_due(now: datetime, done: list[int], wait: bool) -> Went:
    """Projects some of what is due or marked, under the accounts' locks, and adds them to `done`."""
    if is_behind(now):
        return Went.DONE  # whose clock is right does it
    waiting = Unprojected.objects.filter(Q(due_at=None) | Q(due_at__lte=now)).order_by("account_id")
    marked = set(waiting.values_list("account_id", flat=True)[:DUE_AT_ONCE])
    due = AccountMonth.objects.filter(month=Month.of(now).first, next_change_at__lte=now).order_by("account_id")
    wanted = sorted({*marked, *due.values_list("account_id", flat=True)[:DUE_AT_ONCE]})[:DUE_AT_ONCE]
    if not wanted:
        return Went.DONE
    held = hold_free(wanted, wait=wait)
    # An import that marks anew must wait; one that has just done so is waited for.
    locked = waiting.filter(account_id__in=held).select_for_update(no_key=True, skip_locked=not wait)
    marks = {one.account_id: one for one in locked}
    ids = [pk for pk in held if pk in marks or pk not in marked]
    if not ids:
        return Went.BUSY
    faulty = project_each({pk: Month.of(marks[pk].month) if pk in marks else None for pk in ids}, now, marks)
    Unprojected.objects.filter(account_id__in=marks.keys() - faulty).delete()
    done += ids
    if len(done) >= MANY and len(done) // MANY != (len(done) - len(ids)) // MANY:
        know_months()  # a bulk load: what comes next is planned for what is there by now
    return Went.ON
