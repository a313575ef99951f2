"""How long each door waits for the database before it says so instead.

A process has the limits of its kind from the moment it connects (pages in the web, jobs in the worker); what is shorter
or longer by nature, an action or an export, sets its own for its transaction alone, so that a pooler may stand between.
The shell (import, verify, migrate, restore) has none: what takes an hour there takes an hour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db import connection

_NAMES = ("lock", "statement", "idle")
_PART = re.compile(r"(lock|statement|idle)=(\d{1,6}(?:\.\d{1,3})?)", re.ASCII)


class Work(StrEnum):
    """What the database is asked for."""

    PAGE = "page"
    ACTION = "action"
    EXPORT = "export"
    JOB = "job"


@dataclass(frozen=True)
class Limits:
    """Seconds, 0 for none. `lock`: for what another holds. `statement`: for one statement, locks included.
    `idle`: between two statements of one transaction; then the database ends the connection, and frees its locks.
    """

    lock: float
    statement: float
    idle: float

    def parameters(self) -> dict[str, int]:
        """As PostgreSQL names them, in milliseconds."""
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        return {name: round(1000 * value) for name, value in zip(names, self._values(), strict=True)}

    def _values(self) -> tuple[float, float, float]:
        return self.lock, self.statement, self.idle


def parse(text: str) -> Limits:
    """Reads “lock=5 statement=30 idle=30”. Raises ValueError for anything else."""
    parts = [_PART.fullmatch(part) for part in text.split()]
    found = {part[1]: float(part[2]) for part in parts if part}
    if len(found) != len(_NAMES) or not all(parts) or len(parts) != len(_NAMES):
        raise ValueError("it is written as lock=5 statement=30 idle=30, in seconds; 0 is no limit")
    return Limits(**found)


def of(work: Work) -> Limits:
    limits: dict[Work, Limits] = settings.BURSAR_TIMEOUTS
    return limits[work]


def begin_process(work: Work) -> None:
    """Every connection of this process, from the next one on, starts with the limits of `work`."""
    given = connection.settings_dict["OPTIONS"]
    own = " ".join(f"-c {name}={value}" for name, value in of(work).parameters().items())
    connection.settings_dict["OPTIONS"] = {**given, "options": f"{own} {given.get('options', '')}".strip()}
    connection.close()


def begin_transaction(work: Work) -> None:
    """The limits of `work` until the transaction ends; the caller has opened it."""
    assert connection.in_atomic_block, "without a transaction the limits would stay on the connection"
    words = "; ".join(f"SET LOCAL {name} = {value}" for name, value in of(work).parameters().items())
    with connection.wrap_database_errors:  # beside Django's cursors: it is no query of the action, and is not counted
        connection.connection.execute(words)
