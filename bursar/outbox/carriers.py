"""The registry of carriers: rooms above say who carries each kind of outbox row out after commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bursar.outbox.models import OutboxRow

Carrier = Callable[["OutboxRow"], str | None]
"""Carries a row out; what it returns stands in the log of tries. What it raises lets the row be tried again."""

CARRIERS: dict[str, Carrier] = {}
APART: set[str] = set()
"""Kinds that leave in jobs of their own, because who receives them may be slow; they are never given up by count."""


class NotDelivered(Exception):
    """Whoever should receive it did not take it: expected, quiet in the log, tried again."""

    is_final = False


class Refused(NotDelivered):
    """They said that they never will: the row fails at once, with their words."""

    is_final = True


class NotYet(Exception):
    """It was not tried: its time has not come. No try is counted, and none is logged."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"not before {until}")
        self.until = until


def carrier(kind: str, *, apart: bool = False) -> Callable[[Carrier], Carrier]:
    def register(function: Carrier) -> Carrier:
        if kind in CARRIERS:
            raise RuntimeError(f"Two carriers for “{kind}”.")
        CARRIERS[kind] = function
        if apart:
            APART.add(kind)
        return function

    return register
