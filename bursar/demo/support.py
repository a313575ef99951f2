"""Support access in the demo company, through the door: let in, waiting, denied, left; made again, nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from bursar.access.actor import Actor
from bursar.demo.requests import at_instant, find_colleague
from bursar.support.models import SupportRequest
from bursar.tenants.models import OrganisationMembership, Person, Workspace, WorkspaceMembership
from bursar.tenants.queries import customer_of

FIRST = "admin@client.example"
STAFF = ("lead@agora.example", "staff@agora.example")
WHYS = (
    "The transcripts of last week do not open; we look at the files with you.",
    "You asked on the telephone to move the recordings of the second evening.",
    "Some people cannot sign in, and we see no cause from outside.",
)


def make_visits(now: datetime) -> None:
    """The customer whose sign-in the demo prints has somebody in; others answered, or have not yet."""
    colleagues = [actor for email in STAFF if (actor := find_colleague(email))]
    if not colleagues:
        return
    lead, other = colleagues[0], colleagues[-1]
    for place, (person, workspace) in enumerate(_owners(now)):
        customer = customer_of(person, now)
        if place == 0:
            _do(now - timedelta(days=2), "turn_on", customer, workspace, "on")
            _do(now - timedelta(hours=3), "join", lead, workspace, "in", note=WHYS[0])
            continue
        _do(now - timedelta(days=place), "ask", other, workspace, "asked", note=WHYS[place % len(WHYS)])
        asked = SupportRequest.objects.filter(workspace=workspace).order_by("id").first()
        if asked is None or place == 1:
            continue
        answer = {"answer": "Please call me first."} if place == 2 else {}
        _do(now - timedelta(hours=20), "deny" if place == 2 else "approve", customer, workspace, "answer",
            request=asked.public_id, **answer)  # fmt: skip
        if place == 3:
            _do(now - timedelta(hours=9), "join", other, workspace, "in")
            _do(now - timedelta(hours=8), "leave", other, workspace, "out")


def _do(at: datetime, verb: str, actor: Actor, workspace: Workspace, once: str, **data: Any) -> None:
    key = f"demo-support-{workspace.public_id}-{once}"
    at_instant(at, f"support.workspace.{verb}", actor, workspace.public_id, data, key)


def _owners(now: datetime) -> Iterator[tuple[Person, Workspace]]:
    """First a workspace of the customer with a sign-in, then four others', each with whoever owns it."""
    seats = OrganisationMembership.objects.at(now).filter(person__email=FIRST, role="owner")
    for seat in seats.select_related("person")[:1]:
        for own in Workspace.objects.filter(organisation_id=seat.organisation_id, deleted_at=None).order_by("id")[:1]:
            yield seat.person, own
    since = now - timedelta(days=20)
    others = WorkspaceMembership.objects.at(now).filter(role="owner", workspace__deleted_at=None, valid_from__lt=since)
    others = others.exclude(workspace__organisation__in=seats.values("organisation")).filter(is_support=False)
    for row in others.select_related("person", "workspace").order_by("workspace_id", "id").distinct("workspace_id")[:4]:
        yield row.person, row.workspace
