"""Approving a request: what may be filled in, what is offered instead of given, and what comes of it."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.actions.registry import ACTIONS, action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Cleaned, DayInput, Group, Need, Notice, Outcome, Topic
from bursar.core import naming
from bursar.plans import rules as plans
from bursar.plans.models import Cadence, DiscountKind, Tier
from bursar.requests import queries, rules
from bursar.requests.actions.decisions.granting import (
    CHANGE_TIER,
    OFFER,
    grant,
    keep_grant,
    list_changes,
    make_workspace,
    say_grant,
    say_price,
)
from bursar.requests.actions.shared import (
    account_state_of,
    decide,
    differences,
    present_of,
    why_not_decide,
    why_overtaken,
)
from bursar.requests.models import RequestState, UpgradeRequest
from bursar.tenants.models import BillingAccount, Visibility
from bursar.tenants.rules import NAME_LENGTH

DATE = DayInput()
WORKSPACE_FIELDS = ("name", "visibility")


class Approve(ActionForm):
    """Filled with the proposal; what is left out is approved as proposed."""

    rare = ("end_date", "discount_kind", "discount_percent", "discount_end")

    name = forms.CharField(label="Name", max_length=NAME_LENGTH, required=False, help_text="Of the new workspace.")
    visibility = forms.ChoiceField(label="Visibility", choices=Visibility.choices, required=False)
    tier = forms.ChoiceField(label="Tier", choices=Tier.choices, required=False)
    cadence = forms.ChoiceField(
        label="Billed", choices=Cadence.choices, required=False,
        help_text="Holds for an account that becomes managed; else it is kept for the checkout.",
    )  # fmt: skip
    end_date = forms.DateField(
        label="Last day", required=False, widget=DATE,
        help_text="Inclusive. Empty: for good. With a day it is a time-limited tier on top of the present one.",
    )  # fmt: skip
    discount_kind = forms.ChoiceField(
        label="Discount", choices=[("", "none"), *DiscountKind.choices], required=False,
        help_text="On this workspace alone; it replaces the account's here.",
    )  # fmt: skip
    discount_percent = forms.IntegerField(label="Per cent off", min_value=0, max_value=100, required=False)
    discount_end = forms.DateField(label="Discount until", required=False, widget=DATE, help_text="Inclusive.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.case.target.makes_workspace:
            for name in WORKSPACE_FIELDS:
                del self.fields[name]
        for name in ("tier", "cadence", *WORKSPACE_FIELDS):
            if name in self.fields:
                self.fields[name].initial = getattr(self.case.target, name)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("tier", "cadence", *WORKSPACE_FIELDS):
            data[name] = data.get(name) or getattr(self.case.target, name)
        today = self.case.now.date()
        if data.get("end_date"):
            free = "Free has no end: leave the day empty." if data["tier"] == Tier.FREE else None
            self._fault("end_date", free or plans.why_not_end_on(data["end_date"], today))
        self._check_discount(data, today)
        return data

    def _check_discount(self, data: dict[str, Any], today: Any) -> None:
        kind, percent, end = (data.get(name) for name in ("discount_kind", "discount_percent", "discount_end"))
        if self.errors or (not kind and percent is None and end is None):
            return
        if not kind:
            self._fault("discount_kind", "Choose the kind of discount, or leave all three empty.")
        elif percent is None:
            self._fault("discount_percent", "Say how many per cent.")
        else:
            self._fault("discount_end", plans.why_not_discount(kind, percent, end, today, on_account=False))

    def _fault(self, name: str, sentence: str | None) -> None:
        if sentence:
            self.add_error(name, sentence)


def _why_not_approve(case: Case) -> str | None:
    """Beside the request's own state: what would switch the lever “Change tier” off, in the same words."""
    sentence = why_not_decide(case) or why_overtaken(case)
    if sentence or case.target.makes_workspace:
        return sentence
    return None if _is_offered(case) else _why_blocked(CHANGE_TIER, case, case.target.workspace)


def _why_blocked(key: str, case: Case, target: Any) -> str | None:
    blocked = ACTIONS[key].blocked
    return blocked(Case(case.actor, target, case.now, beside=case.beside)) if blocked else None


def _is_offered(case: Case) -> bool:
    """Whether a subscription is live: then the customer is sent an offer, and the tier comes when that is paid."""
    account = _payer(case)
    if account is None:
        return False
    terms = plans.terms_at(_state(case), case.now)
    return plans.is_charging(terms) and _why_blocked(OFFER, case, account) is None


def _payer(case: Case) -> BillingAccount | None:
    """Of a workspace that is not made yet: the account that its organisation has by now."""
    request: UpgradeRequest = case.target
    if request.workspace is not None:
        return request.workspace.account
    found: BillingAccount | None = case.once("payer", lambda: queries.find_pooled_account(request.organisation))
    return found


def _state(case: Case) -> plans.AccountState:
    account = _payer(case)
    assert account is not None
    return account_state_of(case, account.pk)


