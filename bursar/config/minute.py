"""The minute clock: every tick by itself, whatever happens to the others.

It only enqueues. A tick is a job of its own: one of a name waits at most, and none runs beside another of its name, so
that a slow one keeps neither the others nor the minute waiting. What a killed worker left is put back each minute.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import structlog
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from bursar.core import heartbeat
from bursar.core.ticks import TICKS

TICK = "config.tick"
FIRST = 10
"""Priority: before whatever else waits, however much that is. Deliveries have 0."""
log = structlog.get_logger()


def enqueue_ticks(now: datetime) -> None:
    """One job a tick, unless one waits already."""
    for name in TICKS:
        job = app.configure_task(TICK, lock=f"tick:{name}", queueing_lock=f"tick:{name}", priority=FIRST)
        with suppress(AlreadyEnqueued), transaction.atomic():
            job.defer(name=name)
    heartbeat.beat(now)


def run_tick(name: str, now: datetime) -> bool:
    """False when it failed, which is loud in the log; the next minute tries again."""
    try:
        TICKS[name](now)
    except Exception:
        log.exception("tick_failed", tick=name)
        return False
    return True


def run_ticks(now: datetime) -> list[str]:
    """All of them here and now, one after the other. Returns the names of those that failed."""
    failed = [name for name in TICKS if not run_tick(name, now)]
    heartbeat.beat(now)
    return failed
