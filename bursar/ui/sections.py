"""Parts of a page that come from the rooms which know their subject; the page lists them in one tuple."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict


@dataclass
class Look:
    """Who looks at what. `who`: the actor; on customers' pages their scope. `asked`: what the address asks.

    `cache` lets sections of one page share what they loaded.
    """

    who: Any
    target: Any
    now: datetime
    asked: QueryDict = field(default_factory=QueryDict)
    cache: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, load: Callable[[], Any]) -> Any:
        if name not in self.cache:
            self.cache[name] = load()
        return self.cache[name]


@dataclass(frozen=True)
class Section:
    """`load` gives its template what to show, or None where there is nothing. `is_for`: who sees it.

    `title`: its heading, to which `load` may add `aside`, in a paler ink. Without one, the template is the whole.
    """

    key: str
    title: str
    template: str
    load: Callable[[Look], dict[str, Any] | None]
    is_for: Callable[[Look], bool] = lambda look: True


@dataclass(frozen=True)
class Loaded:
    section: Section
    context: dict[str, Any]


def load(sections: Iterable[Section], look: Look) -> list[Loaded]:
    """In order; those that are not for whoever looks, or have nothing to show, are left out."""
    found = ((section, section.load(look)) for section in sections if section.is_for(look))
    return [Loaded(section, context) for section, context in found if context is not None]
