"""What is asked of the book: by an account's name its workspaces' lines are meant too, by an id whatever bears it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from bursar.audit import queries
from bursar.audit.models import AuditLine
from bursar.audit.pages import describe
from bursar.core import clock
from bursar.core.bounds import read_day, why_not_end_on
from bursar.core.calendar import end_of, midnight
from bursar.core.errors import BadRequest
from bursar.core.text import why_not_keep_within
from bursar.tenants.search import list_public_ids

ASKED = ("q", "key", "actor", "since", "until")
COLUMNS = (
    "id", "at", "actor", "actor_id", "door", "action", "label", "target_kind", "target", "target_id", "changes",
    "reason", "message", "customer_sees_it", "group", "request_id", "hash",
)  # fmt: skip
CHUNK = 1_000


def read_filters(given: Any) -> tuple[dict[str, str], QuerySet[AuditLine]]:
    """What is asked of the book, and the lines that fit. Raises BadRequest for a day that is none."""
    asked = {name: given.get(name, "").strip()[:100] for name in ASKED}
    if unfit := why_not_keep_within(asked):
        raise BadRequest(f"This address {unfit}.")
    since, until = _day(asked["since"], "since"), _day(asked["until"], "until")
    found = queries.search(
        text=asked["q"],
        about=list_public_ids(asked["q"]) if asked["q"] else [],
        key=asked["key"],
        actor=asked["actor"],
        since=midnight(since) if since else None,
        until=end_of(until) if until else None,
    )
    return asked, found


def _day(text: str, name: str) -> date | None:
    try:
        day = read_day(text) if text else None
    except ValueError:
        raise BadRequest(f"“{name}” is a day such as 2026-11-24, not “{text[:40]}”.") from None
    if day is not None and (why := why_not_end_on(day, clock.now())):
        raise BadRequest(f"“{name}” {why}.")
    return day


def batches(found: QuerySet[AuditLine]) -> Iterator[list[list[str]]]:
    """All lines as a file has them, newest first, chunk by chunk; names put back as on screen."""
    lines = found.iterator(chunk_size=CHUNK)
    while batch := list(islice(lines, CHUNK)):
        yield [_cells(line) for line in batch]


def _say(change: dict[str, Any]) -> str:
    moved = f"{change['label']}: {change['before'] or '–'} → {change['after'] or '–'}"
    return moved if change["label"] else str(change["after"])


def _cells(line: AuditLine) -> list[str]:
    told = describe(line)
    changes = [_say(change) for change in told["changes"]]
    return [
        line.public_id,
        line.at.isoformat(),
        told["actor"],
        line.actor_id,
        line.door,
        line.key,
        line.label,
        line.target_kind,
        told["target"],
        line.target_id,
        "; ".join(changes),
        line.reason,
        line.message,
        "yes" if line.customer_visible else "no",
        line.group,
        line.request_id,
        line.hash,
    ]
