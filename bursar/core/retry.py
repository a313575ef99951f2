"""Deadlocks are rare and harmless: PostgreSQL ends one of the two, and that one tries again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError

T = TypeVar("T")
DEADLOCK = "40P01"
TRIES = 3


def retry_deadlocks(transaction: Callable[[], T]) -> T:
    """Runs a whole transaction, up to three times when it is ended by a deadlock. Everything else is raised."""
    for _ in range(TRIES - 1):
        try:
            return transaction()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                raise
    return transaction()
