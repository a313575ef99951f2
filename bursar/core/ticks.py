"""Level-triggered clock work: each minute every tick asks the database what is due (DESIGN 3).

No tick means “now is 09:00”; one that was missed is caught up by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Tick = Callable[[datetime], object]
TICKS: dict[str, Tick] = {}


def tick(name: str) -> Callable[[Tick], Tick]:
    def register(function: Tick) -> Tick:
        if name in TICKS:
            raise RuntimeError(f"Two ticks are called {name}.")
        TICKS[name] = function
        return function

    return register
