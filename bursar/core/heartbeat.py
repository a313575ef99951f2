"""When the worker was last alive, so that pages can say when it has not run for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

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


def read_installation() -> tuple[bool, datetime | None]:
    """Whether this is a demo, and when the worker was last seen: what every page says, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM core_installationfact WHERE name = 'demo'), "
            "(SELECT seen_at FROM core_workerbeat WHERE name = 'worker')"
        )
        is_demo, seen = cursor.fetchone()
        return bool(is_demo), seen
