"""The book for programs: the page's filters, all lines by cursor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.audit import queries
from bursar.audit.models import AuditLine
from bursar.audit.pages import describe
from bursar.core import cursors
from bursar.core.errors import NotFound
from bursar.panel.book import read_filters

router = Router(tags=["book"])
LIMIT: int = Query(50, ge=1, le=200, description="How many lines; at most 200.")  # type: ignore[type-arg]  # ninja types


class LineOut(Schema):
    id: str
    at: datetime
    actor: str
    actor_id: str
    door: str
    key: str
    label: str
    target: str
    target_id: str
    changes: list[dict[str, Any]]
    reason: str
    message: str
    customer_visible: bool
    concerns_money: bool | None
    message_for_billing: bool
    group: str
    request_id: str
    hash: str


class LinesOut(Schema):
    lines: list[LineOut]
    next_cursor: str


def _out(line: AuditLine) -> dict[str, Any]:
    told = describe(line)
    plain = ("at", "actor_id", "door", "key", "label", "target_id", "reason", "message", "customer_visible",
             "concerns_money", "message_for_billing", "group", "request_id", "hash")  # fmt: skip
    words = {"id": line.public_id, "actor": told["actor"], "target": told["target"], "changes": told["changes"]}
    return {**words, **{name: getattr(line, name) for name in plain}}


@router.get("/book", operation_id="book_list", summary="Lines of the book", response=LinesOut)
def list_lines(
    request: HttpRequest,
    q: str = Query("", description="An id, an address, or part of a name or of the reason."),  # type: ignore[type-arg]  # ninja types
    key: str = "",
    actor: str = "",
    since: str = Query("", description="A UTC day such as 2026-11-24."),  # type: ignore[type-arg]  # ninja types
    until: str = Query("", description="A UTC day, inclusive."),  # type: ignore[type-arg]  # ninja types
    cursor: str = "",
    limit: int = LIMIT,
) -> dict[str, Any]:
    """Newest first."""
    _, found = read_filters(request.GET)
    if cursor:
        at, pk = cursors.decode_instant(cursor)
        found = found.filter(at__lte=at, id__lt=pk)
    lines = list(found[: limit + 1])
    last = lines[limit - 1] if len(lines) > limit else None
    return {
        "lines": [_out(line) for line in lines[:limit]],
        "next_cursor": cursors.encode([last.at.isoformat(), last.pk]) if last else "",
    }


@router.get("/book/{line_id}", operation_id="book_get", summary="One line", response=LineOut)
def get_line(request: HttpRequest, line_id: str) -> dict[str, Any]:
    line = queries.lines().filter(public_id=line_id).first()
    if line is None:
        raise NotFound
    return _out(line)
