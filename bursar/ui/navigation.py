"""The registry of both bars' entries: each room says where it is found, by whom, and what to count beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.urls import get_resolver

from bursar.core.registry import Registry

GROUPS = ("main", "counted", "aside", "more", "bell")


class Side(StrEnum):
    PANEL = "panel"
    DASHBOARD = "dashboard"


@dataclass(frozen=True)
class NavEntry:
    """`side`: in whose bar. `right`: whom it concerns; nobody else is shown it. None: everybody on that side.

    `group`: “main” and “counted” entries stand in the bar, “aside” before them and framed, “more” holds what is
    opened now and then, “bell” is the bell.
    `help`: the page of the handbook about it, such as “at-risk”. `holds`: names of the addresses below it.
    """

    key: str
    label: str
    url_name: str
    order: int
    group: str = "main"
    icon: str = ""
    count: Callable[[Any], int] | None = None
    help: str = ""
    side: Side = Side.PANEL
    right: str | None = None
    holds: tuple[str, ...] = ()

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
        if entry.group not in GROUPS:
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
    found = [entry for entry in ENTRIES.values() if entry.side is side]
    return sorted(found, key=lambda entry: (entry.group == "more", entry.order))


def build(side: Side, here: str, actor: Any, *, counted: bool = False) -> list[dict[str, Any]]:
    """The entries that concern `actor`, with the one we are on: “page”, or “true” on a page below it."""
    return [
        {
            "key": entry.key,
            "label": entry.label,
            "url_name": entry.url_name,
            "is_here": "page" if here == entry.url_name else "true" if here in entry.holds else "",
            "group": entry.group,
            "help": entry.help,
            "is_counted": entry.count is not None,
            "count": entry.count(actor) if entry.count and counted else None,
        }
        for entry in list_entries(side)
        if entry.concerns(actor)
    ]
