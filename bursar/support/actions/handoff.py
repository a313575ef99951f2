"""A handoff ends what the former organisation let in: the switch, visits, and what was asked of it."""

from __future__ import annotations

from datetime import datetime

from bursar.actions.run import Act
from bursar.support import queries, store
from bursar.support.actions.shared import TEAM
from bursar.support.models import RequestState
from bursar.tenants.handoff import PARTS, Part
from bursar.tenants.models import Workspace


def foresee(workspace: Workspace, now: datetime) -> list[str]:
    standing = queries.get_standing(workspace, now)
    said = [f"The visit of {one.staff.user.name} ends at once." for one in standing.sessions]
    if standing.is_on:
        said.append("Support access is turned off; the client's people can turn it on again.")
    asked = len(standing.pending) + len(standing.approved)
    if asked:
        said.append(f"{TEAM} has asked to come in; that ends, and is asked of the client anew.")
    return said


def follow(act: Act, workspace: Workspace) -> None:
    """As at any end that comes by itself: each has its line, and whom it concerns is told."""
    for request in queries.list_unused(workspace):
        store.use_up(request, RequestState.TAKEN_BACK)
    act.tell_what_is_due([workspace.account_id])


PARTS.add("support", Part(foresee=foresee, follow=follow))
