"""A closed registry (DESIGN 1): filled at start-up, each name once, then read only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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

    def close(self, names: Collection[str] | None = None) -> None:
        """Nothing is declared after this. Raises ImproperlyConfigured unless `names`, if given, are what there is."""
        faults = [] if names is None else self.list_faults(names, is_whole=True)
        if faults:
            raise ImproperlyConfigured("Bursar does not start: " + "; ".join(faults))
        self.is_closed = True

    def list_faults(self, names: Collection[str], *, is_whole: bool) -> list[str]:
        """Names that are none of `names`, in words; `is_whole`: those of `names` that are missing too."""
        faults = [f"there is a {self.what} “{name}”, which is unknown" for name in self.things if name not in names]
        missing = [name for name in names if name not in self.things] if is_whole else []
        return faults + [f"there is no {self.what} “{name}”" for name in missing]

    def __getitem__(self, name: str) -> T:
        return self.things[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.things)

    def __len__(self) -> int:
        return len(self.things)
