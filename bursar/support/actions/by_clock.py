"""What the clock does to support access, told once; and what it reminds of before that."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import By
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Notice, Outcome, Reason, Topic
from bursar.core.days import say_end
from bursar.support import queries, rules, store
from bursar.support.actions.shared import TEAM, OneRequest, OneSession, standing_of, tell_request, tell_session
from bursar.support.models import RequestState, SessionEnd, SupportRequest, SupportSession, SupportSwitch
from bursar.tenants.models import Workspace

BY_ITSELF = "It happens by itself, by the clock; there is nothing to do by hand."
NOT_DUE = "This is not due, or it was told already."
BY_CLOCK: dict[str, Any] = {
    "on": Workspace, "when": BY_ITSELF, "permission": By.CLOCK, "reason": Reason.NONE, "in_menu": False,
}  # fmt: skip
FOR_BOTH: dict[str, Any] = {
    **BY_CLOCK, "customer_visible": True, "concerns_money": False, "message": Reason.NONE,
}  # fmt: skip
"""The customer sees it in their history."""


class PastSession(ActionForm):
    session = forms.CharField(label="Session", max_length=40)

    def clean_session(self) -> SupportSession:
        found = queries.find_past_session(self.case.target, self.cleaned_data["session"], self.case.now)
        if found is None:
            raise forms.ValidationError(NOT_DUE)
        return found


@action(
    key="support.workspace.session_over",
    form=PastSession,
    label="A support visit is over",
    done="Support visit over",
    icon="hourglass",
    help="Says that a visit has reached its end. It granted nothing from that instant on.",
    tell=(Notice.ASKER,),
    topic=Topic.PEOPLE,
    event="support.ended",
    **FOR_BOTH,
)
def session_over(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    session: SupportSession = data["session"]
    at = min(session.until, act.now)
    store.end(session, SessionEnd.OVER, at)
    words = f"until {say_end(session.until)}"
    told = {**tell_session(session, at), "end": session.end}
    return Outcome(f"The visit to {workspace.name} is over.", [Change("Visit", words, "over")], data=told)


class PastRequest(OneRequest):
    def clean_request(self) -> SupportRequest:
        found = super().clean_request()
        is_over = found.answer_until <= self.case.now or found.organisation_id != self.case.target.organisation_id
        if found.state != RequestState.PENDING or not is_over:
            raise forms.ValidationError(NOT_DUE)
        return found


@action(
    key="support.workspace.request_over",
    form=PastRequest,
    label="A support request was not answered",
    done="Support request not answered",
    icon="hourglass-off",
    help="Says that the time to answer a request has run out. Nobody can approve it any more.",
    tell=(Notice.ASKER,),
    topic=Topic.REQUESTS,
    event="support.unanswered",
    **FOR_BOTH,
)
def request_over(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    request: SupportRequest = data["request"]
    store.decide(request, RequestState.UNANSWERED, min(request.answer_until, act.now))
    change = Change("Request", str(RequestState.PENDING.label), str(RequestState.UNANSWERED.label))
    sentence = f"Nobody answered whether you may come into {workspace.name}. You can ask again."
    return Outcome(sentence, [change], data=tell_request(request))


def _past_switch(case: Case) -> SupportSwitch | None:
    found: SupportSwitch | None = case.once("past", lambda: queries.find_past_switch(case.target, case.now))
    return found


@action(
    key="support.workspace.switch_over",
    label="Support access turns itself off",
    done="Support access turned itself off",
    icon="hourglass-off",
    help="Says that the customer's switch has reached its end. It let nobody in from that instant on.",
    blocked=lambda case: None if _past_switch(case) else NOT_DUE,
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.PEOPLE,
    event="support.turned_off",
    **FOR_BOTH,
)
def switch_over(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    switch = _past_switch(act.case)
    assert switch is not None
    store.turn_off(switch, min(switch.until or act.now, act.now))
    change = Change("Support access", f"on {rules.say_until(switch.until)}", "off")
    return Outcome(f"{TEAM} may not come into {workspace.name} any more.", [change], data={"by_itself": True})


class RunningSession(OneSession):
    def clean_session(self) -> SupportSession:
        found = super().clean_session()
        if found.reminded_at is not None:
            raise forms.ValidationError(NOT_DUE)
        return found


@action(
    key="support.workspace.remind_session",
    form=RunningSession,
    label="A support visit ends soon",
    done="Support visit ends soon",
    icon="alarm",
    help="Tells whoever is in a workspace that their visit ends within the hour.",
    tell=(Notice.ASKER,),
    topic=Topic.PEOPLE,
    **BY_CLOCK,
)
def remind_session(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    session: SupportSession = data["session"]
    store.note_reminded(session, act.now)
    words = say_end(session.until)
    sentence = f"Your visit to {workspace.name} ends on {words}."
    return Outcome(sentence, [Change("Visit", "", f"ends on {words}")], data=tell_session(session))


class WaitingRequest(OneRequest):
    def clean_request(self) -> SupportRequest:
        found = super().clean_request()
        waits = found.state == RequestState.PENDING and found.answer_until > self.case.now
        if not waits or found.reminded_at is not None:
            raise forms.ValidationError(NOT_DUE)
        return found


@action(
    key="support.workspace.remind_request",
    form=WaitingRequest,
    label="A support request waits for an answer",
    done="Support request waits for an answer",
    icon="alarm",
    help="Asks the workspace's admins once more, when half of the time to answer is over.",
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.REQUESTS,
    **FOR_BOTH,
)
def remind_request(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    request: SupportRequest = data["request"]
    store.note_reminded(request, act.now)
    changes = [
        Change("Why", "", request.note),
        Change("To be answered by", "", say_end(request.answer_until)),
    ]
    return Outcome(f"{TEAM} still asks to come into {workspace.name}.", changes)


def _why_not_remind(case: Case) -> str | None:
    switch = standing_of(case).switch
    return None if switch is not None and switch.until is not None and switch.reminded_at is None else NOT_DUE


@action(
    key="support.workspace.remind_switch",
    label="Support access turns itself off soon",
    done="Support access turns itself off soon",
    icon="alarm",
    help="Tells the workspace's admins, some days before, that their switch for support will turn itself off.",
    blocked=_why_not_remind,
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.PEOPLE,
    **FOR_BOTH,
)
def remind_switch(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    switch = standing_of(act.case).switch
    assert switch is not None
    store.note_reminded(switch, act.now)
    words = say_end(switch.until)
    sentence = f"{TEAM} may come into {workspace.name} until {words}; then it is off until you turn it on again."
    return Outcome(sentence, [Change("Support access", "", f"on until {words}")])
