"""What customers do: ask for a higher tier or a new workspace, and take a request back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from bursar.access.rights import Own
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Notice, Outcome, Reason, Topic
from bursar.core import naming
from bursar.plans.actions.shared import why_deleted
from bursar.plans.models import Cadence, Tier
from bursar.plans.rules import RANK
from bursar.requests import costs, queries, rules
from bursar.requests.actions.shared import decide, differences, present_of, proposal_changes, why_decided
from bursar.requests.models import MESSAGE_LENGTH, RequestKind, RequestState, UpgradeRequest
from bursar.tenants.actions import sight_of
from bursar.tenants.models import Organisation, Visibility, Workspace
from bursar.tenants.rules import NAME_LENGTH

TEAM = f"the {settings.BURSAR_COMPANY_NAME} team"
NO_TIER = {"invalid_choice": "There is no tier “%(value)s”."}
OFFERED = [(value, label) for value, label in Tier.choices if value != rules.STAFF_ONLY]
TOO_LONG = f"At most {MESSAGE_LENGTH:,} characters."


NOTHING_YET = "Nothing changes, and nothing is charged, before it is approved."


class AskForm(ActionForm):
    tier = forms.ChoiceField(label="Plan", choices=Tier.choices, error_messages=NO_TIER)
    cadence = forms.ChoiceField(label="Billed", choices=Cadence.choices, initial=Cadence.YEARLY, required=False)
    message = forms.CharField(
        label="Message", required=False, max_length=MESSAGE_LENGTH, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=f"What you need it for. {TOO_LONG}", error_messages={"max_length": TOO_LONG},
    )  # fmt: skip

    def clean_cadence(self) -> str:
        return self.cleaned_data["cadence"] or Cadence.YEARLY.value


class AskUpgrade(AskForm):
    """Only tiers above the present one are offered; any other is refused with a sentence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tier = self.fields["tier"]
        if self.case.target.deleted_at is None:
            base = present_of(self.case, self.case.target).base
            above = [(value, label) for value, label in OFFERED if RANK[value] > RANK[base]]
            tier.widget.choices = above  # type: ignore[attr-defined]  # a Select has them
            offered = [value for value, _ in above]
            tier.initial = "changemaker" if "changemaker" in offered else next(iter(offered), None)


def _why_no_upgrade(case: Case) -> str | None:
    if case.target.deleted_at is not None:
        return why_deleted(case)
    pending = queries.get_pending(case.target)
    known = queries.in_short(pending) if pending else None
    return rules.why_not_upgrade(sight_of(case).bills, known, present_of(case, case.target).base)


def _foresee_upgrade(case: Case, data: Cleaned) -> list[str]:
    words = differences(present_of(case, case.target).tier, data["tier"], case)
    pending = queries.get_pending(case.target)
    if pending is not None:
        words.append(f"It takes the place of what {pending.requester.name} asked for.")
    if sight_of(case).bills:
        words += costs.say_upgrade(case, data["tier"], data["cadence"])
    return [*words, NOTHING_YET]


