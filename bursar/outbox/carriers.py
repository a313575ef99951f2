"""The registry of carriers: rooms above say who carries each kind of outbox row out after commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bursar.outbox.models import OutboxRow

Carrier = Callable[["OutboxRow"], None]
CARRIERS: dict[str, Carrier] = {}


def carrier(kind: str) -> Callable[[Carrier], Carrier]:
    def register(function: Carrier) -> Carrier:
        if kind in CARRIERS:
            raise RuntimeError(f"Two carriers for “{kind}”.")
        CARRIERS[kind] = function
        return function

    return register
