from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from bursar.core import clock
from bursar.core.retention import forgets
from bursar.core.retry import JOB_AGAIN
from bursar.core.ticks import tick
from bursar.outbox import store
from bursar.outbox.carriers import list_apart


@app.task(name="outbox.deliver", retry=JOB_AGAIN)
def deliver() -> None:
    """Enqueued inside an action's transaction, so that it starts right after commit."""
    store.deliver_due(clock.now())


@tick("outbox.deliver")
def deliver_when_due(now: datetime) -> None:
    """The sweeper: whatever a lost job left behind."""
    store.deliver_due(now)


@forgets("outbox")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """With their tries. Kinds that leave apart belong to the log of their own room, which forgets both."""
    yield store.list_finished(now - settings.BURSAR_LOGS_KEPT).exclude(kind__in=list_apart())
