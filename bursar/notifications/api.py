"""Deliveries for programs: by state and kind, all of them by cursor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.access.request import actor_of
from bursar.core import cursors
from bursar.core.errors import BadRequest
from bursar.notifications import queries
from bursar.notifications.deliveries import Delivery, describe_rows

router = Router(tags=["deliveries"])
LIMIT: int = Query(50, ge=1, le=200, description="How many; at most 200.")  # type: ignore[type-arg]  # ninja types


class DeliveryOut(Schema):
    id: str
    kind: str
    key: str
    what: str
    to: str
    mail: str
    state: str
    attempts: int
    maybe_twice: bool
    created_at: datetime
    next_try_at: datetime | None
    last_error: str


class TryOut(Schema):
    at: datetime
    ms: int
    is_done: bool
    detail: str


class DeliveryWithTries(DeliveryOut):
    tries: list[TryOut]


class DeliveriesOut(Schema):
    deliveries: list[DeliveryOut]
    next_cursor: str


def _out(it: Delivery) -> dict[str, Any]:
    plain = ("kind", "key", "state", "attempts", "maybe_twice", "created_at")
    words = {
        "id": it.id,
        "what": it.what,
        "to": it.to,
        "mail": it.mail.public_id if it.mail else "",
        "last_error": it.why,
    }
    return {**words, "next_try_at": it.next_try_at, **{name: getattr(it.row, name) for name in plain}}


@router.get("/deliveries", operation_id="delivery_list", summary="What goes out", response=DeliveriesOut)
def list_deliveries(
    request: HttpRequest,
    state: str = Query("", description="failed, waiting, done or dropped; empty: all."),  # type: ignore[type-arg]  # ninja types
    kind: str = Query("", description="mail, webhook or another kind."),  # type: ignore[type-arg]  # ninja types
    cursor: str = "",
    limit: int = LIMIT,
) -> dict[str, Any]:
    """Newest first. Notices appear only when they failed: they are told within, by bell and mail."""
    rows = queries.deliveries_for(actor_of(request)).order_by("-id")
    if state:
        if state not in queries.TABS:
            raise BadRequest("A delivery is failed, waiting, done or dropped.")
        rows = rows.filter(state__in=queries.TABS[state])
    if kind:
        rows = rows.filter(kind=kind[:20])
    if cursor:
        rows = rows.filter(id__lt=cursors.decode_key(cursor))
    found = list(rows[: limit + 1])
    more = cursors.encode([found[limit - 1].pk]) if len(found) > limit else ""
    return {"deliveries": [_out(it) for it in describe_rows(found[:limit])], "next_cursor": more}


@router.get(
    "/deliveries/{delivery_id}", operation_id="delivery_get", summary="One delivery", response=DeliveryWithTries
)
def get_delivery(request: HttpRequest, delivery_id: str) -> dict[str, Any]:
    """With its log of tries, the newest first."""
    row = queries.get_delivery(actor_of(request), delivery_id)
    tries = row.tries.order_by("-id").values("at", "ms", "is_done", "detail")[:100]
    return {**_out(describe_rows([row])[0]), "tries": list(tries)}
