"""How many requests a web process works on at once, and what becomes of the others.

The server below has many threads, which cost nothing while they wait. Eight of them at a time hold a slot, and with it
one of eight connections to the database: those are the page threads. Whoever finds none free waits a while, then hears
that Bursar is busy: a row that somebody holds can keep the slots, and never the process. Health and static files need
no slot. Of the eight two are for reading alone: actions that wait for a lock leave them to the pages.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

SIZE = 8
WRITERS = 6
WAITING = 64
PATIENCE = 5.0  # seconds
READS = ("GET", "HEAD", "OPTIONS")
BUSY = "bursar.busy"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Slot:
    """A connection that goes from thread to thread with the right to use it."""

    def __init__(self) -> None:
        self._connection: BaseDatabaseWrapper | None = None
        self.is_write = False

    @contextmanager
    def carried(self) -> Iterator[None]:
        """Django's connection of this thread is the slot's meanwhile."""
        if self._connection is None:
            self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
            self._connection.inc_thread_sharing()
        before = next((one for one in connections.all(initialized_only=True) if one.alias == DEFAULT_DB_ALIAS), None)
        connections[DEFAULT_DB_ALIAS] = self._connection
        try:
            yield
        finally:
            del connections[DEFAULT_DB_ALIAS]
            if before is not None:
                connections[DEFAULT_DB_ALIAS] = before


class Slots:
    """`patience`: seconds that a request waits for a slot, and after which `is_busy` says so."""

    def __init__(self, size: int = SIZE, writers: int = WRITERS, patience: float = PATIENCE) -> None:
        self._free = [Slot() for _ in range(size)]
        self._most_writers, self._writing = writers, 0
        self._patience = patience
        lock = threading.Lock()
        self._turn = {is_write: threading.Condition(lock) for is_write in (False, True)}
        self._lock, self._waiting = lock, {False: 0, True: 0}
        self._full_since: float | None = None

    def take(self, *, is_write: bool) -> Slot | None:
        """None when none came free in time, or when too many wait already."""
        with self._lock:
            if sum(self._waiting.values()) >= WAITING:
                return None
            self._waiting[is_write] += 1
            try:
                found = self._turn[is_write].wait_for(lambda: self._is_open(is_write), self._patience)
            finally:
                self._waiting[is_write] -= 1
            if not found:
                self._wake(is_write)  # it may have been woken just as it gave up
                return None
            slot = self._free.pop()
            slot.is_write = is_write
            self._writing += is_write
            if not self._free and self._full_since is None:
                self._full_since = time.monotonic()
            return slot

    def give_back(self, slot: Slot) -> None:
        with self._lock:
            self._free.append(slot)
            self._writing -= slot.is_write
            if not any(self._waiting[is_write] and self._is_open(is_write) for is_write in (False, True)):
                self._full_since = None
            self._wake(slot.is_write)

    def is_busy(self) -> bool:
        """True when no slot was free for `patience` seconds."""
        with self._lock:
            return self._full_since is not None and time.monotonic() - self._full_since >= self._patience

    def _is_open(self, is_write: bool) -> bool:
        return bool(self._free) and not (is_write and self._writing >= self._most_writers)

    def _wake(self, first: bool) -> None:
        """One of the kind that gave the slot back, else one of the other."""
        for is_write in (first, not first):
            if self._waiting[is_write] and self._is_open(is_write):
                self._turn[is_write].notify()
                return


class _Streamed:
    """What is still being sent out of the database keeps its slot until the end, or until nobody listens."""

    def __init__(self, answer: Any, slot: Slot, slots: Slots) -> None:
        self._answer, self._parts, self._slot, self._slots = answer, iter(answer), slot, slots
        self._is_open = True

    def __iter__(self) -> _Streamed:
        return self

    def __next__(self) -> bytes:
        with self._slot.carried():
            part: bytes = next(self._parts)
        return part

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        try:
            with self._slot.carried():
                self._answer.close()
        finally:
            self._slots.give_back(self._slot)

    __del__ = close


class Admission:
    """The WSGI application, with slots before it. `beside`: beginnings of addresses that need none."""

    def __init__(self, application: Application, slots: Slots, beside: tuple[str, ...]) -> None:
        self._application, self._slots, self._beside = application, slots, beside
        self._own, self._own_lock = Slot(), threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/readyz" and not self._slots.is_busy():
            return self._ask_beside(environ, start_response)
        if path.startswith(self._beside):
            return self._application(environ, start_response)
        slot = self._slots.take(is_write=environ.get("REQUEST_METHOD") not in READS)
        if slot is None:
            return self._application({**environ, BUSY: True}, start_response)
        try:
            with slot.carried():
                answer: Any = self._application(environ, start_response)
                if getattr(answer, "streaming", True):
                    kept = _Streamed(answer, slot, self._slots)
                    slot = None
                    return kept
                whole = b"".join(answer)
                answer.close()
                return [whole]
        finally:
            if slot is not None:
                self._slots.give_back(slot)

    def _ask_beside(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Whether it is ready: on a connection of its own, one at a time."""
        if not self._own_lock.acquire(timeout=PATIENCE):
            return self._application({**environ, BUSY: True}, start_response)
        try:
            with self._own.carried():
                answer: Any = self._application(environ, start_response)
                whole = b"".join(answer)
                answer.close()
                return [whole]
        finally:
            self._own_lock.release()


SLOTS = Slots()
