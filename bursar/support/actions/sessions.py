"""Going into a workspace as its admin, staying longer, leaving."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Notice, Outcome, Reason, Topic
from bursar.core.days import say_end
from bursar.support import rules, store
from bursar.support.actions.shared import note_field, standing_of, tell_session, why_not_go_in
from bursar.support.models import RequestState, SessionEnd
from bursar.tenants.models import Workspace

NOTHING_ANEW = "Empty: as you asked to be let in."


class Join(ActionForm):
    note = note_field("Why you come in", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = not standing_of(self.case).approved_of(self.case.actor.staff_id)
        if not self.fields["note"].required:
            self.fields["note"].help_text = f"{NOTHING_ANEW} {self.fields['note'].help_text}"


def _why_not_join(case: Case) -> str | None:
    standing, who = standing_of(case), case.actor.staff_id
    session = standing.session_of(who)
    return why_not_go_in(case) or rules.why_not_join(
        is_on=standing.is_on,
        is_let_in=standing.approved_of(who) is not None,
        in_until=session.until if session else None,
    )


@action(
    key="support.workspace.join",
    on=Workspace,
    form=Join,
    label="Join as admin…",
    opposite="support.workspace.leave",
    group=Group.PEOPLE,
    done="Support came in",
    icon="login",
    code="ja",
    formerly=("impersonate", "log in as", "enter"),
    help=f"Lets you in as its admin for {settings.BURSAR_SUPPORT_HOURS} hours. The customer's own admins are told.",
    when="When support access is on, or the customer let you in, and you need to see or do something inside. You are "
    "no seat and no member; what you do in the product is yours by name. Leave when you are done.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_join,
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.SECURITY,
    event="support.joined",
)
def join(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    """By an approval where there is one: it is used up, and its session does not rest on the switch."""
    assert act.actor.staff_id is not None
    standing = standing_of(act.case)
    approval = standing.approved_of(act.actor.staff_id)
    if approval is not None:
        store.use_up(approval, RequestState.USED)
    until = rules.session_end(
        act.now, settings.BURSAR_SUPPORT_HOURS, None if approval is not None else standing.switch_until
    )
    why = data["note"] or (approval.note if approval is not None else "")
    made = store.begin(workspace, act.actor.staff_id, why, until, act.now, approval)
    words = say_end(until)
    return Outcome(
        f"You are in {workspace.name} as its admin until {words}.",
        [Change("Why", "", why), Change("Until", "", words)],
        data=tell_session(made),
    )


def _later(case: Case) -> datetime:
    return rules.session_end(case.now, settings.BURSAR_SUPPORT_HOURS, standing_of(case).switch_until)


def _why_not_extend(case: Case) -> str | None:
    standing = standing_of(case)
    session = standing.session_of(case.actor.staff_id)
    return why_not_go_in(case) or rules.why_not_extend(
        is_on=standing.is_on, in_until=session.until if session else None, later=_later(case)
    )


class Extend(ActionForm):
    note = note_field("Why you stay longer")


@action(
    key="support.workspace.extend",
    on=Workspace,
    form=Extend,
    label="Stay longer…",
    opposite="support.workspace.leave",
    group=Group.PEOPLE,
    done="Support visit extended",
    icon="clock-plus",
    code="sl",
    formerly=("extend visit",),
    help=f"Begins the {settings.BURSAR_SUPPORT_HOURS} hours of your visit anew from now on.",
    when="When what you came for takes longer, and support access is still on. Who was let in by a request asks again.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_extend,
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.SECURITY,
    event="support.extended",
)
def extend(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    session = standing_of(act.case).session_of(act.actor.staff_id)
    assert session is not None
    before, later = say_end(session.until), _later(act.case)
    store.extend(session, later)
    words = say_end(later)
    changes = [Change("Until", before, words), Change("Why", "", data["note"])]
    return Outcome(f"You can stay in {workspace.name} until {words}.", changes, data=tell_session(session))


def _why_not_leave(case: Case) -> str | None:
    mine = standing_of(case).session_of(case.actor.staff_id)
    return None if mine else rules.NOT_IN


@action(
    key="support.workspace.leave",
    on=Workspace,
    label="Leave the workspace…",
    opposite="support.workspace.join",
    group=Group.PEOPLE,
    done="Support left",
    icon="logout",
    code="lw",
    formerly=("log out", "stop impersonating"),
    help="Ends your own visit at once.",
    when="As soon as you are done: the customer sees that nobody is in any more.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_leave,
    event="support.left",
)
def leave(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    session = standing_of(act.case).session_of(act.actor.staff_id)
    assert session is not None
    store.end(session, SessionEnd.LEFT, act.now)
    planned = f"until {say_end(session.until)}"
    return Outcome(
        f"You have left {workspace.name}.", [Change("Visit", planned, "left")], data=tell_session(session, act.now)
    )
