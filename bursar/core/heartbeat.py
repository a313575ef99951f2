"""When the worker was last alive, so that pages can say when it has not run for a while."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from bursar.core.models import WorkerBeat

LATE_AFTER = timedelta(minutes=5)


def beat(now: datetime, name: str = "worker") -> None:
    WorkerBeat.objects.update_or_create(name=name, defaults={"seen_at": now})


def seen_at(name: str = "worker") -> datetime | None:
    return WorkerBeat.objects.filter(name=name).values_list("seen_at", flat=True).first()


def is_late(now: datetime, last: datetime | None) -> bool:
    """True when no worker has reported for five minutes, or none ever has."""
    return last is None or now - last > LATE_AFTER


class Installation(NamedTuple):
    """`seen_at`: the worker. `counts`: beside the reader's navigation, by entry, as they were at `counted_at`.
    `changed_at`: when anything was done here last.
    """

    is_demo: bool
    seen_at: datetime | None
    counts: dict[str, int] | None
    counted_at: datetime | None
    changed_at: datetime | None = None


def read_installation(reader: str = "", newest: str = "NULL") -> Installation:
    """What every page says, in one statement. `reader`: the public id of whoever looks, if anybody is known.

    `newest`: SQL for the instant at which anything was done last, from the room that knows.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM core_installationfact WHERE name = 'demo'), "
            "(SELECT seen_at FROM core_workerbeat WHERE name = 'worker'), counted.counts, counted.at, "
            f"({newest}) "  # ours, never a reader's
            "FROM (VALUES (1)) always LEFT JOIN core_lastcounted counted ON counted.reader = %s",
            [reader],
        )
        is_demo, seen, counts, at, changed = cursor.fetchone()
        return Installation(bool(is_demo), seen, json.loads(counts) if counts else None, at, changed)
