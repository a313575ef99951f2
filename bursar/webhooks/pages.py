"""The outgoing webhooks on screen: the endpoints, the log of one, one message."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor
from bursar.access.request import actor_of
from bursar.access.rights import Right
from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.core import clock, cursors
from bursar.core.errors import BadRequest
from bursar.ui.navigation import NavEntry, register
from bursar.webhooks import queries, words
from bursar.webhooks.events import EVENTS
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage

PAGE_SIZE = 50
_LEVERS = {
    True: ("webhooks.endpoint.send_test", "webhooks.endpoint.replay_since"),
    False: ("webhooks.endpoint.send_test", "webhooks.endpoint.resume"),
}
STATES = {"": "every state", "waiting": "not delivered", "delivered": "delivered", "dropped": "dropped"}

register(
    NavEntry(
        key="webhooks",
        label="Webhooks",
        url_name="webhooks:list",
        order=40,
        group="house",
        icon="webhook",
        help="outgoing-webhooks",
    )
)


@require_GET
def show_endpoints(request: HttpRequest) -> HttpResponse:
    context = {
        "rows": [_endpoint_row(endpoint) for endpoint in queries.list_endpoints()],
        "may_manage": actor_of(request).can(Right.MANAGE_STAFF),
        "add_url": reverse("actions:dialog", args=["company", "company", "create_endpoint"]),
    }
    return render(request, "webhooks/list.html", context)


def _endpoint_row(endpoint: WebhookEndpoint) -> dict[str, Any]:
    state, tone = words.describe_endpoint(endpoint)
    return {
        "endpoint": endpoint,
        "state": state,
        "tone": tone,
        "waiting": getattr(endpoint, "waiting", None),
        "url": reverse("webhooks:endpoint", args=[endpoint.public_id]),
        "menu_url": reverse("actions:menu", args=["endpoint", endpoint.public_id]),
    }


@require_GET
def show_endpoint(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    actor = actor_of(request)
    endpoint = queries.get_endpoint(actor, endpoint_id)
    asked = _read_filters(request)
    found = queries.list_log(endpoint, type_=asked["type"], state=asked["state"], before=asked["before"])
    page = words.with_names(found[: PAGE_SIZE + 1])
    names = queries.list_names([message.subject_id for message in page])
    params = request.GET.copy()
    if len(page) > PAGE_SIZE:
        params["before"] = cursors.encode([page[PAGE_SIZE - 1].pk])
    context = {
        **_endpoint_row(endpoint),
        "log": [_message_row(message, names) for message in page[:PAGE_SIZE]],
        "asked": asked,
        "types": list(EVENTS),
        "states": STATES,
        "older_url": f"?{params.urlencode()}" if len(page) > PAGE_SIZE else "",
        "waiting": 0 if endpoint.is_active else queries.list_waiting(endpoint).count(),
        "waits_days": settings.BURSAR_WEBHOOK_WAITS.days,
        "levers": _levers(actor, endpoint, *_LEVERS[endpoint.is_active]),
    }
    return render(request, "webhooks/endpoint.html", context)


def _read_filters(request: HttpRequest) -> dict[str, Any]:
    """Raises BadRequest for what no link of ours asks for."""
    type_, state, before = (request.GET.get(name, "") for name in ("type", "state", "before"))
    if (type_ and type_ not in EVENTS) or state not in STATES:
        raise BadRequest("There is no such filter. Open the log from its start.")
    return {"type": type_, "state": state, "before": cursors.decode_key(before) if before else None}


def _message_row(message: WebhookMessage, names: dict[str, str]) -> dict[str, Any]:
    state, tone = words.describe_message(message)
    return {
        "message": message,
        "state": state,
        "tone": tone,
        "subject": names.get(message.subject_id, ""),
        "next_try": words.get_next_try(message),
        "dropped_why": words.get_dropped(message)[1],
        "url": reverse("webhooks:message", args=[message.public_id]),
        "menu_url": reverse("actions:menu", args=["message", message.public_id]),
    }


def _levers(actor: Actor, thing: Any, *keys: str) -> list[dict[str, str]]:
    """Buttons for the verbs that stand on the page itself, greyed with the sentence that says why."""
    case = Case(actor, thing, clock.now())
    made = []
    for key in keys:
        action = ACTIONS[key]
        url = reverse("actions:dialog", args=[action.target_slug, thing.public_id, action.verb_name])
        made.append({"label": action.label, "url": url, "why_not": why_not(action, case) or ""})
    return made


@require_GET
def show_message(request: HttpRequest, message_id: str) -> HttpResponse:
    actor = actor_of(request)
    [message] = words.with_names([queries.get_message(actor, message_id)])
    body = json.loads(message.row.payload["body"])
    context = {
        **_message_row(message, queries.list_names([message.subject_id])),
        "endpoint_url": reverse("webhooks:endpoint", args=[message.endpoint.public_id]),
        "body": json.dumps(body, indent=2, ensure_ascii=False),
        "tries": message.row.tries.order_by("-id")[:PAGE_SIZE],
        "others": queries.messages().filter(endpoint=message.endpoint, message_id=message.message_id).exclude(
            pk=message.pk
        )[:PAGE_SIZE],
        "ahead": queries.get_ahead(message),
        "levers": _levers(actor, message, "webhooks.message.replay", "webhooks.message.try_now"),
    }  # fmt: skip
    return render(request, "webhooks/message.html", context)
