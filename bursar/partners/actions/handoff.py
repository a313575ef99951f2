"""A client's workspace leaves its partner: the client's organisation has it from now on, and pays for itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Notice, Outcome, Topic
from bursar.billing.rules.places import COUNTRIES
from bursar.core import naming
from bursar.core.days import say_end
from bursar.partners.actions.handing import (
    Sides,
    base_of,
    ends_subscription,
    foresee,
    kept_until,
    sides_of,
    stays_paid_for,
    why_not,
)
from bursar.payments.actions.ending import end_waiting
from bursar.payments.actions.levers import quote_now, standing_of
from bursar.payments.queries import standing
from bursar.payments.rules.levers import why_not_offer
from bursar.payments.store import offers
from bursar.plans import rules as plans
from bursar.plans import store as terms_store
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, terms_of
from bursar.plans.models import AccountManager, Cadence, PaymentMode, PaymentStatus, Tier
from bursar.plans.queries import load_account
from bursar.tenants import handoff, store
from bursar.tenants.models import BillingAccount, Organisation, Person, Workspace

CANCEL = "payments.account.cancel_subscription"
SEND_CHECKOUT = "payments.account.send_checkout"
FALL_AWAY = "requests.request.fall_away"
NAME_LENGTH = 200


class HandOff(ActionForm):
    """What is not asked of this workspace is no field of it; so programs may leave out each that may fall away."""

    admin = forms.ChoiceField(
        label="Who runs it then",
        help_text="Somebody of the client's: who sits in the workspace, or runs their organisation.",
    )  # fmt: skip
    name = forms.CharField(
        label="The client's organisation", max_length=NAME_LENGTH, required=False,
        help_text="It is made here, with whoever runs the workspace as its owner; the product hears of it.",
    )  # fmt: skip
    country = forms.ChoiceField(label="Its country", required=False, choices=list(COUNTRIES.items()))
    people = forms.ChoiceField(
        label="The partner's people", required=False,
        choices=[("leave", "leave the workspace"), ("external", "stay as externals")],
    )  # fmt: skip
    typed = forms.CharField(label="Type the workspace's name to confirm", max_length=NAME_LENGTH)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        admin, able = self.fields["admin"], sides_of(self.case).able
        assert isinstance(admin, forms.ChoiceField)
        admin.choices = [(person.public_id, person.name) for person in able]
        if len(able) == 1:
            admin.initial = able[0].public_id
        else:
            self.leave_open("admin")
        self.fields["country"].initial = settings.BURSAR_SELLER_COUNTRY
        if self.case.target.data_owner_id:
            del self.fields["name"], self.fields["country"]
        if not sides_of(self.case).partner:
            del self.fields["people"]
        for field in self.fields.values():
            field.required = True

    @classmethod
    def as_confirmed(cls, case: Case) -> dict[str, Any]:
        return {"typed": case.target.name}

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.case.target.name.strip():
            raise forms.ValidationError("This is not the workspace's name.")
        return typed


@action(
    key="partners.workspace.hand_off",
    on=Workspace,
    form=HandOff,
    label="Hand off to the client…",
    instead="It is one way; the client can share the workspace with the partner.",
    group=Group.PARTNER,
    done="Handed off",
    icon="transfer",
    code="ho",
    formerly=("transfer workspace", "move workspace"),
    help="Moves the workspace to its client's organisation, on an account of its own. One way.",
    when=(
        "When a client goes on without its partner, or with it as a guest: they run and pay for the workspace "
        "themselves from now on. Both must have agreed. Where only who runs it changes use “Change admin”."
    ),
    permission=Right.TRANSFER,
    customer_visible=True,
    concerns_money=False,
    blocked=why_not,
    preview=foresee,
    calls=(CANCEL, SEND_CHECKOUT, FALL_AWAY),
    tell=(*EVERYBODY_CONCERNED, Notice.FORMER),
    topic=Topic.MONEY,
    event="workspace.handed_off",
    takes_away=True,
    danger=True,
)
def hand_off(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    sides, partner, old = sides_of(act.case), workspace.organisation, workspace.account
    admin = next(person for person in sides.able if person.public_id == data["admin"])
    client = workspace.data_owner or store.handing.found(data["name"], data["country"], admin, act.now)
    is_alone = not stays_paid_for(act.case)
    ends = is_alone and ends_subscription(act.case)
    base, until, cadence = base_of(act.case), kept_until(act.case), terms_of(act.case).cadence or Cadence.YEARLY
    called_back = store.handing.call_back(workspace, act.now)
    store.handing.seat_again(
        workspace, admin, sides.partner, act.now, as_external=data.get("people") == "external"
    )  # fmt: skip
    new = store.handing.hand_over(workspace, client, act.now)
    act.case.cache.clear()
    _keep_tier(new, workspace, base, cadence, until, act.now)
    _keep_manager(old, new, act.now)
    if is_alone:
        end_waiting(old, act.now)
        offers.end(old, act.now)
    if ends:
        act.also(CANCEL, old, {})
    handoff.follow(act, workspace)
    sent = _send_checkout(act, new, base, cadence)
    changes = [
        Change("Organisation", partner.name, client.name),
        Change("Account", str(old), str(new), concerns_money=True),
        Change("Admin", "", admin.name, after_ref=admin.public_id),
        *_say_kept(base, until, act.now),
        *([Change("Invitations ended", "", str(len(called_back)))] if called_back else []),
    ]
    sentence = f"{workspace.name} is {client.name}'s own now; {naming.of(admin)} runs it.{sent}"
    return Outcome(
        sentence,
        changes,
        {old.pk: None, new.pk: None},
        data={
            **_tell(act, workspace, partner, client, admin, sides, data),
            "withdrawn_invitations": [row.external_id for row in called_back],
        },
        touches=[old.public_id, new.public_id, partner.public_id, client.public_id],
    )


def _keep_tier(
    new: BillingAccount, workspace: Workspace, base: str, cadence: str, until: datetime | None, now: datetime
) -> None:
    """The tier as it stands now; with the end of what was paid as its own."""
    state = load_account(new.pk)
    stored = plans.live(state.workspaces[0].bases, now)
    if stored is not None and stored.tier != base:  # it had lapsed under the terms of the account before
        terms_store.tiers.set_base_tiers([workspace.pk], base, now)
    lapses_at = until if until is not None and until > now else None
    mode, status = PaymentMode.SELF_SERVE, PaymentStatus.NONE
    terms_store.set_payment_terms(new, state, now, mode=mode, status=status, cadence=cadence, lapses_at=lapses_at)


def _keep_manager(old: BillingAccount, new: BillingAccount, now: datetime) -> None:
    manager = AccountManager.objects.at(now).filter(account=old).first()
    if manager is not None:
        terms_store.managers.set_managers([new.pk], manager.staff_id, now)


def _say_kept(base: str, until: datetime | None, now: datetime) -> list[Change]:
    if until is None or until <= now:
        return []
    return [Change("Tier", "", f"{Tier(base).label} until {say_end(until)}")]


def _send_checkout(act: Act, new: BillingAccount, base: str, cadence: str) -> str:
    """The client is asked to pay for what it has, where that can be bought. Returns what to say of it."""
    case = Case(act.actor, new, act.now)
    may = base in standing.list_self_serve(act.now) or act.actor.can(Right.SET_TIER)
    if base not in plans.PAID_TIERS or not may or why_not_offer(standing_of(case)):
        return ""
    if quote_now(case, base, cadence).gross == 0:
        return ""
    act.also(SEND_CHECKOUT, new, {"tier": base, "cadence": cadence})
    return " A checkout was sent."


def _tell(
    act: Act,
    workspace: Workspace,
    partner: Organisation,
    client: Organisation,
    admin: Person,
    sides: Sides,
    data: Cleaned,
) -> dict[str, Any]:
    """What the product needs to do the same: its own ids, and the instant that its next push must not lie before."""
    return {
        "former": partner.public_id,
        "former_organisation": partner.external_id,
        "organisation": client.external_id,
        "organisation_bursar_id": client.public_id if client.awaits_product else None,
        "organisation_name": client.name,
        "type": workspace.kind,
        "admin": admin.external_id,
        "former_people": [person.external_id for person in sides.partner],
        "former_people_role": "external" if data.get("people") == "external" else None,
        "changed_at": act.now.isoformat(),
    }
