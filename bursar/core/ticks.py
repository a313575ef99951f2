"""Level-triggered clock work: each minute every tick asks the database what is due (DESIGN 3).

No tick means “now is 09:00”; one that was missed is caught up by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bursar.core.registry import Registry

Tick = Callable[[datetime], object]
TICKS: Registry[Tick] = Registry("tick")


def tick(name: str) -> Callable[[Tick], Tick]:
    """Registers timed work: `(now)`. Each is a job of its own, and no two of one name run at once."""

    def register(function: Tick) -> Tick:
        return TICKS.add(name, function)

    return register
