"""The registry of carriers: rooms above say who carries each kind of outbox row out after commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from bursar.core.registry import Registry

if TYPE_CHECKING:
    from bursar.outbox.models import OutboxRow

Carry = Callable[["OutboxRow"], str | None]
"""Carries a row out; what it returns stands in the log of tries. What it raises lets the row be tried again."""
GaveUp = Callable[["OutboxRow"], object]


class Outgoing(NamedTuple):
    """A row in words: what goes out, to whom, and the path of what it is about, where that has a page."""

    what: str
    to: str
    path: str = ""


Describe = Callable[[Sequence["OutboxRow"]], dict[int, Outgoing]]
"""Of rows of its kind, by their keys, in a fixed number of statements; without those of which nothing is left."""


@dataclass(frozen=True)
class Carrier:
    """`apart`: leaves in jobs of its own, because who receives it may be slow; it is never given up by count.

    label: what its rows are, in words.
    gave_up: called once, in the transaction that marks a row failed; what it raises lets the row be tried again.
    describe: for a kind of which neither a mail nor a line of the book says what its rows are.
    """

    carry: Carry
    label: str = ""
    apart: bool = False
    gave_up: GaveUp | None = None
    describe: Describe | None = None


CARRIERS: Registry[Carrier] = Registry("carrier")


def list_apart() -> list[str]:
    return [kind for kind, made in CARRIERS.items() if made.apart]


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


def carrier(
    kind: str, label: str, *, apart: bool = False, gave_up: GaveUp | None = None, describe: Describe | None = None
) -> Callable[[Carry], Carry]:
    """Registers who carries the rows of a kind out after commit."""

    def register(function: Carry) -> Carry:
        CARRIERS.add(kind, Carrier(function, label, apart, gave_up, describe))
        return function

    return register
