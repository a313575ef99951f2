"""The month roll: each row of a month that begins, as its account stood at the end of the month before. Decision 25.

In steps, each a short transaction on some hundred accounts, so that nobody waits for it. A month is opened, for all at
once, when all its rows are there; until then nobody reads them. How far it got is kept, and a step that is lost is done
again. Many may roll at once: whoever comes takes a step, and all wait for the whole.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import Min

from bursar.core.calendar import Month
from bursar.core.models import InstallationFact
from bursar.rollup.carry import carry_over, close_rows, know_months, list_not_carried
from bursar.rollup.models import AccountMonth
from bursar.rollup.steps import Went, go, hold_free
from bursar.rollup.store import AHEAD, ROLLED_TO, mark_earlier_rules, mark_late, mark_left_out
from bursar.tenants.models import BillingAccount

ROLL_LOCK = 0x0B0_12_5A2
STEP = 150  # accounts
FEW = 2000  # of them: more than that are found by going through all again
CARRIED, CLOSING = "carried", "closing"  # month and the last account passed, kept as facts of the installation
PASSED_ALL = "all"


def roll(now: datetime) -> None:
    """Opens every month that has begun. Returns when its rows are there, whoever made them."""
    while (month := _next_to_open(Month.of(now))) is not None:
        close_all()
        go(partial(open_some, month))


def prepare(now: datetime) -> None:
    """Makes the rows of a month that begins within hours, so that little is left to do when it does.

    Whatever changes an account meanwhile drops its row there; the next call makes it again.
    """
    current = Month.of(now)
    if now >= current.end - AHEAD and rolled_to() == current:
        go(partial(prepare_some, current.next()))


def close_all() -> None:
    go(close_some)


def rolled_to() -> Month | None:
    """The newest month that is open."""
    text = _recall(ROLLED_TO)
    return Month.parse(text) if text else None


def _next_to_open(current: Month) -> Month | None:
    """An installation that never rolled starts at its first month: what is there already is not carried over."""
    last = rolled_to()
    if last is None:
        first = AccountMonth.objects.aggregate(first=Min("month"))["first"]
        start = min(Month.of(first), current) if first else current
        InstallationFact.objects.get_or_create(name=ROLLED_TO, defaults={"value": str(start)})
        last = rolled_to() or start
    return last.next() if last < current else None


@transaction.atomic
def prepare_some(month: Month, wait: bool) -> Went:
    """A step of carrying over. What people work on just now is left for the next time: there is no end of it."""
    if not _is_mine():
        return Went.BUSY
    went = _carry_some(month, wait)
    is_nearly_all = _passed(month) == PASSED_ALL and len(list_not_carried(month)) <= STEP
    return Went.DONE if is_nearly_all else went


@transaction.atomic
def open_some(month: Month, wait: bool) -> Went:
    """A step of carrying over; after the last one, in one short transaction, the month is there for everybody.

    What the copy cannot know is marked, and computed right after.
    """
    if not _is_mine():
        return Went.BUSY
    last = rolled_to()
    if last is not None and last >= month:
        return Went.DONE
    went = _carry_some(month, wait)
    if went is Went.DONE:
        InstallationFact.objects.select_for_update(no_key=True).get(name=ROLLED_TO)  # see `let_go`
        went = _carry_some(month, wait=False)
    if went is Went.DONE:
        mark_late(month.previous())
        mark_left_out(month)
        _keep(ROLLED_TO, str(month))
        _keep(CLOSING, f"{month.previous()} 0")
        InstallationFact.objects.filter(name=CARRIED).delete()
    return went


def _carry_some(month: Month, wait: bool) -> Went:
    """First all accounts in their order; then those that were worked on when their turn came, or have changed since."""
    passed = _passed(month)
    if passed in (None, PASSED_ALL):
        left = list_not_carried(month)
        if not left:
            return Went.DONE
        if passed == PASSED_ALL and len(left) <= FEW:
            return Went.ON if carry_over(hold_free(left[:STEP], wait=wait), month) else Went.BUSY
    ids = _accounts_after(passed if passed and passed != PASSED_ALL else "0")
    if ids:
        carry_over(hold_free(ids, wait=False), month)
    else:
        know_months()  # the month is in none yet, and who reads it next depends on them
    _keep(CARRIED, f"{month} {ids[-1] if ids else PASSED_ALL}")
    return Went.ON


@transaction.atomic
def close_some(wait: bool = False) -> Went:
    """A closed month's rows change by the clock no more, and have its rules. Pages need neither, so it has time."""
    if not InstallationFact.objects.filter(name=CLOSING).exists():
        return Went.DONE
    if not _is_mine():
        return Went.BUSY
    month, passed = _recall(CLOSING, " ").split(" ")
    ids = _accounts_after(passed) if passed else []
    if not ids:
        InstallationFact.objects.filter(name=CLOSING).delete()
        return Went.DONE
    mark_earlier_rules(ids, Month.parse(month))
    close_rows(ids, Month.parse(month))
    _keep(CLOSING, f"{month} {ids[-1]}")
    return Went.ON


def _is_mine() -> bool:
    """Whether this transaction is the one that rolls. Nobody waits for the lock itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ROLL_LOCK])
        return bool(cursor.fetchone()[0])


def _accounts_after(passed: str) -> list[int]:
    return list(BillingAccount.objects.filter(id__gt=int(passed)).order_by("id").values_list("id", flat=True)[:STEP])


def _passed(month: Month) -> str | None:
    """How far a walk over all accounts got; None when this month's has not begun."""
    kept, _, passed = _recall(CARRIED).partition(" ")
    return passed if kept == str(month) else None


def _recall(name: str, missing: str = "") -> str:
    return InstallationFact.objects.filter(name=name).values_list("value", flat=True).first() or missing


def _keep(name: str, value: str) -> None:
    """In one statement."""
    fact = InstallationFact(name=name, value=value)
    InstallationFact.objects.bulk_create([fact], update_conflicts=True, unique_fields=["name"], update_fields=["value"])
