from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from bursar.core.retention import forgets
from bursar.core.retry import JOB_AGAIN
from bursar.product import running
from bursar.product.models import ImportRun, ImportState


@app.task(name="product.import_file", lock="product.import_file", retry=JOB_AGAIN)
def import_file(import_id: str) -> None:
    """One at a time: two files that speak of the same things would undo each other's order."""
    running.carry_out(import_id)


@forgets("product")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """The book keeps who had what imported."""
    old = ImportRun.objects.filter(created_at__lt=now - settings.BURSAR_LOGS_KEPT)
    yield old.exclude(state=ImportState.RUNNING)
