"""The product's door for upgrade requests: on a person's behalf, by the same actions as on their own pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from bursar.access.actor import Door
from bursar.actions.run import run
from bursar.core import clock
from bursar.core.errors import NotFound
from bursar.product import queries
from bursar.product.doors import ONCE, REFUSALS, Id, key_of, needs
from bursar.product.models import Scope
from bursar.requests.queries import get_request, tell
from bursar.tenants.queries import customer_of

router = Router(**needs(Scope.REQUESTS))


class AskIn(Schema):
    """`person`: the product's id of whoever asks; the same rules hold for them as on their own pages."""

    person: str = Field(max_length=100, examples=["per-1"])
    tier: str = Field(max_length=20, examples=["changemaker"])
    cadence: str = Field("yearly", max_length=20, examples=["yearly"], description="yearly or monthly")
    message: str = Field("", max_length=5000, examples=["For the climate panel of 2027."], description="At most 1,000.")


class AskWorkspaceIn(AskIn):
    name: str = Field(max_length=200, examples=["Klimaatpanel"], description="At most 100 characters.")
    visibility: str = Field(
        "open_to_organisation", max_length=30, description="open_to_organisation, invite_only or private"
    )


class ProposalOut(Schema):
    tier: str = Field(examples=["changemaker"])
    cadence: str = Field(examples=["yearly"])
    name: str = ""
    visibility: str = ""


class GrantOut(ProposalOut):
    end_date: str | None = Field(examples=["2027-06-30"], description="The last day; null: for good.")
    discount_kind: str = ""
    discount_percent: int | None = None
    discount_end: str | None = None


class RequestOut(Schema):
    request: str = Field(examples=["req_0k3j9x7h2m5n8p4q"])
    state: str = Field(examples=["pending"], description="pending, approved, denied, withdrawn, overtaken or done")
    kind: str = Field(examples=["tier_upgrade"], description="tier_upgrade or new_workspace")
    is_ask: bool = Field(description="By a plain member: it went to their own billing people too.")
    person: str = Field(examples=["per-1"])
    organisation: str = Field(examples=["org-1"])
    workspace: str | None = Field(examples=["ws-1"])
    bursar_id: str | None = Field(description="The workspace's id in Bursar; send it with the first PUT of a new one.")
    requested_at: str = Field(examples=["2026-11-24T09:00:00+00:00"])
    decided_at: str | None = None
    note: str = Field("", description="From the team, for the requester.")
    proposal: ProposalOut
    grant: GrantOut | None = Field(None, description="What was given; null unless approved.")
    sentence: str = ""


ANSWERS: dict[int, Any] = {201: RequestOut, **REFUSALS}


def _ask(key: str, target_id: str, body: AskIn, once: str) -> Status[dict[str, Any]]:
    """The person is the actor: their own roles decide, as on their own pages."""
    actor = customer_of(queries.get_person(body.person), clock.now(), Door.API)
    try:
        outcome = run(key, actor, target_id, body.model_dump(exclude={"person"}), idempotency_key=once)
    except NotFound:
        raise NotFound(f"“{body.person}” does not belong there.") from None
    return Status(201, {**outcome.data, "sentence": outcome.sentence})


@router.post("/workspaces/{workspace}/upgrade-requests", response=ANSWERS, operation_id="ask_upgrade")
def ask_upgrade(request: HttpRequest, workspace: Id, body: AskIn, idempotency_key: str = ONCE) -> Any:
    """Asks for a higher tier. By a plain member it is an ask, which their own billing people hear of too."""
    found = queries.get_workspace(workspace)
    return _ask("requests.workspace.ask_upgrade", found.public_id, body, idempotency_key)


@router.post("/organisations/{organisation}/workspace-requests", response=ANSWERS, operation_id="ask_workspace")
def ask_workspace(request: HttpRequest, organisation: Id, body: AskWorkspaceIn, idempotency_key: str = ONCE) -> Any:
    """Asks for a new workspace; owners and admins of the organisation may."""
    found = queries.get_organisation(organisation)
    return _ask("requests.organisation.ask_workspace", found.public_id, body, idempotency_key)


@router.get("/requests/{request_id}", response={200: RequestOut, **REFUSALS}, operation_id="get_request")
def read_request(request: HttpRequest, request_id: Id) -> Any:
    """What became of a request, with the team's note. Never what staff noted for themselves, nor who they are."""
    actor = key_of(request)
    return tell(get_request(actor, request_id, clock.now()))
