"""The registry of events: what each one means, and an example of what it tells. Pure.

`docs/reference/events.md` and the OpenAPI description are made from it. An event carries the details named by the room
that describes it and no others, so that nothing an action returns for its own use leaves the house.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bursar.actions.webhook_events import Event
from bursar.billing import webhook_events as billing
from bursar.core.registry import Registry
from bursar.partners import webhook_events as partners
from bursar.payments import webhook_events as payments
from bursar.plans import webhook_events as plans
from bursar.requests import webhook_events as requests
from bursar.support import webhook_events as support
from bursar.tenants import webhook_events as tenants
from bursar.training import webhook_events as training
from bursar.usage import webhook_events as usage

TEST = "webhook.test"
_PARTS: tuple[dict[str, Event], ...] = (
    plans.TIERS, tenants.ADMINS, usage.EVENTS, plans.ENDS, billing.EVENTS, plans.MODE, tenants.PARTNERS,
    requests.EVENTS, partners.EVENTS, payments.EVENTS, training.EVENTS, support.EVENTS, tenants.VISIBILITY,
    {TEST: Event("Sent by hand from the panel, to see whether messages arrive. It names nobody.", of_account=False)},
)  # fmt: skip
"""In the order of the reference page."""
EVENTS: Registry[Event] = Registry("event")
for _part in _PARTS:
    for _name, _event in _part.items():
        EVENTS.add(_name, _event)
EVENTS.close()

CHOICES = [(name, name) for name in EVENTS if name != TEST]


def make_example(name: str) -> dict[str, Any]:
    """A whole message of this kind, as a receiver gets it."""
    event = EVENTS[name]
    is_test = name == TEST
    return {
        "type": name,
        "timestamp": "2026-11-24T14:02:11+00:00",
        "data": {
            "id": "" if is_test else "aud_7f3k9x2m4q8t6w1z",
            "account": "acc_0k3j5n7p9r2t4v6x" if event.of_account else None,
            "organisation": None if is_test else "org-1",
            "workspaces": ["ws-1"] if event.of_account else [],
            "changes": [{"label": label, "before": was, "after": now} for label, was, now in event.changes],
            "details": event.details,
            "message": "",
        },
    }


def describe_events() -> Iterator[str]:
    """The reference page, one part an event, in Markdown."""
    for name, event in EVENTS.items():
        example = json.dumps(make_example(name), indent=2, ensure_ascii=False)
        yield f"## `{name}`\n\n{event.help}\n\n```json\n{example}\n```\n"


def describe_openapi() -> dict[str, Any]:
    """OpenAPI 3.1 `webhooks`: one entry an event."""
    return {name: {"post": _operation(name, event)} for name, event in EVENTS.items()}


def _operation(name: str, event: Event) -> dict[str, Any]:
    header = {"in": "header", "required": True, "schema": {"type": "string"}}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    schema = {"type": "object", "required": ["type", "timestamp", "data"]}
    return {
        "operationId": name.replace(".", "_"),
        "summary": name,
        "description": event.help,
        "tags": ["webhooks"],
        "parameters": [{"name": one, **header} for one in names],
        "requestBody": {"content": {"application/json": {"schema": schema, "example": make_example(name)}}},
        "responses": {"2XX": {"description": "Taken; it is not sent again."}},
    }
