"""A closed registry (DESIGN 1): filled at start-up, each name once, then read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Names and what they stand for, in the order of start-up. `what` is one of them in words: “tick”."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.things: dict[str, T] = {}
        self.is_closed = False

    def add(self, name: str, thing: T) -> T:
        """Raises ImproperlyConfigured for a name that is taken, and once start-up is over."""
        if self.is_closed:
            raise ImproperlyConfigured(f"It is too late to declare the {self.what} “{name}”: do so at start-up.")
        if name in self.things:
            raise ImproperlyConfigured(f"There are two {self.what}s called “{name}”.")
        self.things[name] = thing
        return thing

    def close(self) -> None:
        self.is_closed = True

    def __getitem__(self, name: str) -> T:
        return self.things[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.things)

    def __len__(self) -> int:
        return len(self.things)
