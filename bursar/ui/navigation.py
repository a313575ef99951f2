"""The registry of navigation entries: each room says where it is found, and what to count beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from bursar.core.registry import Registry


@dataclass(frozen=True)
class NavEntry:
    """`group`: “main” and “counted” entries stand in the bar, “more” holds what is opened now and
    then, “bell” is the bell.

    `help`: the page of the handbook about it, such as “at-risk”.
    """

    key: str
    label: str
    url_name: str
    order: int
    group: str = "main"
    count: Callable[[Any], int] | None = None
    help: str = ""


ENTRIES: Registry[NavEntry] = Registry("navigation entry")
"""Pages register with the addresses, so `config/urls.py` closes it."""


def register(entry: NavEntry) -> None:
    ENTRIES.add(entry.key, entry)


def list_faults() -> list[str]:
    """Entries that lead nowhere, in words. Once the addresses are known."""
    faults = []
    for entry in ENTRIES.values():
        try:
            reverse(entry.url_name)
        except NoReverseMatch:
            faults.append(f"the navigation entry “{entry.key}” leads to {entry.url_name}, which is no address")
    return faults


def list_entries() -> list[NavEntry]:
    return sorted(ENTRIES.values(), key=lambda entry: (entry.group == "more", entry.order))


def build(here: str, actor: Any = None) -> list[dict[str, Any]]:
    """The entries for the bar, with the one we are on; counted when there is an `actor`."""
    return [
        {
            "key": entry.key,
            "label": entry.label,
            "url_name": entry.url_name,
            "is_here": here == entry.url_name,
            "group": entry.group,
            "help": entry.help,
            "is_counted": entry.count is not None,
            "count": entry.count(actor) if entry.count and actor is not None else None,
        }
        for entry in list_entries()
    ]
