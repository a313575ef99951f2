"""What will happen by itself, in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count

Happening = Callable[[datetime], None]
"""Is told the instant that it was meant for, and does nothing when that is no longer so."""


class Agenda:
    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Happening]] = []
        self._order = count()

    def add(self, at: datetime, happening: Happening) -> None:
        heapq.heappush(self._heap, (at, next(self._order), happening))

    @property
    def next_at(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None

    def run_next(self) -> None:
        at, _, happening = heapq.heappop(self._heap)
        happening(at)
