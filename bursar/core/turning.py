"""Short lists within a page, turned by an address of their own: "?charges=2"."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

from django.db.models import QuerySet

from bursar.core.errors import BadRequest

T = TypeVar("T")


class Turned(NamedTuple, Generic[T]):
    """`pager`: addresses of the parts before and after; empty where there is none."""

    rows: list[T]
    pager: dict[str, str]


def turn(rows: QuerySet[Any], name: str, asked: str, shown: int) -> Turned[Any]:
    """`asked`: which part, as the address says under `name`. Raises BadRequest for what is none."""
    if asked and not (asked.isascii() and asked.isdigit() and int(asked[:7]) > 0 and len(asked) < 7):
        raise BadRequest("This page address is broken. Open the page from its start.")
    part = int(asked or 1)
    start = (part - 1) * shown
    found = list(rows[start : start + shown + 1])
    pager = {
        "previous": f"?{name}={part - 1}" if part > 1 else "",
        "next": f"?{name}={part + 1}" if len(found) > shown else "",
    }
    return Turned(found[:shown], pager)
