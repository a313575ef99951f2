"""Asking to be let in once, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from bursar.access.rights import Own
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Notice, Outcome, Reason, Topic
from bursar.core.days import say_end
from bursar.plans.actions.shared import why_deleted
from bursar.support import rules, store
from bursar.support.actions.shared import (
    TEAM,
    OneRequest,
    note_field,
    standing_of,
    tell_request,
    why_not_go_in,
)
from bursar.support.models import RequestState, SupportRequest
from bursar.tenants.models import Workspace


class Ask(ActionForm):
    note = note_field("Why you need to come in")


def _why_not_ask(case: Case) -> str | None:
    standing, who = standing_of(case), case.actor.staff_id
    pending, approved = standing.pending_of(who), standing.approved_of(who)
    return why_not_go_in(case) or rules.why_not_ask(
        is_on=standing.is_on,
        pending_since=pending.requested_at if pending else None,
        use_until=approved.use_until if approved else None,
    )


@action(
    key="support.workspace.ask",
    on=Workspace,
    form=Ask,
    label="Ask to be let in…",
    opposite="support.workspace.withdraw",
    group=Group.PEOPLE,
    done="Support asks to be let in",
    icon="door-enter",
    code="ai",
    formerly=("impersonate", "log in as", "support access"),
    help="Asks the workspace's admins whether you may come in once. They have some days to answer.",
    when="When something can only be seen or mended inside the workspace, and support access is off there. Where it is "
    "on, join instead.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_ask,
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.SECURITY,
    event="support.requested",
)
def ask(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    assert act.actor.staff_id is not None
    until = act.now + timedelta(days=settings.BURSAR_SUPPORT_ANSWER_DAYS)
    made = store.ask(workspace, act.actor.staff_id, data["note"], until, act.now)
    words = say_end(until)
    changes = [Change("Why", "", data["note"]), Change("To be answered by", "", words)]
    sentence = f"The admins of {workspace.name} are asked, and can answer until {words}."
    return Outcome(sentence, changes, data=tell_request(made))


def _why_not_withdraw(case: Case) -> str | None:
    mine = standing_of(case).pending_of(case.actor.staff_id)
    return why_not_go_in(case) or (None if mine else "You have asked for nothing here that waits for an answer.")


@action(
    key="support.workspace.withdraw",
    on=Workspace,
    label="Withdraw what you asked…",
    opposite="support.workspace.ask",
    group=Group.PEOPLE,
    done="Support request withdrawn",
    icon="arrow-back-up",
    code="wd",
    formerly=("cancel ask",),
    help="Takes your own request back; nobody need answer it any more.",
    when="When the reason is gone before the customer has answered.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_withdraw,
    event="support.withdrawn",
)
def withdraw(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    mine = standing_of(act.case).pending_of(act.actor.staff_id)
    assert mine is not None
    store.decide(mine, RequestState.WITHDRAWN, act.now)
    return Outcome(f"You ask no more to come into {workspace.name}.", [_change(mine)], data=tell_request(mine))


def _change(request: SupportRequest) -> Change:
    return Change("Request", str(RequestState.PENDING.label), str(RequestState(request.state).label))


class Deny(OneRequest):
    answer = note_field("Why not", f"{TEAM} reads this. It can stay empty.", required=False)


def _why_not_answer(case: Case) -> str | None:
    return why_deleted(case) or (None if standing_of(case).pending else "Nobody asks to come in here now.")


def _why_not_this(case: Case, data: Cleaned) -> str | None:
    """Once answered, answered; what ran out is over, whether or not that was said already."""
    request: SupportRequest = data["request"]
    if request.state != RequestState.PENDING:
        assert request.decided_at is not None
        return rules.why_answered(request.get_state_display(), request.decided_at)
    if request.answer_until <= case.now:
        return rules.why_answered(str(RequestState.UNANSWERED.label), request.answer_until)
    return None


@action(
    key="support.workspace.approve",
    on=Workspace,
    form=OneRequest,
    label="Let them in once…",
    opposite="support.workspace.end_session",
    done="Support request approved",
    icon="check",
    help=f"Whoever asked may come into this workspace once, as its admin, for {settings.BURSAR_SUPPORT_HOURS} hours.",
    when="For customers: an owner or admin of the workspace or its organisation. It lets in one person, once.",
    permission=Own.LET_IN,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_answer,
    refused=_why_not_this,
    tell=(Notice.ASKER,),
    topic=Topic.DECISIONS,
    event="support.approved",
    in_menu=False,
)
def approve(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    request: SupportRequest = data["request"]
    until = act.now + timedelta(days=settings.BURSAR_SUPPORT_ANSWER_DAYS)
    store.decide(request, RequestState.APPROVED, act.now, person_id=act.actor.person_id, use_until=until)
    words = say_end(until)
    changes = [_change(request), Change("To come in by", "", words)]
    sentence = f"Whoever asked may come into {workspace.name} once, until {words}."
    return Outcome(sentence, changes, data=tell_request(request))


@action(
    key="support.workspace.deny",
    on=Workspace,
    form=Deny,
    label="Do not let them in…",
    opposite="support.workspace.turn_on",
    done="Support request denied",
    icon="x",
    help=f"Says no. {TEAM} is told, with what you write.",
    when="For customers: an owner or admin of the workspace or its organisation.",
    permission=Own.LET_IN,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_answer,
    refused=_why_not_this,
    tell=(Notice.ASKER,),
    topic=Topic.DECISIONS,
    event="support.denied",
    in_menu=False,
)
def deny(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    request: SupportRequest = data["request"]
    store.decide(request, RequestState.DENIED, act.now, person_id=act.actor.person_id, answer=data["answer"])
    why = [Change("Why", "", data["answer"])] if data["answer"] else []
    return Outcome("Nobody comes in for this.", [_change(request), *why], data=tell_request(request))
