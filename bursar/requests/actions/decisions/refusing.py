"""What staff do with a request that comes to nothing: deny, or close as done. And the note on one."""

from __future__ import annotations

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Group, Notice, Outcome, Reason, Topic
from bursar.core import naming
from bursar.requests import queries
from bursar.requests.actions.shared import decide, why_not_decide, why_overtaken
from bursar.requests.models import RequestState, UpgradeRequest
from bursar.tenants import notes


@action(
    key="requests.request.deny",
    on=UpgradeRequest,
    label="Deny…",
    instead="The customer can ask again.",
    group=Group.DECISION,
    done="Request denied",
    icon="x",
    code="de",
    formerly=("reject", "decline"),
    help="Says no. The requester is told, with the message that you write to them.",
    when="When the answer is no. Where something else came of it, approve it changed, or close it as done.",
    reason=Reason.OPTIONAL,
    customer_visible=True,
    concerns_money=False,
    message=Reason.REQUIRED,
    blocked=why_not_decide,
    tell=(Notice.REQUESTER,),
    topic=Topic.DECISIONS,
    event="request.decided",
)
def deny(act: Act, request: UpgradeRequest, data: Cleaned) -> Outcome:
    change = decide(act, request, RequestState.DENIED, act.request.message)
    return Outcome(
        f"{request} is denied; {naming.of(request.requester)} is told.", [change], data=queries.tell(request)
    )


def _why_not_close(case: Case) -> str | None:
    sentence = why_not_decide(case)
    if sentence or case.target.is_ask or why_overtaken(case):
        return sentence
    return "Nothing has overtaken this request: approve it, or deny it."


@action(
    key="requests.request.close_as_done",
    on=UpgradeRequest,
    label="Close as done…",
    instead="The customer can ask again.",
    group=Group.DECISION,
    done="Request closed as done",
    icon="checks",
    code="cd",
    formerly=("resolve",),
    help="Closes a request that needs no decision any more; nothing else is changed.",
    when="When the workspace is gone or moved, or is on the tier already; or when a member's ask is settled otherwise.",
    reason=Reason.OPTIONAL,
    customer_visible=True,
    concerns_money=False,
    blocked=_why_not_close,
    tell=(Notice.REQUESTER,),
    topic=Topic.DECISIONS,
    event="request.decided",
)
def close_as_done(act: Act, request: UpgradeRequest, data: Cleaned) -> Outcome:
    change = decide(act, request, RequestState.DONE, act.request.message)
    return Outcome(f"{request} is closed as done.", [change], data=queries.tell(request))


notes.declare(
    "requests", "request", UpgradeRequest,
    "For what the next colleague should know. What the requester should read goes into the decision's message.",
)  # fmt: skip
