"""Jobs that ask Mollie, in queues of their own: whatever Mollie does, mail and the minute go on, and nobody who looks
at a page waits behind what nobody looks at.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

MOLLIE = "mollie"
AWAITED = "awaited"
"""A person waits for it. The worker keeps a place for this queue alone (`config/working.py`)."""
FIRST = 10
"""Priority of what is awaited: it also goes before its like of the other queue, which may hold the same lock."""
LATER = -1
"""Priority of what we tell Mollie while nobody waits: money that arrived moves its account before."""


def enqueue(
    task: str, name: str, *, is_awaited: bool, priority: int = 0, lock: str | None = None, **values: Any
) -> None:
    """One job of a name and queue waits at most. lock: none runs beside another of the same."""
    queue = AWAITED if is_awaited else MOLLIE
    job = app.configure_task(
        task, queue=queue, lock=lock, queueing_lock=f"{queue}:{name}", priority=FIRST if is_awaited else priority
    )
    try:
        with transaction.atomic():
            job.defer(**values)
    except AlreadyEnqueued:
        pass
