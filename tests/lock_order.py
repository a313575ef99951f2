"""In which order a transaction gets its locks, read from pg_locks after each of its statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg.pq import TransactionStatus

PAGE = Path(settings.ROOT) / "docs/decisions/0023-one-order-of-locks.md"
ACCOUNTS, HEADS = "tenants_billingaccount", "audit_audithead"
GUARDED, ADDED = 4, 13  # by what was taken before them; nobody waits for them
_ROW = re.compile(r"^\| (\d+) \| .+ \| (.+) \|$", re.MULTILINE)
_HELD = """
SELECT l.virtualtransaction, c.relname, (l.classid::bigint << 32) | l.objid::bigint
FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.granted AND (l.locktype = 'advisory'
    OR c.relkind = 'r' AND l.mode IN ('RowShareLock', 'RowExclusiveLock') AND c.relnamespace = 'public'::regnamespace)
"""


def read_order() -> dict[str, int]:
    """What the decision says: names of tables and of advisory locks, by their place."""
    rows = _ROW.findall(PAGE.read_text())
    return {name: int(place) for place, names in rows for name in re.findall("`(.+?)`", names)}


def place_of(lock: str, order: dict[str, int]) -> int:
    """By its whole name first; what is not named is a row of some subject."""
    beginnings = [name for name in order if name.endswith("*") and lock.startswith(name[:-1])]
    return order.get(lock) or next((order[name] for name in beginnings), GUARDED)


@dataclass
class Watch:
    """`faults`: each lock that came too late, as “held → taken”. `seen`: all that were taken."""

    order: dict[str, int]
    faults: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    _of: str = ""
    _held: set[str] = field(default_factory=set)
    _last: str = ""

    def note(self, transaction: str, locks: Collection[str]) -> None:
        if transaction != self._of:
            self._of, self._held, self._last = transaction, set(), ""
        for lock in sorted(set(locks) - self._held, key=lambda lock: place_of(lock.partition(" ")[0], self.order)):
            name = lock.partition(" ")[0] if lock.startswith((ACCOUNTS, HEADS)) else lock
            self._held.add(lock)
            self.seen.add(name)
            place, last = (place_of(one, self.order) if one else 0 for one in (name, self._last))
            if place >= last:
                self._last = name if place < ADDED else self._last
            elif place != GUARDED:
                self.faults.add(f"{self._last} → {name}")


@contextmanager
def watched(sources: Collection[str] = ("recorder",)) -> Iterator[Watch]:
    """`sources`: of the usage that is sent meanwhile."""
    watch = Watch(read_order())
    names = [*(name for name in watch.order if "*" not in name), *(f"usage:{source}" for source in sources)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT hashtextextended(n, 0), n FROM unnest(%s::text[]) n", [names])
        advisory: dict[int, str] = dict(cursor.fetchall())

    def look(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        held = connection.connection
        if held is not None and held.info.transaction_status == TransactionStatus.INTRANS:
            rows = held.execute(_HELD).fetchall()
            tables = {table for _, table, _ in rows if table} - {ACCOUNTS, HEADS}
            others = {advisory.get(number, f"unknown {number}") for _, table, number in rows if not table}
            if rows:
                watch.note(rows[0][0], tables | others | _by_key(str(sql), params))
        return done

    with connection.execute_wrapper(look):
        yield watch


def _by_key(sql: str, params: Any) -> set[str]:
    """pg_locks names no rows. Of accounts, and of the book's streams, each one counts: the statement says which."""
    if ACCOUNTS in sql and "FOR NO KEY UPDATE" in sql:
        keys = params[0] if params and isinstance(params[0], list | set | tuple) else (params or ["all"])[:1]
        return {f"{ACCOUNTS} {key}" for key in keys}
    if f"INSERT INTO {HEADS}" in sql:
        return {f"{HEADS} {stream}" for stream in params[0] if not stream.startswith(("acc_", "org_"))}
    return set()
