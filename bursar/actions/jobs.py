from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from bursar.actions import bulk, idempotency, undo
from bursar.actions.models import BulkRun, BulkState
from bursar.core.retention import forgets
from bursar.core.retry import JOB_AGAIN
from bursar.core.ticks import tick


@app.task(name="actions.resume_bulk", retry=JOB_AGAIN)
def resume_bulk(run_id: str) -> None:
    bulk.resume_as_stored(run_id)


@tick("actions.bulk")
def go_on_with_what_was_left(now: datetime) -> None:
    bulk.go_on_with_what_was_left(now)


@forgets("actions")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """The book keeps what each of them did."""
    yield idempotency.list_old(now)
    yield undo.list_old(now)
    over = BulkRun.objects.filter(state__in=[BulkState.DONE, BulkState.STOPPED])
    yield over.filter(created_at__lt=now - settings.BURSAR_LOGS_KEPT)
