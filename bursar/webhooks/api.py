"""The outgoing webhooks for programs: endpoints, their log by cursor, one message with its tries and body."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.access.request import actor_of
from bursar.core import cursors
from bursar.core.errors import BadRequest
from bursar.webhooks import queries, words
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage

router = Router(tags=["webhooks"])
LIMIT: int = Query(50, ge=1, le=200, description="How many messages; at most 200.")  # type: ignore[type-arg]  # ninja types
STATE: str = Query("", description="“waiting” (not delivered), “delivered” or “dropped”; empty: all.")  # type: ignore[type-arg]  # ninja types


class EndpointOut(Schema):
    id: str
    url: str
    description: str
    events: list[str]
    state: str
    switched_off_reason: str
    waiting: int
    created_at: datetime
    last_success_at: datetime | None
    failing_since: datetime | None
    deleted_at: datetime | None


class MessageOut(Schema):
    id: str
    message_id: str
    endpoint: str
    type: str
    subject_id: str
    state: str
    is_replay: bool
    maybe_twice: bool
    tries: int
    created_at: datetime
    next_try_at: datetime | None
    dropped_at: datetime | None
    dropped_why: str
    last_status: int | None
    last_answer: str


class TryOut(Schema):
    at: datetime
    ms: int
    is_done: bool
    detail: str


class WholeMessageOut(MessageOut):
    tries_list: list[TryOut]
    body: dict[str, Any]


class MessagesOut(Schema):
    messages: list[MessageOut]
    next_cursor: str


@router.get("/webhooks", operation_id="webhooks_list", summary="Webhook endpoints", response=list[EndpointOut])
def list_endpoints(request: HttpRequest) -> list[dict[str, Any]]:
    """The deleted ones too: their log stays readable."""
    return [_endpoint(endpoint) for endpoint in queries.list_endpoints()]


def _endpoint(endpoint: WebhookEndpoint) -> dict[str, Any]:
    plain = ("url", "description", "events", "switched_off_reason", "created_at", "last_success_at", "failing_since",
             "deleted_at", "waiting")  # fmt: skip
    state, _ = words.describe_endpoint(endpoint)
    return {"id": endpoint.public_id, "state": state, **{name: getattr(endpoint, name) for name in plain}}


@router.get(
    "/webhooks/{endpoint_id}/messages",
    operation_id="webhooks_messages",
    summary="The log of an endpoint",
    response=MessagesOut,
)
def list_messages(
    request: HttpRequest, endpoint_id: str, type: str = "", state: str = STATE, cursor: str = "", limit: int = LIMIT
) -> dict[str, Any]:
    """Newest first, all of them by cursor."""
    endpoint = queries.get_endpoint(actor_of(request), endpoint_id)
    if state not in ("", "waiting", "delivered", "dropped"):
        raise BadRequest("“state” is “waiting”, “delivered”, “dropped” or empty.")
    before = cursors.decode_key(cursor) if cursor else None
    found = words.with_names(queries.list_log(endpoint, type_=type, state=state, before=before)[: limit + 1])
    return {
        "messages": [_message(message) for message in found[:limit]],
        "next_cursor": cursors.encode([found[limit - 1].pk]) if len(found) > limit else "",
    }


def _message(message: WebhookMessage) -> dict[str, Any]:
    dropped_at, dropped_why = words.get_dropped(message)
    plain = ("message_id", "type", "subject_id", "is_replay", "created_at", "last_status", "last_answer")
    return {
        "id": message.public_id,
        "endpoint": message.endpoint.public_id,
        "state": words.describe_message(message)[0],
        "maybe_twice": message.row.maybe_twice,
        "tries": message.row.attempts,
        "next_try_at": words.get_next_try(message),
        "dropped_at": dropped_at,
        "dropped_why": dropped_why,
        **{name: getattr(message, name) for name in plain},
    }


@router.get(
    "/webhooks/messages/{message_id}",
    operation_id="webhooks_message_get",
    summary="One message",
    response=WholeMessageOut,
)
def get_message(request: HttpRequest, message_id: str) -> dict[str, Any]:
    """With its body and every try, oldest first."""
    [message] = words.with_names([queries.get_message(actor_of(request), message_id)])
    return {
        **_message(message),
        "tries_list": list(message.row.tries.order_by("id").values("at", "ms", "is_done", "detail")),
        "body": json.loads(message.row.payload["body"]),
    }
