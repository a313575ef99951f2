from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from bursar.core.retention import forgets
from bursar.core.ticks import tick
from bursar.files import queries


@tick("files.forget_unfinished")
def forget_unfinished(now: datetime) -> None:
    """What was given up: the process was killed, or the action refused, after the writing."""
    queries.list_unfinished(now).delete()


@forgets("files")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """The book keeps what was exported or sent up, and when."""
    yield from queries.list_expired(now)