@action(
    key="requests.workspace.ask_upgrade",
    on=Workspace,
    form=AskUpgrade,
    label="Ask for an upgrade…",
    opposite="requests.request.withdraw",
    done="Upgrade requested",
    icon="rocket",
    help=f"Asks {TEAM} for a higher plan for this workspace.",
    when="For customers. An owner, admin or billing person requests; a member's ask goes to those people too, and "
    "either side may close it. Staff who want to change a tier use “Change tier”.",
    permission=Own.ASK,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_no_upgrade,
    refused=lambda case, data: rules.why_not_propose(data["tier"], present_of(case, case.target).base),
    preview=_foresee_upgrade,
    calls=("requests.request.give_way",),
    tell=(Notice.STAFF, Notice.OWN_PEOPLE),
    topic=Topic.REQUESTS,
    event="request.created",
    in_menu=False,
)
def ask_upgrade(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    assert act.actor.person_id is not None
    is_ask = not sight_of(act.case).bills
    earlier = queries.get_pending(workspace)
    if earlier is not None:
        act.also("requests.request.give_way", earlier, {})
    made = UpgradeRequest.objects.create(
        kind=RequestKind.TIER_UPGRADE,
        is_ask=is_ask,
        organisation=workspace.organisation,
        workspace=workspace,
        requester_id=act.actor.person_id,
        requested_at=act.now,
        present_tier=present_of(act.case, workspace).base,
        **{name: data[name] for name in ("tier", "cadence", "message")},
    )
    if is_ask:
        asks = f"{naming.of(made.requester)} asks for {Tier(made.tier).label}."
        sentence = f"{asks} It goes to the workspace's own billing people and admins, and to {TEAM}."
    else:
        sentence = f"Your request for {Tier(made.tier).label}, billed {made.cadence}, goes to {TEAM}."
    return Outcome(sentence, proposal_changes(made), data=queries.tell(made), touches=[made.public_id])


def _why_not_give_way(case: Case) -> str | None:
    if case.target.is_pending and not case.target.is_ask:
        return "Only a member's ask gives way to a request."
    return why_decided(case)


@action(
    key="requests.request.give_way",
    on=UpgradeRequest,
    label="Ask overtaken by a request",
    instead="The request that overtook it goes on.",
    done="Ask overtaken by a request",
    icon="arrow-merge",
    help="A member's ask ends because their own admins or billing people request an upgrade themselves.",
    when="It happens by itself with that request; there is nothing to do by hand.",
    permission=Own.WITHDRAW,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_not_give_way,
    tell=(Notice.REQUESTER,),
    topic=Topic.DECISIONS,
    event="request.decided",
    in_menu=False,
)
def give_way(act: Act, request: UpgradeRequest, data: Cleaned) -> Outcome:
    change = decide(act, request, RequestState.OVERTAKEN)
    by = Change("By", "", act.actor.name, after_ref=act.actor.id)
    sentence = f"{naming.of(request.requester)}'s ask became a request of {naming.say(act.actor.id, act.actor.name)}."
    return Outcome(sentence, [change, by], data=queries.tell(request))


class AskWorkspace(AskForm):
    name = forms.CharField(
        label="Name", max_length=NAME_LENGTH, error_messages={"max_length": f"At most {NAME_LENGTH} characters."}
    )
    visibility = forms.ChoiceField(label="Visibility", choices=Visibility.choices, initial=Visibility.OPEN)
    field_order = ("name", "visibility", "tier", "cadence", "message")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].widget.choices = OFFERED  # type: ignore[attr-defined]  # a Select has them
        self.fields["tier"].initial = Tier.FREE


def _why_no_workspace(case: Case) -> str | None:
    return "The organisation was deleted." if case.target.deleted_at is not None else None


def _why_not_this_workspace(case: Case, data: Cleaned) -> str | None:
    if queries.is_asked_already(case.target.pk, data["name"]):
        return f"A workspace “{data['name']}” is asked for already, and that is still pending."
    return rules.why_not_propose(data["tier"], None)


@action(
    key="requests.organisation.ask_workspace",
    on=Organisation,
    form=AskWorkspace,
    label="Ask for a new workspace…",
    opposite="requests.request.withdraw",
    done="New workspace requested",
    icon="square-plus",
    help=f"Asks {TEAM} for another workspace in your organisation. You will be its owner.",
    when="For customers: owners and admins of an organisation. The workspace is made when the request is approved.",
    permission=Own.ADD_WORKSPACE,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_no_workspace,
    refused=_why_not_this_workspace,
    preview=lambda case, data: [*costs.say_seat(data["tier"], data["cadence"], case.now), NOTHING_YET],
    tell=(Notice.STAFF,),
    topic=Topic.REQUESTS,
    event="request.created",
    in_menu=False,
)
def ask_workspace(act: Act, organisation: Organisation, data: Cleaned) -> Outcome:
    assert act.actor.person_id is not None
    made = UpgradeRequest.objects.create(
        kind=RequestKind.NEW_WORKSPACE,
        organisation=organisation,
        requester_id=act.actor.person_id,
        requested_at=act.now,
        **{name: data[name] for name in ("name", "visibility", "tier", "cadence", "message")},
    )
    sentence = f"Your request for the workspace “{made.name}” goes to {TEAM}."
    return Outcome(sentence, proposal_changes(made), data=queries.tell(made), touches=[made.public_id])


@action(
    key="requests.request.withdraw",
    on=UpgradeRequest,
    label="Withdraw request…",
    instead="Ask again whenever you like.",
    done="Request withdrawn",
    icon="arrow-back-up",
    help=f"Takes the request back; {TEAM} need not look at it any more.",
    when="For customers: whoever asked, and the workspace's owners, admins and billing people.",
    permission=Own.WITHDRAW,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=why_decided,
    tell=(Notice.REQUESTER,),
    topic=Topic.DECISIONS,
    event="request.decided",
    in_menu=False,
    takes_away=True,
)
def withdraw(act: Act, request: UpgradeRequest, data: Cleaned) -> Outcome:
    change = decide(act, request, RequestState.WITHDRAWN)
    told = queries.tell(request)
    if request.requester_id == act.actor.person_id:
        told["requester"] = ""  # they know
    by = Change("By", "", act.actor.name, after_ref=act.actor.id)
    return Outcome(f"{request} is not asked for any more.", [change, by], data=told)
