"""A handoff ends what was asked for a workspace: it was asked of those who had it before."""

from __future__ import annotations

from datetime import datetime

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Notice, Outcome, Reason, Topic
from bursar.core import naming
from bursar.plans.models import Tier
from bursar.requests import queries
from bursar.requests.actions.shared import decide, why_decided
from bursar.requests.models import RequestState, UpgradeRequest
from bursar.tenants.handoff import PARTS, Part
from bursar.tenants.models import Workspace

FALL_AWAY = "requests.request.fall_away"


def foresee(workspace: Workspace, now: datetime) -> list[str]:
    pending = queries.get_pending(workspace)
    if pending is None:
        return []
    who, tier = pending.requester.name, Tier(pending.tier).label
    return [f"The request of {who} for {tier} ends; the client's people can ask anew."]


def follow(act: Act, workspace: Workspace) -> None:
    pending = queries.get_pending(workspace)
    if pending is not None:
        act.also(FALL_AWAY, queries.get_request(act.actor, pending.public_id, act.now), {})


PARTS.add("requests", Part(foresee=foresee, follow=follow))


def _why_not(case: Case) -> str | None:
    if sentence := why_decided(case):
        return sentence
    request: UpgradeRequest = case.target
    if request.workspace is not None and request.workspace.organisation_id != request.organisation_id:
        return None
    return "The workspace is with those of whom it was asked: approve the request, or deny it."


@action(
    key=FALL_AWAY,
    on=UpgradeRequest,
    label="Request ended by a handoff",
    done="Request ended by a handoff",
    icon="transfer",
    help="A request ends because its workspace is another organisation's now. Whoever asked is told.",
    when="It happens by itself with the handoff; there is nothing to do by hand.",
    permission=Right.TRANSFER,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not,
    tell=(Notice.REQUESTER,),
    topic=Topic.DECISIONS,
    event="request.decided",
    in_menu=False,
)
def fall_away(act: Act, request: UpgradeRequest, data: Cleaned) -> Outcome:
    change = decide(act, request, RequestState.OVERTAKEN)
    sentence = f"{naming.of(request.requester)}'s request for {Tier(request.tier).label} ended with the handoff."
    return Outcome(sentence, [change], data=queries.tell(request))
