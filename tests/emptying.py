"""Between two tests that commit: nobody talks to the database any more, then it is emptied, or the run ends.

A browser that still fetches, a worker that still writes: either meets the TRUNCATE in a deadlock, and the next test then
meets old data. So what a test started is ended first: its browser (tests/browser/conftest.py), its live server once that
has answered everything it was asked, its processes, its threads' connections.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import TransactionTestCase

from tests.mould import SHIPPED
from tests.processes import end_all

PATIENCE = 60.0  # seconds; two busy cores answer a page of the panel in less than two
FORGOTTEN = 2  # seconds
LARGE = 1 << 20  # bytes of one table
OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)
JOBS = [f"DELETE FROM procrastinate_{name}" for name in ("events", "periodic_defers", "jobs", "workers")]
"""No tables of Django's: what a killed worker left in them would be taken up in another test."""
faults: list[str] = []  # after the first of them the run stops: see tests/conftest.py
_sql_flush = DatabaseOperations.sql_flush


class StillTalking(Exception):
    """Somebody asks, or may ask, the database for something, although the test is over."""


class AnsweringServer(ThreadedWSGIServer):
    """A live server that closes only when each connection it took is done with, the database's included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._open: set[Any] = set()
        self._changed = threading.Condition()
        super().__init__(*args, **kwargs)

    def serve_forever(self, poll_interval: float = 0.02) -> None:
        super().serve_forever(poll_interval)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        super().close_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def server_close(self) -> None:
        """After `shutdown`: nothing new is taken, what waits for a further question hears that there is none."""
        super().server_close()
        with self._changed:
            for request in self._open:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RD)
            if not self._changed.wait_for(lambda: not self._open, PATIENCE):
                raise StillTalking(f"The live server still answers {len(self._open)} after {PATIENCE:.0f} s.")


def wait_until_alone(patience: float | None = None) -> None:
    """Until no other connection to this database stands: one that is idle now may ask in a moment.

    One that stays idle was forgotten (by a loop or a thread of this process): it is cut off, so that it cannot.
    """
    patience = PATIENCE if patience is None else patience
    deadline = time.monotonic() + patience
    while others := _list_others():
        if time.monotonic() > deadline:
            raise StillTalking(f"Still connected after {patience:.0f} s: {'; '.join(others)}")
        time.sleep(0.02)
        _cut_others_off(f"AND state = 'idle' AND state_change < clock_timestamp() - interval '{FORGOTTEN} s'")


def _list_others() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT format('%s: %s', state, left(query, 200)) {OTHERS}")
        return [row[0] for row in cursor.fetchall()]


def _cut_others_off(which: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) {OTHERS} {which}")


def _flush_the_book_too(self: Any, style: Any, tables: list[str], **kwargs: Any) -> list[str]:
    """The book refuses TRUNCATE; only a superuser's test database may step round it. What migrations ship comes back.

    A TRUNCATE makes the files of every table and every index anew, a quarter of a second of CPU; where all tables hold
    little, their rows are deleted. The cache goes as well: how often somebody signed in within a minute is counted there.
    """
    sizes = _sizes_of(tables)
    statements = [f"DELETE FROM {self.quote_name(table)}" for table, size in sizes.items() if size]
    if max(sizes.values(), default=0) > LARGE:
        statements = _sql_flush(self, style, tables, **kwargs)
    role = "SET session_replication_role = "
    every = [f"{role}replica", *statements, *SHIPPED, "DELETE FROM core_cache", *JOBS, f"{role}origin"]
    return ["; ".join(one.rstrip("; ") for one in every)] if tables else []


def _sizes_of(tables: list[str]) -> dict[str, int]:
    """In bytes, what was deleted and not yet cleared away included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, pg_relation_size(quote_ident(name)::regclass) FROM unnest(%s::text[]) name", [list(tables)]
        )
        return dict(cursor.fetchall())


def empty_or_end(case: TransactionTestCase) -> None:
    try:
        end_all()
        wait_until_alone()
        # without what follows a migration: all that it makes is among what migrations ship
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=True)
    except Exception as error:
        _cut_others_off()  # so that the database itself can go
        faults.append("The database could not be emptied; the next test would meet old data.")
        raise StillTalking(f"{faults[-1]} {error} {error.__cause__ or ''}") from error


def take_over() -> None:
    """Every test that commits is followed by this, whatever started it."""
    DatabaseOperations.sql_flush = _flush_the_book_too  # type: ignore[method-assign, assignment]
    TransactionTestCase._fixture_teardown = empty_or_end  # type: ignore[attr-defined]
