"""Requests for programs: the queue by cursor, and one of them. Decisions go through the actions' own addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.access.request import actor_of
from bursar.core import clock, cursors
from bursar.requests import filters, queries
from bursar.requests.models import UpgradeRequest

router = Router(tags=["requests"])
LIMIT: int = Query(50, ge=1, le=200, description="How many requests; at most 200.")  # type: ignore[type-arg]  # ninja types


class ProposalOut(Schema):
    tier: str
    cadence: str
    name: str
    visibility: str
    message: str


class GrantOut(Schema):
    tier: str
    cadence: str
    end_date: str | None
    discount_kind: str
    discount_percent: int | None
    discount_end: str | None
    name: str
    visibility: str


class NamedOut(Schema):
    id: str
    name: str


class RequestOut(Schema):
    id: str
    kind: str
    is_ask: bool
    state: str
    organisation: NamedOut
    workspace: NamedOut | None
    requester: NamedOut
    requested_at: datetime
    tier_when_asked: str
    proposal: ProposalOut
    grant: GrantOut | None
    decided_at: datetime | None
    decided_by: str
    note: str


class RequestsOut(Schema):
    requests: list[RequestOut]
    next_cursor: str


def _out(request: UpgradeRequest) -> dict[str, Any]:
    workspace = request.workspace
    told = queries.tell(request)
    return {
        "id": request.public_id,
        "kind": request.kind,
        "is_ask": request.is_ask,
        "state": request.state,
        "organisation": {"id": request.organisation.public_id, "name": request.organisation.name},
        "workspace": {"id": workspace.public_id, "name": workspace.name} if workspace else None,
        "requester": {"id": request.requester.public_id, "name": request.requester.name},
        "requested_at": request.requested_at,
        "tier_when_asked": request.present_tier,
        "proposal": {**told["proposal"], "message": request.message},
        "grant": told["grant"],
        "decided_at": request.decided_at,
        "decided_by": str(request.decided_by or request.closed_by or ""),
        "note": request.note,
    }


@router.get("/requests", operation_id="requests_list", summary="Upgrade requests", response=RequestsOut)
def list_requests(
    request: HttpRequest,
    state: str = Query("", description="pending, approved, denied, closed or all."),  # type: ignore[type-arg]  # ninja types
    kind: str = Query("", description="tier_upgrade, new_workspace or ask."),  # type: ignore[type-arg]  # ninja types
    tier: str = "",
    q: str = Query("", description="An id, or part of a name, an address or the message."),  # type: ignore[type-arg]  # ninja types
    cursor: str = "",
    limit: int = LIMIT,
) -> dict[str, Any]:
    """Newest first; every state unless one is named."""
    now = clock.now()
    view = filters.read(request.GET.dict() | {"page": ""}, tab="all")
    found = queries.find(view, actor_of(request), now).order_by("-requested_at", "-id")
    if view.tab != "all":
        found = found.filter(state__in=view.states)
    if cursor:
        found = queries.before(found, *cursors.decode_instant(cursor))
    rows = list(found[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return {
        "requests": [_out(row) for row in rows[:limit]],
        "next_cursor": cursors.encode([last.requested_at.isoformat(), last.pk]) if last else "",
    }


@router.get("/requests/{request_id}", operation_id="request_get", summary="One request", response=RequestOut)
def read_request(request: HttpRequest, request_id: str) -> dict[str, Any]:
    return _out(queries.get_request(actor_of(request), request_id, clock.now()))
