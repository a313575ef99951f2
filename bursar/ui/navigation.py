"""The registry of both sides' entries: each room says where it is found, by whom, and what to count beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.urls import get_resolver

from bursar.core.registry import Registry


class Side(StrEnum):
    PANEL = "panel"
    DASHBOARD = "dashboard"


HEADED = {"customers": "Customers", "money": "Money", "people": "People", "house": "House"}
"""The sidebar's sections, from top to bottom, with their heads."""
GROUPS = {Side.PANEL: (*HEADED, "bell"), Side.DASHBOARD: ("own", "aside")}


@dataclass(frozen=True)
class NavEntry:
    """`side`: in whose navigation. `right`: whom it concerns; nobody else is shown it. None: everybody on that side.

    `group`: a headed section of the panel's sidebar, or “bell”; in the customers' bar “own”, or “aside”: before them
    and framed.
    `icon`: beside the label in the sidebar, and alone where it is narrow.
    `help`: the page of the handbook about it, such as “at-risk”. `holds`: names of the addresses below it.
    """

    key: str
    label: str
    url_name: str
    order: int
    group: str = "own"
    icon: str = ""
    count: Callable[[Any], int] | None = None
    help: str = ""
    side: Side = Side.PANEL
    right: str | None = None
    holds: tuple[str, ...] = ()

    @property
    def is_counted(self) -> bool:
        return self.count is not None

    def concerns(self, actor: Any) -> bool:
        return self.right is None or (actor is not None and actor.can(self.right))


ENTRIES: Registry[NavEntry] = Registry("navigation entry")
"""Pages register with the addresses, so `config/urls.py` closes it."""


def register(entry: NavEntry) -> None:
    ENTRIES.add(entry.key, entry)


def list_faults(rights: Collection[str]) -> list[str]:
    """Entries that lead nowhere, or name a group or a right that is none of `rights`, in words."""
    addresses = _list_addresses()
    faults = []
    for entry in ENTRIES.values():
        for name in (entry.url_name, *entry.holds):
            if name not in addresses:
                faults.append(f"the navigation entry “{entry.key}” leads to {name}, which is no address")
        if entry.group not in GROUPS[entry.side]:
            faults.append(f"the navigation entry “{entry.key}” stands in “{entry.group}”, which is no group")
        if entry.right is not None and entry.right not in rights:
            faults.append(f"the navigation entry “{entry.key}” is for “{entry.right}”, which is no right")
    return faults


def _list_addresses() -> set[str]:
    """By their full names, whatever they take."""
    found, waiting = set(), [("", get_resolver())]
    while waiting:
        space, resolver = waiting.pop()
        found |= {f"{space}{name}" for name in resolver.reverse_dict if isinstance(name, str)}
        waiting += [(f"{space}{name}:", inner) for name, (_, inner) in resolver.namespace_dict.items()]
    return found


def list_entries(side: Side = Side.PANEL) -> list[NavEntry]:
    """From top to bottom."""
    found = [entry for entry in ENTRIES.values() if entry.side is side]
    return sorted(found, key=lambda entry: (GROUPS[side].index(entry.group), entry.order))


def count(actor: Any) -> dict[str, int]:
    """What stands beside the panel's entries that concern `actor`, by their keys: some twenty statements."""
    return {entry.key: entry.count(actor) for entry in list_entries() if entry.count and entry.concerns(actor)}


@dataclass(frozen=True)
class Shown:
    """An entry as one reader sees it now. `is_here`: “page”, or “true” on a page below it. `count`: as last counted."""

    entry: NavEntry
    is_here: str = ""
    count: int | None = None

    @property
    def head(self) -> str:
        return HEADED.get(self.entry.group, "")


def build(side: Side, here: str, actor: Any, counts: Mapping[str, int] | None = None) -> list[Shown]:
    """The entries that concern `actor`, with the one we are on.

    `counts`: by key, as last counted; None where nobody counted yet.
    """
    known = counts or {}
    return [
        Shown(entry, _say_here(entry, here), known.get(entry.key))
        for entry in list_entries(side)
        if entry.concerns(actor)
    ]


def _say_here(entry: NavEntry, here: str) -> str:
    return "page" if here == entry.url_name else "true" if here in entry.holds else ""
