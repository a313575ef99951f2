"""The book on screen: the searchable page and the timeline of one thing."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from bursar.access.actor import ActorKind
from bursar.audit import queries
from bursar.audit.models import AuditLine
from bursar.core.calendar import end_of, midnight
from bursar.core.errors import BadRequest
from bursar.ui.navigation import NavEntry, register

PAGE_SIZE = 50
TIMELINE_SIZE = 30

register(NavEntry(key="book", label="Book", url_name="audit:book", order=90, help="book"))


def describe(line: AuditLine) -> dict[str, Any]:
    """A line with its names put back; an erased name reads “erased”."""
    names = {row.slot: row.text or "erased" for row in line.name_rows.all()}
    changes = [
        {
            "label": names.get(f"{place}:who", change["label"]),
            "before": names.get(f"{place}:before", change["before"]),
            "after": names.get(f"{place}:after", change["after"]),
            "private": change["private"],
        }
        for place, change in enumerate(line.changes)
    ]
    return {"line": line, "actor": names.get("actor", ""), "target": names.get("target", ""), "changes": changes}


def customer_version(line: AuditLine, reader_id: str = "") -> dict[str, Any]:
    """A line as customers read it (DOMAIN 12): no reason, no staff member, no private change.

    What customers did themselves names them; `reader_id`, the public id of who reads, turns that into “you”.
    """
    told = describe(line)
    by = f"the {settings.BURSAR_COMPANY_NAME} team"
    if line.actor_kind == ActorKind.CUSTOMER:
        by = "you" if line.actor_id == reader_id else told["actor"]
    return {
        "label": line.label,
        "at": line.at,
        "target": told["target"],
        "target_id": line.target_id,
        "changes": [change for change in told["changes"] if not change["private"]],
        "message": line.message,
        "by": by,
        "is_own": by == "you",
    }


def read_filters(given: QueryDict) -> tuple[dict[str, str], QuerySet[AuditLine]]:
    """What is asked of the book, and the lines that fit. Raises BadRequest for a day that is none."""
    asked = {name: given.get(name, "").strip()[:100] for name in ("q", "key", "actor", "since", "until")}
    since, until = _day(asked["since"], "since"), _day(asked["until"], "until")
    found = queries.search(
        text=asked["q"],
        key=asked["key"],
        actor=asked["actor"],
        since=midnight(since) if since else None,
        until=end_of(until) if until else None,
    )
    return asked, found


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
        "rooms": _by_room(queries.list_keys()),
        "older_url": f"?{params.urlencode()}" if len(lines) > PAGE_SIZE else "",
        "seal": queries.get_last_seal(),
    }
    return render(request, "audit/book.html", context)


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


def _day(text: str, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest(f"“{name}” is a day such as 2026-11-24, not “{text[:40]}”.") from None


def _instant(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise BadRequest("This page address is broken. Open the book from its start.")
    return found


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("This page address is broken. Open the book from its start.")
    return int(text)


@require_GET
def show_timeline(request: HttpRequest, public_id: str) -> HttpResponse:
    lines = list(queries.list_timeline(public_id)[:TIMELINE_SIZE])
    context = {"lines": [describe(line) for line in lines], "public_id": public_id}
    return render(request, "audit/timeline.html", context)
