"""The book on screen: the searchable page."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.audit import queries
from bursar.audit.pages import describe
from bursar.core.errors import BadRequest
from bursar.panel.book import ASKED, read_filters
from bursar.ui.navigation import NavEntry, register

PAGE_SIZE = 50

register(
    NavEntry(
        key="book",
        label="Book",
        url_name="panel:book",
        order=10,
        group="house",
        icon="book-2",
        help="book",
    )
)


@require_GET
def show_book(request: HttpRequest) -> HttpResponse:
    asked, found = read_filters(request.GET)
    before = request.GET.get("before", "")
    if before:
        found = found.filter(at__lte=_instant(before), id__lt=_number(request.GET.get("id", "")))
    lines = list(found[: PAGE_SIZE + 1])
    params = request.GET.copy()
    if len(lines) > PAGE_SIZE:
        params["before"], params["id"] = lines[PAGE_SIZE - 1].at.isoformat(), str(lines[PAGE_SIZE - 1].pk)
    context = {
        "lines": [describe(line) for line in lines[:PAGE_SIZE]],
        "asked": asked,
        "query": "&".join(f"{name}={quote(asked[name])}" for name in ASKED if asked[name]),
        "rooms": _by_room(queries.list_keys()),
        "older_url": f"?{params.urlencode()}" if len(lines) > PAGE_SIZE else "",
        "seal": queries.get_last_seal(),
    }
    return render(request, "panel/book.html", context)


def _by_room(keys: list[tuple[str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For the filter: each room's actions by label; where several share one, what they act on stands beside it."""
    rooms: dict[str, list[tuple[str, str]]] = {}
    for key, label in keys:
        rooms.setdefault(key.split(".")[0], []).append((key, label))
    return [(room, _told_apart(made)) for room, made in sorted(rooms.items())]


def _told_apart(keys: list[tuple[str, str]]) -> list[tuple[str, str]]:
    often = Counter(label for _, label in keys)
    made = [(key, label if often[label] == 1 else f"{label} ({key.split('.')[1]})") for key, label in keys]
    return sorted(made, key=lambda item: item[1])


def _instant(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise BadRequest("This page address is broken. Open the book from its start.")
    return found


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("This page address is broken. Open the book from its start.")
    return int(text)


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("query", "layout")}
    outcome = run("panel.company.export_book", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])
