"""What a predicate is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bursar.access.actor import Actor


@dataclass
class Case:
    """One actor looking at one target at one instant. `cache` lets predicates share what they loaded.

    `written`: the tables feeding the month facts that the verb wrote since; `unread`: those of them of which what the
    case has loaded does not know yet, so that nothing else is read again.
    `held`: what was loaded before of the accounts that are locked, and stands like that still.
    `moved`: names of the card's facts that the rehearsal moved, for `Action.idle`.
    `is_one_of_several`: the form is filled in once for many targets, so that nothing of this one may stand in it.
    `beside`: what cases share that are only looked at together, as those of a menu; None where anything is written.
    """

    actor: Actor
    target: Any
    now: datetime
    cache: dict[str, Any] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    held: dict[str, Any] = field(default_factory=dict)
    is_one_of_several: bool = False
    moved: frozenset[str] = frozenset()
    beside: dict[str, Any] | None = None

    def share(self, name: str, load: Callable[[], Any]) -> Any:
        """Loaded once for all cases that are looked at together; `name` says of what it is."""
        if self.beside is None:
            return load()
        if name not in self.beside:
            self.beside[name] = load()
        return self.beside[name]

    def once(self, name: str, load: Callable[[], Any]) -> Any:
        if name not in self.cache:
            self.cache[name] = load()
        return self.cache[name]
