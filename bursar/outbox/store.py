"""Writing rows that wait for commit, and carrying them out: at least once, each with its stored key."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from bursar.core import clock
from bursar.outbox.carriers import CARRIERS, NotDelivered, NotYet, list_apart
from bursar.outbox.models import OutboxAttempt, OutboxRow, OutboxState

log = structlog.get_logger()

ATTEMPTS = 12
STUCK_AFTER = timedelta(minutes=10)
CUT_OFF_AT_MOST = 3
UNDONE = (OutboxState.WAITING, OutboxState.SENDING)


def make(
    kind: str, key: str, payload: dict[str, Any], now: datetime, order_key: str = "", due_at: datetime | None = None
) -> OutboxRow:
    """A row that is not stored yet. Raises LookupError when no room carries this kind."""
    if kind not in CARRIERS:
        raise LookupError(f"Nobody carries “{kind}”: register a carrier for it.")
    return OutboxRow(kind=kind, key=key, payload=payload, created_at=now, due_at=due_at or now, order_key=order_key)


def put(
    kind: str, key: str, payload: dict[str, Any], now: datetime, order_key: str = "", due_at: datetime | None = None
) -> OutboxRow:
    """As `make`, stored inside the caller's transaction."""
    row = make(kind, key, payload, now, order_key, due_at)
    row.save(force_insert=True)
    return row


def put_all(rows: list[OutboxRow]) -> None:
    """Made rows, stored inside the caller's transaction in this order."""
    OutboxRow.objects.bulk_create(rows)


def retry(row: OutboxRow, now: datetime) -> None:
    """By hand: due at once, with all its tries before it again. The key stays, so whoever knows it takes it once."""
    OutboxRow.objects.filter(pk=row.pk).update(state=OutboxState.WAITING, attempts=0, cut_off=0, due_at=now)


def list_finished(before: datetime) -> QuerySet[OutboxRow]:
    """What was done or dropped before an instant; never what waits, is being sent, or has failed."""
    return OutboxRow.objects.filter(state__in=[OutboxState.DONE, OutboxState.DROPPED], due_at__lt=before)


def drop(rows: QuerySet[OutboxRow], why: str, now: datetime) -> int:
    """Those that wait are never sent; what is on its way out at this moment is left alone. Returns how many."""
    waiting = rows.filter(state=OutboxState.WAITING)
    return waiting.update(state=OutboxState.DROPPED, due_at=now, last_error=why)


def list_dropped(kind: str) -> QuerySet[OutboxRow]:
    return OutboxRow.objects.filter(kind=kind, state=OutboxState.DROPPED)


def drop_one(row: OutboxRow, why: str, now: datetime) -> None:
    """By hand, whatever became of it so far. The caller has looked that it is not on its way out."""
    OutboxRow.objects.filter(pk=row.pk).update(state=OutboxState.DROPPED, due_at=now, last_error=why)


def is_cut_off(row: OutboxRow, now: datetime) -> bool:
    """Left half-sent by a worker that was killed."""
    return row.state == OutboxState.SENDING and row.due_at <= now - STUCK_AFTER


def list_set_aside(now: datetime) -> QuerySet[OutboxRow]:
    """Rows that are not tried again by themselves, because each try took the worker down."""
    stuck = OutboxRow.objects.filter(state=OutboxState.SENDING, due_at__lte=now - STUCK_AFTER)
    return stuck.filter(cut_off__gte=CUT_OFF_AT_MOST).order_by("id")


def set_aside(row: OutboxRow, why: str) -> None:
    """For a person to send or to drop; what waits behind it in its order goes on."""
    OutboxRow.objects.filter(pk=row.pk).update(state=OutboxState.FAILED, last_error=why)


def deliver_due(now: datetime, limit: int = 200) -> int:
    """Carries out what is due, oldest first. Several workers may run this at once. Returns how many were done.

    Kinds that leave apart are left to the jobs of their own room.
    """
    return _deliver(now, limit, ~Q(kind__in=list_apart()))[1]


def deliver_apart(now: datetime, kind: str, prefix: str, limit: int) -> int:
    """As `deliver_due`, for the rows of one kind whose order key begins with `prefix`. Returns how many were taken."""
    return _deliver(now, limit, Q(kind=kind, order_key__startswith=prefix))[0]


