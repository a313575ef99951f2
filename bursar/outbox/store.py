"""Writing rows that wait for commit, and carrying them out: at least once, each with its stored key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q

from bursar.outbox.carriers import CARRIERS
from bursar.outbox.models import OutboxRow, OutboxState

log = structlog.get_logger()

ATTEMPTS = 12
STUCK_AFTER = timedelta(minutes=10)


def put(kind: str, key: str, payload: dict[str, Any], now: datetime) -> OutboxRow | None:
    """Adds a row inside the caller's transaction; None when no room carries this kind."""
    if kind not in CARRIERS:
        return None
    return OutboxRow.objects.create(kind=kind, key=key, payload=payload, created_at=now, due_at=now)


def put_once(kind: str, key: str, payload: dict[str, Any], now: datetime) -> None:
    """As `put`; a row that is there already under this key stays as it is."""
    row = OutboxRow(kind=kind, key=key, payload=payload, created_at=now, due_at=now)
    OutboxRow.objects.bulk_create([row], ignore_conflicts=True)


def deliver_due(now: datetime, limit: int = 200) -> int:
    """Carries out what is due, oldest first. Several workers may run this at once. Returns how many were done."""
    done = 0
    for _ in range(limit):
        row = _take(now)
        if row is None:
            break
        done += _carry(row, now)
    return done


@transaction.atomic
def _take(now: datetime) -> OutboxRow | None:
    """One due row, marked `sending`. A row left in `sending` by a crash is taken again and marked."""
    stuck = Q(state=OutboxState.SENDING, due_at__lte=now - STUCK_AFTER)
    due = Q(state=OutboxState.WAITING, due_at__lte=now)
    row = OutboxRow.objects.select_for_update(skip_locked=True).filter(stuck | due).order_by("due_at", "id").first()
    if row is None:
        return None
    row.maybe_twice = row.maybe_twice or row.state == OutboxState.SENDING
    row.state, row.attempts, row.due_at = OutboxState.SENDING, row.attempts + 1, now
    row.save(update_fields=["state", "attempts", "due_at", "maybe_twice"])
    return row


def _carry(row: OutboxRow, now: datetime) -> int:
    try:
        CARRIERS[row.kind](row)
    except Exception as error:  # whatever a carrier meets must not stop the rows behind it
        log.exception("outbox_delivery_failed", kind=row.kind, id=row.public_id, attempt=row.attempts)
        row.last_error = f"{type(error).__name__}: {error}"
        row.state = OutboxState.FAILED if row.attempts >= ATTEMPTS else OutboxState.WAITING
        row.due_at = now + timedelta(seconds=30 * 2 ** min(row.attempts, 10))
        row.save(update_fields=["state", "due_at", "last_error"])
        return 0
    row.state, row.last_error = OutboxState.DONE, ""
    row.save(update_fields=["state", "last_error"])
    return 1
