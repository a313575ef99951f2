"""Two real connections: whoever should wait is seen waiting in the database, never slept for."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from django.db import connection

PATIENCE = 300.0  # seconds, for a condition that comes in a moment unless something is wrong


def until(holds: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def count_waiters() -> int:
    """Backends of this database that wait for a lock; also those that came since the transaction first asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE NOT l.granted AND a.datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def wait_for_waiters(number: int = 1) -> None:
    until(lambda: count_waiters() >= number, f"fewer than {number} wait for a lock")


def count_deadlocks() -> int:
    """That the server ever ended in this database. A backend tells its own at the latest when it goes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


class Beside(threading.Thread):
    """Something done on a connection of its own. `finish` waits for it, and raises what went wrong there."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._call, self._fault = call, ""
        self.result: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._call()
        except Exception:
            self._fault = traceback.format_exc()
        finally:
            connection.close()

    def finish(self) -> Any:
        self.join(PATIENCE)
        assert not self.is_alive(), "it still waits"
        assert not self._fault, self._fault
        return self.result
