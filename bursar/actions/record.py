"""What the door leaves behind: the book line, the offer to undo, the notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog
from procrastinate.contrib.django import app

from bursar.actions import undo
from bursar.actions.registry import target_of
from bursar.actions.request import Request
from bursar.actions.spec import Action, Case, Change, Outcome
from bursar.audit import store as pen
from bursar.outbox import store as outbox

TOLD = ("requester",)
"""What of an outcome's data the notices need; never all of it: it may hold a secret."""


def write_line(request: Request, case: Case, group: str, outcome: Outcome) -> dict[str, Any] | None:
    """Writes the action's line, what would undo it, and what waits for commit. Returns whom to tell, if anybody."""
    target = case.target
    kind = target_of(target)
    names: dict[str, tuple[str, str]] = {}
    line = pen.write(
        pen.Entry(
            stream=request.action.stream or kind.stream(target),
            at=case.now,
            actor=request.actor,
            key=request.action.key,
            label=outcome.told or request.action.told,
            target_kind=kind.slug,
            target_id=target.public_id,
            target_name=str(target),
            touches=[*kind.touches(target), *outcome.touches],
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
    )
    outcome.line_id = line.public_id
    undo.offer(request.action, target.public_id, outcome, case.now)
    _send(request, case, outcome, kind.stream(target))
    if not request.action.tell:
        return None
    return {
        "line": line.public_id,
        "topic": request.action.topic.value,
        "notices": [notice.value for notice in request.action.tell],
        "target": target.public_id,
        "data": {name: outcome.data[name] for name in TOLD if name in outcome.data},
    }


def tell(notices: Sequence[dict[str, Any]], now: datetime) -> None:
    """What one decision did, line by line, is told together: a person gets one mail of it. The first line leads."""
    if notices:
        first, *more = notices
        outbox.put_all([outbox.make("notice", f"{first['line']}:notice", {**first, "also": more}, now)])
        app.configure_task("outbox.deliver").defer()  # in this transaction: it starts right after commit


def _send(request: Request, case: Case, outcome: Outcome, stream: str) -> None:
    """Outbox rows: a webhook in the order of the account's changes, and what the verb itself sends."""
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
    if rows:
        outbox.put_all(rows)
        app.configure_task("outbox.deliver").defer()


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
