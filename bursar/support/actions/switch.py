"""The customer's switch: support may come in without asking, or may not, and whoever is in goes."""

from __future__ import annotations

from django.conf import settings

from bursar.access.rights import Own
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Loss, Notice, Outcome, Reason, Topic
from bursar.core.days import say_end, tell_end
from bursar.plans.actions.shared import why_deleted
from bursar.support import rules, store
from bursar.support.actions.shared import TEAM, OneSession, standing_of, tell_session
from bursar.support.models import RequestState, SessionEnd
from bursar.tenants.models import Workspace

APPROVE = "support.workspace.approve"
END_SESSION = "support.workspace.end_session"


def _why_not_turn_on(case: Case) -> str | None:
    standing = standing_of(case)
    return why_deleted(case) or rules.why_not_turn_on(is_on=standing.is_on, until=standing.switch_until)


@action(
    key="support.workspace.turn_on",
    on=Workspace,
    label="Let support in…",
    opposite="support.workspace.turn_off",
    done="Support access turned on",
    icon="login",
    help=f"{TEAM} may come into this workspace as its admin to help you, without asking each time.",
    when="For customers: an owner or admin of the workspace or its organisation. It turns itself off after some time; "
    "to let somebody in once, a request is approved instead.",
    permission=Own.LET_IN,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_turn_on,
    preview=lambda case, data: [
        f"Each visit lasts {settings.BURSAR_SUPPORT_HOURS} hours, is shown here, and costs no seat."
    ],
    calls=(APPROVE,),
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.SECURITY,
    event="support.turned_on",
    in_menu=False,
)
def turn_on(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    """Whoever waits for an answer has one."""
    assert act.actor.person_id is not None
    waiting = standing_of(act.case).pending
    until = rules.switch_end(act.now, settings.BURSAR_SUPPORT_SWITCH_DAYS)
    store.turn_on(workspace, act.actor.person_id, until, act.now)
    for request in waiting:
        act.also(APPROVE, workspace, {"request": request.public_id})
    words = rules.say_until(until)
    sentence = f"{TEAM} may come into {workspace.name} {words}."
    return Outcome(sentence, [Change("Support access", "off", f"on {words}")], data={**tell_end(until)})


def _why_not_turn_off(case: Case) -> str | None:
    standing = standing_of(case)
    return rules.why_not_turn_off(
        is_on=standing.is_on, sessions=len(standing.sessions), approved=len(standing.approved)
    )


def _foresee_off(case: Case, data: Cleaned) -> list[str]:
    count = len(standing_of(case).sessions)
    if not count:
        return []
    return [
        Loss(
            "Whoever is in has to leave at once."
            if count == 1
            else f"{count} people are in; they have to leave at once."
        )
    ]


@action(
    key="support.workspace.turn_off",
    on=Workspace,
    label="Turn support access off…",
    opposite="support.workspace.turn_on",
    done="Support access turned off",
    icon="logout",
    help=f"{TEAM} may not come in any more. Whoever is in is out at once, and approvals that wait are taken back.",
    when="For customers: an owner or admin of the workspace or its organisation. It ends every visit, also one that "
    "was let in by a request.",
    permission=Own.LET_IN,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_turn_off,
    preview=_foresee_off,
    calls=(END_SESSION,),
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.SECURITY,
    event="support.turned_off",
    in_menu=False,
)
def turn_off(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    standing = standing_of(act.case)
    changes = []
    if standing.switch is not None:
        store.turn_off(standing.switch, act.now, act.actor.person_id)
        changes.append(Change("Support access", f"on {rules.say_until(standing.switch_until)}", "off"))
    for request in standing.approved:
        store.use_up(request, RequestState.TAKEN_BACK)
    for session in standing.sessions:
        act.also(END_SESSION, workspace, {"session": session.public_id})
    if standing.approved:
        changes.append(Change("Approvals taken back", "", str(len(standing.approved))))
    sentence = f"{TEAM} may not come into {workspace.name} any more."
    return Outcome(sentence, changes, data={"by_itself": False})


@action(
    key="support.workspace.end_session",
    on=Workspace,
    form=OneSession,
    label="End this visit…",
    opposite="support.workspace.approve",
    done="Support visit ended by the customer",
    icon="logout",
    help="Whoever is in has to leave at once.",
    when="For customers: an owner or admin of the workspace or its organisation, for one visit among several. Turning "
    "support access off ends all of them.",
    permission=Own.LET_IN,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    tell=(Notice.ASKER,),
    topic=Topic.SECURITY,
    event="support.ended",
    in_menu=False,
    takes_away=True,
)
def end_session(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    session = data["session"]
    store.end(session, SessionEnd.ENDED, act.now)
    planned = f"until {say_end(session.until)}"
    told = {**tell_session(session, act.now), "end": session.end}
    return Outcome(f"The visit to {workspace.name} is ended.", [Change("Visit", planned, "ended")], data=told)
