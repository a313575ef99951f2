"""Reading while others write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from bursar.core import timeouts


@contextmanager
def consistent_read(work: timeouts.Work | None = None) -> Iterator[None]:
    """One REPEATABLE READ, read-only transaction: all that is read is of the same instant.

    `work`: whose time limits hold, where they are not those of the process.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if work is not None:
            timeouts.begin_transaction(work)
        yield
