"""Support access for the staff's programs. Joining, leaving and the like go through the actions' own addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.access.request import actor_of
from bursar.core import clock
from bursar.support import queries
from bursar.support.models import RequestState, SupportRequest, SupportSession
from bursar.tenants.queries import get_workspace

router = Router(tags=["support"])
AT_MOST = 200


class WhereOut(Schema):
    id: str
    name: str


class VisitOut(Schema):
    id: str
    workspace: WhereOut
    staff: str
    joined_at: datetime
    until: datetime
    why: str


class AskedOut(Schema):
    """`use_until`: until when an approval waits to be used; null while it waits for an answer."""

    id: str
    workspace: WhereOut
    staff: str
    state: str
    note: str
    requested_at: datetime
    answer_until: datetime
    use_until: datetime | None


class SupportOut(Schema):
    """`is_on`, `until`: the switch of the one workspace that was asked for; null where none was."""

    is_on: bool | None
    until: datetime | None
    sessions: list[VisitOut]
    requests: list[AskedOut]


@router.get("/support", operation_id="support", summary="Who is in, and who waits to be let in", response=SupportOut)
def read_support(
    request: HttpRequest,
    workspace: str = Query("", max_length=40, description="Of one workspace, by its id in Bursar."),  # type: ignore[type-arg]  # ninja types
    limit: int = Query(AT_MOST, ge=1, le=AT_MOST, description="Of each, the oldest first; at most 200."),  # type: ignore[type-arg]  # ninja types
) -> dict[str, Any]:
    now = clock.now()
    sessions, waiting = queries.live_sessions(now), queries.waiting_requests(now)
    is_on, until = None, None
    if workspace:
        place = get_workspace(actor_of(request), workspace)
        switch = queries.live_switches(now).filter(workspace=place).first()
        is_on, until = switch is not None, switch.until if switch else None
        sessions, waiting = sessions.filter(workspace=place), waiting.filter(workspace=place)
    return {
        "is_on": is_on,
        "until": until,
        "sessions": [_visit(one) for one in sessions[:limit]],
        "requests": [_asked(one) for one in waiting[:limit]],
    }


def _where(one: SupportSession | SupportRequest) -> dict[str, str]:
    return {"id": one.workspace.public_id, "name": one.workspace.name}


def _visit(one: SupportSession) -> dict[str, Any]:
    return {
        "id": one.public_id,
        "workspace": _where(one),
        "staff": one.staff.public_id,
        "joined_at": one.joined_at,
        "until": one.until,
        "why": one.why,
    }


def _asked(one: SupportRequest) -> dict[str, Any]:
    return {
        "id": one.public_id,
        "workspace": _where(one),
        "staff": one.staff.public_id,
        "state": one.state,
        "note": one.note,
        "requested_at": one.requested_at,
        "answer_until": one.answer_until,
        "use_until": one.use_until if one.state == RequestState.APPROVED else None,
    }
