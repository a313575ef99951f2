"""The registry of carriers: rooms above say who carries each kind of outbox row out after commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bursar.outbox.models import OutboxRow

Carrier = Callable[["OutboxRow"], str | None]
"""Carries a row out; what it returns stands in the log of tries. What it raises lets the row be tried again."""

CARRIERS: dict[str, Carrier] = {}


class NotDelivered(Exception):
    """Whoever should receive it did not take it: expected, quiet in the log, tried again."""

    is_final = False


class Refused(NotDelivered):
    """They said that they never will: the row fails at once, with their words."""

    is_final = True


def carrier(kind: str) -> Callable[[Carrier], Carrier]:
    def register(function: Carrier) -> Carrier:
        if kind in CARRIERS:
            raise RuntimeError(f"Two carriers for “{kind}”.")
        CARRIERS[kind] = function
        return function

    return register
