"""The product asks whether support may come into a workspace. True at each request, also with the worker stopped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from bursar.core import clock
from bursar.product import queries
from bursar.product.doors import REFUSALS, Id, key_of, needs
from bursar.product.models import Scope
from bursar.support import queries as support
from bursar.support.models import RequestState, SupportRequest, SupportSession
from bursar.tenants.models import WorkspaceRole

router = Router(**needs(Scope.SUPPORT))


class EntryOut(Schema):
    """`until`: when this session ends by itself; it may end before that at any time, so ask at each access."""

    workspace: str = Field(examples=["ws-1"])
    may_enter: bool
    role: str | None = Field(examples=["admin"], description="admin; null when they may not come in.")
    session: str | None = Field(examples=["ssn_0k3j9x7h2m5n8p4q"])
    until: datetime | None = None
    why: str = Field("", description="A sentence, when they may not.")


class VisitOut(Schema):
    session: str = Field(examples=["ssn_0k3j9x7h2m5n8p4q"])
    staff: str = Field(examples=["stf_0k3j9x7h2m5n8p4q"])
    email: str = Field(examples=["noor@agora.example"])
    joined_at: datetime
    until: datetime
    why: str


class WaitingOut(Schema):
    request: str = Field(examples=["srq_0k3j9x7h2m5n8p4q"])
    staff: str = Field(examples=["stf_0k3j9x7h2m5n8p4q"])
    email: str = Field(examples=["noor@agora.example"])
    note: str
    requested_at: datetime
    answer_until: datetime


class SupportOut(Schema):
    """`until`: when the switch turns itself off; null: when somebody does, or it is off."""

    workspace: str = Field(examples=["ws-1"])
    is_on: bool
    until: datetime | None = None
    sessions: list[VisitOut]
    requests: list[WaitingOut]


@router.get(
    "/support/workspaces/{workspace}/staff/{staff}",
    response={200: EntryOut, **REFUSALS},
    operation_id="get_support_entry",
)
def read_entry(request: HttpRequest, workspace: Id, staff: Id) -> HttpResponse:
    """Whether this colleague, by address or by Bursar's id, may be in the workspace as its admin now.

    They are no member of it: push no membership for them, or one with `is_support`.
    """
    key_of(request)
    place = queries.get_workspace(workspace)
    entry = support.get_entry(place, support.find_staff(staff), clock.now())
    session = entry.session
    made = {
        "workspace": place.external_id,
        "may_enter": session is not None,
        "role": WorkspaceRole.ADMIN.value if session else None,
        "session": session.public_id if session else None,
        "until": session.until if session else None,
        "why": entry.why,
    }
    response = HttpResponse(orjson.dumps(made), content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


@router.get("/support/workspaces/{workspace}", response={200: SupportOut, **REFUSALS}, operation_id="get_support")
def read_support(request: HttpRequest, workspace: Id) -> Any:
    """How support access to a workspace stands: its switch, who is in, and who asks to be let in."""
    key_of(request)
    place = queries.get_workspace(workspace)
    standing = support.get_standing(place, clock.now())
    return {
        "workspace": place.external_id,
        "is_on": standing.is_on,
        "until": standing.switch_until,
        "sessions": [_visit(one) for one in standing.sessions],
        "requests": [_waiting(one) for one in standing.pending if one.state == RequestState.PENDING],
    }


def _visit(one: SupportSession) -> dict[str, Any]:
    who = {"staff": one.staff.public_id, "email": one.staff.user.email}
    return {"session": one.public_id, **who, "joined_at": one.joined_at, "until": one.until, "why": one.why}


def _waiting(one: SupportRequest) -> dict[str, Any]:
    who = {"staff": one.staff.public_id, "email": one.staff.user.email}
    asked = {"note": one.note, "requested_at": one.requested_at, "answer_until": one.answer_until}
    return {"request": one.public_id, **who, **asked}
