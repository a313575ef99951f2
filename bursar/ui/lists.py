"""What pages with a long list share: pages of it, filters as menus, columns to sort by, saved views."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from bursar.core.registry import Registry

PAGE_SIZE = 50


class Column(NamedTuple):
    """`leaves`: the step at which it goes into the row's detail, from “w1” for the first to go; empty for never.

    How wide a table is at each step stands in css/tables.css, the one place; cells carry the same word.
    """

    key: str
    heading: str
    is_numeric: bool = False
    leaves: str = ""


VIEW_KEEPERS: Registry[Callable[[Any, str], Iterable[Any]]] = Registry("keeper of saved views")
"""The room that keeps saved views lists those that somebody sees of one page. Pages of lower rooms show them too."""


@dataclass(frozen=True)
class AccountFilter:
    """Chooses accounts by what a higher room knows of them. `list_choices`: values and words. `read`: the values that
    an address asks for, or BadRequest. `find`: keys of accounts of which one of the values holds now, as a subquery.
    """

    label: str
    list_choices: Callable[[], list[tuple[str, str]]]
    read: Callable[[Any], tuple[str, ...]]
    find: Callable[[tuple[str, ...], datetime], Any]


ACCOUNT_FILTERS: Registry[AccountFilter] = Registry("filter of accounts")
"""By what the address calls them. Pages of lower rooms show them too."""


def query(given: QueryDict, **changes: Any) -> str:
    """The address's parameters with some changed; None removes one."""
    made = given.copy()
    for name, value in changes.items():
        made.pop(name, None)
        if isinstance(value, list):
            made.setlist(name, value)
        elif value is not None:
            made[name] = str(value)
    made.pop("shown", None)
    return made.urlencode()


def count_pages(total: int) -> int:
    return max(1, -(-total // PAGE_SIZE))


def pager(page: int, total: int, given: QueryDict, name: str = "page") -> dict[str, Any]:
    """`page`: which one is shown, from 1; `name`: what the address calls it."""
    last = min(page * PAGE_SIZE, total)
    return {
        "first": (page - 1) * PAGE_SIZE + 1 if total else 0,
        "last": last,
        "total": total,
        "previous_url": "?" + query(given, **{name: page - 1 if page > 2 else None}) if page > 1 else "",
        "next_url": "?" + query(given, **{name: page + 1}) if last < total else "",
    }


def menu(
    name: str, label: str, choices: Any, chosen: tuple[str, ...], given: QueryDict, *, single: bool = False
) -> dict[str, Any]:
    """A filter as a menu of choices, with those that hold and the address without them."""
    picked = [str(words) for value, words in choices if value in chosen]
    return {
        "name": name,
        "label": label,
        "single": single,
        "options": [{"value": value, "label": str(words), "selected": value in chosen} for value, words in choices],
        "active": bool(picked),
        "words": ", ".join(picked),
        "clear_url": "?" + query(given, **{name: None, "page": None}),
    }


def headers(
    columns: Iterable[Column], sorts: Collection[str], sort: str, default: str, given: QueryDict
) -> list[dict[str, Any]]:
    """Numbers sort high to low first, words A to Z; a second click turns it round. `sort`: what holds."""
    made = []
    present, falls = sort.removeprefix("-"), sort.startswith("-")
    for key, label, numeric, leaves in columns:
        wanted = (key if falls else f"-{key}") if key == present else (f"-{key}" if numeric else key)
        url = "?" + query(given, sort=None if wanted == default else wanted, page=None)
        made.append(
            {
                "key": key,
                "label": label,
                "numeric": numeric,
                "leaves": leaves,
                "url": url if key in sorts else "",
                "direction": ("descending" if falls else "ascending") if key == present else "",
            }
        )
    return made


def saved_views(who: Any, page: str, given: QueryDict) -> dict[str, Any]:
    """For `ui/_views.html`: those of this page, and where to keep what is on screen. They keep the month looked at."""
    month = f"&month={given['month']}" if given.get("month") else ""
    address = reverse("actions:dialog", args=["company", "company", "save_view"])
    return {
        "save_url": f"{address}?{urlencode({'page': page, 'query': query(given)})}",
        "views": [
            {
                "name": view.name,
                "url": f"?{view.query}{month}",
                "by": "" if view.owner_id == who.staff_id else str(view.owner),
                "shared": view.is_shared,
                "delete_url": reverse("actions:dialog", args=["view", view.public_id, "delete"]),
            }
            for list_views in VIEW_KEEPERS.values()
            for view in list_views(who, page)
        ],
    }