def list_order_keys_due(kind: str, now: datetime) -> list[str]:
    """Those of which something is due, or was left half-sent by a worker that was killed."""
    stuck = Q(state=OutboxState.SENDING, due_at__lte=now - STUCK_AFTER, cut_off__lt=CUT_OFF_AT_MOST)
    due = OutboxRow.objects.filter(stuck | Q(state=OutboxState.WAITING, due_at__lte=now), kind=kind)
    return list(due.order_by("order_key").values_list("order_key", flat=True).distinct())


def _deliver(now: datetime, limit: int, which: Q) -> tuple[int, int]:
    """How many rows were taken, and how many of them were done."""
    done = 0
    for taken in range(limit):
        row = _take(now, which)
        if row is None:
            return taken, done
        done += _carry(row, now)
    return limit, done


@transaction.atomic
def _take(now: datetime, which: Q) -> OutboxRow | None:
    """One due row, marked `sending`. A row left in `sending` by a crash is taken again and marked, a few times."""
    stuck = Q(state=OutboxState.SENDING, due_at__lte=now - STUCK_AFTER, cut_off__lt=CUT_OFF_AT_MOST)
    due = Q(state=OutboxState.WAITING, due_at__lte=now)
    before = OutboxRow.objects.filter(
        kind=OuterRef("kind"), order_key=OuterRef("order_key"), id__lt=OuterRef("id"), state__in=UNDONE
    )
    may_go = Q(order_key="") | ~Exists(before)
    rows = OutboxRow.objects.select_for_update(no_key=True, skip_locked=True).filter(which, stuck | due, may_go)
    row = rows.order_by("due_at", "id").first()
    if row is None:
        return None
    if row.state == OutboxState.SENDING:
        row.maybe_twice, row.cut_off = True, row.cut_off + 1
    row.state, row.attempts, row.due_at = OutboxState.SENDING, row.attempts + 1, now
    row.save(update_fields=["state", "attempts", "due_at", "maybe_twice", "cut_off"])
    return row


def _carry(row: OutboxRow, now: datetime) -> int:
    started = time.monotonic()
    detail, is_done, is_final = "", False, False
    try:
        detail, is_done = CARRIERS[row.kind].carry(row) or "", True
    except NotYet as wait:
        row.state, row.attempts, row.due_at = OutboxState.WAITING, row.attempts - 1, wait.until
        row.save(update_fields=["state", "attempts", "due_at"])
        return 0
    except NotDelivered as refusal:
        detail, is_final = str(refusal), refusal.is_final
        log.warning("outbox_not_delivered", kind=row.kind, id=row.public_id, attempt=row.attempts, why=detail)
    except Exception as error:  # whatever a carrier meets must not stop the rows behind it
        log.exception("outbox_delivery_failed", kind=row.kind, id=row.public_id, attempt=row.attempts)
        detail = f"{type(error).__name__}: {error}"
    ms = int((time.monotonic() - started) * 1000)
    OutboxAttempt.objects.create(row=row, at=clock.now(), ms=ms, is_done=is_done, detail=detail[:300])
    if is_done:
        row.state, row.last_error = OutboxState.DONE, ""
        row.save(update_fields=["state", "last_error"])
        return 1
    row.last_error, row.due_at = detail, now + timedelta(seconds=30 * 2 ** min(row.attempts, 10))
    is_over = is_final or (row.attempts >= ATTEMPTS and not CARRIERS[row.kind].apart)
    if not (is_over and _give_up(row)):
        row.state = OutboxState.WAITING
        row.save(update_fields=["state", "due_at", "last_error"])
    return 0


def _give_up(row: OutboxRow) -> bool:
    """Marks the row failed and lets its carrier say what follows, both or neither. False: it is tried again."""
    try:
        with transaction.atomic():
            row.state = OutboxState.FAILED
            row.save(update_fields=["state", "due_at", "last_error"])
            gave_up = CARRIERS[row.kind].gave_up
            if gave_up is not None:
                gave_up(row)
    except Exception:  # whatever it meets must not stop the rows behind this one
        log.exception("outbox_giving_up_failed", kind=row.kind, id=row.public_id)
        return False
    return True
