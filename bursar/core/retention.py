"""Old rows go, a few at a time: each batch is a short transaction of its own, so that nothing waits for it.

Killed at any moment, the next minute goes on where this one stopped; two workers at once take different rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from bursar.core.errors import NotFound
from bursar.core.models import InstallationFact
from bursar.core.ticks import Tick, tick

log = structlog.get_logger()

BATCH = 500
BATCHES_A_MINUTE = 40
"""So that a first cleaning of years holds up no notice: the rest goes in the minutes after."""

Old = Callable[[datetime], Iterable[QuerySet[Any]]]


def forgets(room: str) -> Callable[[Old], Tick]:
    """Registers what a room forgets, once a day: `(now) -> querysets of what may go`, one emptied before the next."""
    name = f"{room}.forget"

    def register(list_old: Old) -> Tick:
        def forget_daily(now: datetime) -> None:
            today = now.date().isoformat()
            if InstallationFact.objects.filter(name=name, value=today).exists():
                return
            if _forget(name, list_old(now)):
                InstallationFact.objects.update_or_create(name=name, defaults={"value": today})

        return tick(name)(forget_daily)

    return register


def _forget(name: str, parts: Iterable[QuerySet[Any]]) -> bool:
    """False when the batches of this minute are used up and something is left."""
    left = BATCHES_A_MINUTE
    for rows in parts:
        last, gone = None, 0
        while left:
            picked = _delete_batch(rows if last is None else rows.filter(pk__gt=last))
            if not picked:
                break
            last, gone, left = picked[-1], gone + len(picked), left - 1
        if gone:
            log.info("forgotten", by=name, what=rows.model.__name__, rows=gone)
        if not left:
            return False
    return True


@transaction.atomic
def _delete_batch(rows: QuerySet[Any]) -> list[Any]:
    """The keys of what went: the first rows by key that nobody else is holding."""
    held = rows.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
    picked = list(held.values_list("pk", flat=True)[:BATCH])
    rows.model._base_manager.filter(pk__in=picked).delete()
    return picked


def no_longer_kept() -> NotFound:
    """For an id that the book may still name."""
    days = settings.BURSAR_LOGS_KEPT.days
    return NotFound(f"There is nothing with this id, or it is no longer kept: what is done goes after {days} days.")
