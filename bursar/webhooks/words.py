"""How endpoints and messages are spoken of, on screen and to programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bursar.core import naming
from bursar.outbox.models import OutboxState
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from bursar.webhooks.rules import HELD_UNTIL


def describe_endpoint(endpoint: WebhookEndpoint) -> tuple[str, str]:
    """Its state in a word, and the tone of it: "", “warn” or “bad”."""
    if endpoint.deleted_at is not None:
        return "deleted", ""
    if endpoint.switched_off_reason and not endpoint.is_active:
        return "switched off", "bad"
    if not endpoint.is_active:
        return "paused", "warn"
    if endpoint.failing_since is not None:
        return "failing", "bad"
    return ("works", "") if endpoint.last_success_at else ("nothing delivered yet", "")


def describe_message(message: WebhookMessage) -> tuple[str, str]:
    """As `describe_endpoint`, of a message."""
    row = message.row
    if row.state == OutboxState.DONE:
        return "delivered", ""
    if row.state == OutboxState.DROPPED:
        return "dropped", "warn"
    if message.endpoint.deleted_at is not None:
        return "never sent", ""
    if row.state == OutboxState.SENDING:
        return "being sent", ""
    if row.due_at == HELD_UNTIL:
        return "held", "warn"
    return ("failing", "bad") if row.attempts else ("waiting", "")


def with_names(messages: Iterable[WebhookMessage]) -> list[WebhookMessage]:
    """The same, whose rows say by whom they were dropped; for reading only. In one look-up, however many there are."""
    found = list(messages)
    whys = naming.read([message.row.last_error for message in found])
    for message, why in zip(found, whys, strict=True):
        message.row.last_error = why
    return found


def get_dropped(message: WebhookMessage) -> tuple[datetime | None, str]:
    """When it was dropped, and by whom or why; None and nothing where it was not."""
    row = message.row
    return (row.due_at, row.last_error) if row.state == OutboxState.DROPPED else (None, "")


def get_next_try(message: WebhookMessage) -> datetime | None:
    """None when none is planned: it is delivered or held, or another message goes first and it was not tried yet."""
    row = message.row
    is_planned = row.state == OutboxState.WAITING and row.attempts and row.due_at != HELD_UNTIL
    return row.due_at if is_planned else None
