"""Trying again what the database ended for no fault of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy

from bursar.core.faults import DEADLOCK, sqlstate_of

T = TypeVar("T")
TRIES = 3
JOB_AGAIN = RetryStrategy(max_attempts=10, wait=5, linear_wait=10, retry_exceptions=[OperationalError, InterfaceError])
"""For a job that was cut off by the database: it is begun anew, ten times within ten minutes."""


def retry_deadlocks(transaction: Callable[[], T]) -> T:
    """Deadlocks are rare and harmless: PostgreSQL ends one of the two, and that one tries again.

    Runs a whole transaction, up to three times when it is ended by a deadlock. Everything else is raised.
    """
    for _ in range(TRIES - 1):
        try:
            return transaction()
        except OperationalError as error:
            if sqlstate_of(error) != DEADLOCK:
                raise
    return transaction()
