"""Lists as Mollie pages them: newest first, `from` is the first item of the page, at most 250 at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from bursar.mollie_sim.answers import Answer, ApiError, Json
from bursar.mollie_sim.call import Call
from bursar.mollie_sim.hal import documentation, hal

USUAL, MOST = 50, 250


class Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


def answer_page(call: Call, name: str, items: Iterable[T], show: Callable[[T], Json]) -> Answer:
    """items: oldest first."""
    ordered = list(items)
    if call.query.get("sort", "desc") != "asc":
        ordered.reverse()
    limit = _limit(call)
    start = _start(call, ordered)
    shown = ordered[start : start + limit]
    following = ordered[start + limit].id if start + limit < len(ordered) else None
    before = ordered[max(0, start - limit)].id if start else None
    body: Json = {
        "count": len(shown),
        "_embedded": {name: [in_list(show(one)) for one in shown]},
        "_links": {
            "self": hal(_address(call, call.query)),
            "previous": _turn(call, before, limit),
            "next": _turn(call, following, limit),
            "documentation": documentation("pagination"),
        },
    }
    return Answer(200, body)


def in_list(shown: Json) -> Json:
    """Without the link to the documentation, which stands on the list itself."""
    links = {name: link for name, link in shown["_links"].items() if name != "documentation"}
    return {**shown, "_links": links}


def _limit(call: Call) -> int:
    text = call.query.get("limit", str(USUAL))
    if not text.isdigit() or not 1 <= int(text) <= MOST:
        raise ApiError(400, f"Invalid limit value, it must be between 1 and {MOST}", "limit")
    return int(text)


def _start(call: Call, items: list[T]) -> int:
    cursor = call.query.get("from")
    if not cursor:
        return 0
    for place, item in enumerate(items):
        if item.id == cursor:
            return place
    raise ApiError(400, "Invalid cursor value", "from")


def _turn(call: Call, id: str | None, limit: int) -> Json | None:
    return hal(_address(call, {**call.query, "from": id, "limit": str(limit)})) if id else None


def _address(call: Call, query: dict[str, str]) -> str:
    return f"{call.base}{call.path}{'?' if query else ''}{urlencode(query)}"
