"""What the door leaves behind: the book line, the offer to undo, the notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from django.db.models.fields.json import KT
from procrastinate.contrib.django import app

from bursar.actions import undo
from bursar.actions.registry import target_of
from bursar.actions.request import Request
from bursar.actions.spec import Action, Case, Change, Outcome
from bursar.audit import store as pen
from bursar.audit.links import refers_to_lines
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow

refers_to_lines(
    "deliveries", lambda: OutboxRow.objects.annotate(book_line=KT("payload__line")).filter(book_line__gt="")
)

TOLD = ("requester", "asker", "is_ask", "former")
"""What of an outcome's data the notices need; never all of it: it may hold a secret."""


@dataclass
class Left:
    """What waits for commit: notices, the first of which leads, and outbox rows in the order of the changes."""

    notices: list[dict[str, Any]] = field(default_factory=list)
    rows: list[OutboxRow] = field(default_factory=list)

    def add(self, more: Left) -> None:
        self.notices += more.notices
        self.rows += more.rows


class Told(NamedTuple):
    """What was done, as the book tells it."""

    request: Request
    case: Case
    group: str
    outcome: Outcome


def write_lines(tellings: Sequence[Told]) -> Left:
    """Writes a line of each, and what would undo it. Returns what waits for commit."""
    left = Left()
    for telling, line in zip(tellings, pen.write_all([_entry(*one) for one in tellings]), strict=True):
        left.add(_leave(telling.request, telling.case, telling.outcome, line.public_id))
    return left


def _entry(request: Request, case: Case, group: str, outcome: Outcome) -> pen.Entry:
    target = case.target
    kind = target_of(target)
    names: dict[str, tuple[str, str]] = {}
    return pen.Entry(
        stream=request.action.stream or kind.stream(target),
        at=case.now,
        actor=request.actor,
        key=request.action.key,
        label=outcome.told or request.action.told,
        target_kind=kind.slug,
        target_id=target.public_id,
        target_name=str(target),
        touches=[*kind.touches(target), *outcome.touches, *filter(None, [request.undoes])],
        changes=[_kept(place, change, names) for place, change in enumerate(outcome.changes)],
        reason=request.reason.strip(),
        message=request.message.strip(),
        customer_visible=request.action.customer_visible,
        concerns_money=bool(request.action.concerns_money),
        message_for_billing=request.message_for_billing,
        group=group,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        names=names,
    )


def _leave(request: Request, case: Case, outcome: Outcome, line_id: str) -> Left:
    target = case.target
    outcome.line_id = line_id
    undo.offer(request, case, outcome)
    rows = _make_rows(request, case, outcome, target_of(target).stream(target))
    if not request.action.tell:
        return Left([], rows)
    notice = {
        "line": line_id,
        "topic": request.action.topic.value,
        "notices": [notice.value for notice in request.action.tell],
        "target": target.public_id,
        "data": {name: outcome.data[name] for name in TOLD if name in outcome.data},
    }
    return Left([notice], rows)


def send(left: Left, now: datetime) -> None:
    """What one decision did, line by line, is told together: a person gets one mail of it. The first line leads."""
    rows = list(left.rows)
    if left.notices:
        first, *more = left.notices
        rows.append(outbox.make("notice", f"{first['line']}:notice", {**first, "also": more}, now))
    if rows:
        outbox.put_all(rows)
        app.configure_task("outbox.deliver").defer()  # in this transaction: it starts right after commit


def _make_rows(request: Request, case: Case, outcome: Outcome, stream: str) -> list[OutboxRow]:
    """A webhook in the order of the account's changes, and what the verb itself sends."""
    line, target, event = outcome.line_id, case.target, _event_of(request.action, outcome)
    rows = []
    if event:
        payload = {
            "line": line,
            "event": event,
            "target": target.public_id,
            "kind": target_of(target).slug,
            "data": outcome.data,
        }
        rows.append(outbox.make("webhook", f"{line}:webhook", payload, case.now, order_key=stream))
    for place, (name, payload) in enumerate(outcome.outgoing):
        rows.append(outbox.make(name, f"{line}:{name}:{place}", {**payload, "line": line}, case.now))
    return rows


def _event_of(action: Action, outcome: Outcome) -> str:
    if outcome.event and outcome.event not in (action.event, *action.events):
        raise RuntimeError(f"{action.key} sends the event {outcome.event} and does not declare it (`events`).")
    return outcome.event or action.event


def _kept(place: int, change: Change, names: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """A change as the book keeps it: a person's name goes to the side table, its slot stays in the line."""
    kept = asdict(change)
    for side in ("before", "after", "who"):
        reference = kept.pop(f"{side}_ref")
        if reference:
            names[f"{place}:{side}"] = (reference, kept[side])
            kept[side] = ""
    del kept["who"]  # it stands in the side table, or nowhere
    return kept
