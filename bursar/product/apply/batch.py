"""What a batch of lines is applied with, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bursar.core.calendar import Month
from bursar.core.registry import Registry
from bursar.product.lookup import Lookup
from bursar.tenants.store import Written

Records = Sequence[Any]  # of one kind, in the order of the file


@dataclass
class Applied:
    """`bad`: line number → the sentence. `touched`: accounts and the first month concerned."""

    taken: int = 0
    bad: dict[int, str] = field(default_factory=dict)
    touched: dict[int, Month | None] = field(default_factory=dict)

    def touch(self, accounts: Mapping[int, datetime]) -> None:
        for account_id, at in accounts.items():
            known = self.touched.get(account_id)
            self.touched[account_id] = min(known, Month.of(at)) if known else Month.of(at)

    def add(self, other: Applied) -> None:
        self.taken += other.taken
        self.bad |= other.bad
        for account_id, month in other.touched.items():
            known = self.touched.get(account_id)
            self.touched[account_id] = min(known, month) if known and month else month


Taker = Callable[[Records, Lookup, datetime], Written]
TAKERS: Registry[Taker] = Registry("taker of lines")
ENDS = "organisation_end"
"""Lines of kind organisation once more, after the whole file."""


_ATTRIBUTES = {"type": "kind", "creator": "creator_id", "data_owner": "data_owner_id", "invited_by": "invited_by_id"}


def said_by(record: Any) -> frozenset[str]:
    """The attributes of rows that a line gives itself, and does not leave to what is meant otherwise."""
    return frozenset(_ATTRIBUTES.get(name, name) for name in record.model_fields_set)


def takes(kind: str) -> Callable[[Taker], Taker]:
    """Registers who hands lines of this kind to their pens."""

    def register(function: Taker) -> Taker:
        return TAKERS.add(kind, function)

    return register