def _offer_of(case: Case, data: Cleaned) -> dict[str, str] | None:
    """What is offered, billed as the account is; None where the tier is given at once."""
    on_free = case.target.makes_workspace and data["tier"] == Tier.FREE
    if on_free or data["end_date"] or not _is_offered(case):
        return None
    return {"tier": data["tier"], "cadence": plans.terms_at(_state(case), case.now).cadence or data["cadence"]}


def _need_tier(case: Case, data: Cleaned | None) -> Need | None:
    """What the lever “Change tier” needs, unless a workspace is made on Free."""
    lever = ACTIONS[CHANGE_TIER].permission
    assert lever is not None
    if not case.target.makes_workspace:
        return Need(lever)
    on_free = data is None or data["tier"] == Tier.FREE
    return None if on_free else Need(lever, "Without it a workspace can be made on Free.")


def _why_not_as_filled_in(case: Case, data: Cleaned) -> str | None:
    request: UpgradeRequest = case.target
    if request.makes_workspace:
        return None
    assert request.workspace is not None
    sentence = rules.why_no_upgrade(data["tier"], present_of(case, request.workspace).base)
    offer, refused = _offer_of(case, data), ACTIONS[OFFER].refused
    if sentence or offer is None or refused is None:
        return sentence
    return refused(Case(case.actor, request.workspace.account, case.now), offer)


def _foresee(case: Case, data: Cleaned) -> list[str]:
    """What the customer may do then, beside the figures that the rehearsal shows."""
    request: UpgradeRequest = case.target
    words = []
    if request.workspace is not None:
        present = present_of(case, request.workspace)
        words += differences(present.tier, data["tier"], case)
        if request.present_tier and request.present_tier != present.base:
            then, now = Tier(request.present_tier).label, Tier(present.base).label
            words.append(f"It was on {then} when this was asked; it is on {now} now.")
    else:
        words += differences(Tier.FREE.value, data["tier"], case)
    if request.is_ask:
        words.append("A plain member asked: their own billing people have not requested this.")
    words += _words_on_cadence(case, data)
    return words


def _words_on_cadence(case: Case, data: Cleaned) -> list[str]:
    if data["tier"] == Tier.FREE or _payer(case) is None:
        return []
    offer, foresee = _offer_of(case, data), ACTIONS[OFFER].preview
    if offer is not None and foresee is not None:
        first = "It is made on Free. " if case.target.makes_workspace else ""
        said = [f"{first}A subscription is live: the customer is sent an offer for the account."]
        return said if first else [*said, *foresee(Case(case.actor, _payer(case), case.now), offer)]
    if case.target.workspace is None:
        return []
    state = _state(case)
    terms = plans.terms_at(state, case.now)
    if plans.is_managed(terms):
        billed = terms.cadence or "yearly"
        return [] if billed == data["cadence"] else [f"The account is managed and stays billed {billed}."]
    if data["end_date"] or plans.has_way_of_paying(state, case.now):
        return [f"The account stays self-serve; “{data['cadence']}” is kept for the checkout."]
    return [f"The account has no way of paying: it becomes managed, billed {data['cadence']}."]


CALLED = (
    "requests.account.create_workspace",
    "plans.workspace.grant_tier",
    "plans.account.set_managed",
    "plans.workspace.set_discount",
    OFFER,
    CHANGE_TIER,
)


@action(
    key="requests.request.approve",
    on=UpgradeRequest,
    form=Approve,
    label="Approve…",
    instead="Take back what was granted by its own lever, such as the tier or the discount.",
    group=Group.DECISION,
    done="Request approved",
    icon="check",
    code="ap",
    formerly=("accept", "grant"),
    help="Gives what was asked for, as proposed or changed, at once; the requester is told. On a live subscription the "
    "customer is sent an offer, and the tier comes when that is paid.",
    when="When the customer should get it. Change tier, billing, end or discount in the dialog where you agreed on "
    "something else: proposal and grant both stay. Deny with a note when the answer is no.",
    customer_visible=True,
    concerns_money=False,
    needs=_need_tier,
    blocked=_why_not_approve,
    refused=_why_not_as_filled_in,
    preview=_foresee,
    calls=CALLED,
    tell=(Notice.REQUESTER,),
    topic=Topic.DECISIONS,
    event="request.decided",
)
def approve(act: Act, request: UpgradeRequest, data: Cleaned) -> Outcome:
    if request.makes_workspace:
        request.workspace = make_workspace(act, request, data)
    workspace = request.workspace
    assert workspace is not None
    before = Tier(queries.present_tier(workspace, queries.load_state(workspace), act.now).tier).label
    offer = _offer_of(act.case, data)
    if offer is not None:
        data = {**data, **offer}
    grant(act, workspace, data, offer)
    keep_grant(request, data)
    changes = [decide(act, request, RequestState.APPROVED, act.request.message), *list_changes(request, before, offer)]
    changes += say_price(act, request, offer)
    sentence = f"{workspace.name} gets {say_grant(request)}{' as soon as it is paid' if offer else ''}."
    if request.makes_workspace:
        owner = naming.of(request.requester)
        tier = f"{say_grant(request)} as soon as that is paid" if offer else say_grant(request)
        sentence = f"The workspace {workspace.name} is made, on {tier}; {owner} owns it."
    return Outcome(sentence, changes, {workspace.account_id: None}, data=queries.tell(request))
