"""A client's workspace leaves its partner: the client's organisation has it from now on, and pays for itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Loss, Notice, Outcome, Topic
from bursar.billing.rules.places import COUNTRIES
from bursar.core import naming
from bursar.core.days import say_end
from bursar.partners.open_ends import list_open_ends
from bursar.payments.actions import turning
from bursar.payments.actions.ending import end_waiting
from bursar.payments.actions.levers import quote_now, standing_of
from bursar.payments.actions.turning import say_waiting
from bursar.payments.queries import standing
from bursar.payments.rules.levers import why_not_cancel, why_not_offer
from bursar.payments.store import offers
from bursar.plans import rules as plans
from bursar.plans import store as terms_store
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, terms_of
from bursar.plans.models import AccountManager, Cadence, DiscountKind, PaymentMode, PaymentStatus, Tier
from bursar.plans.queries import load_account
from bursar.plans.states import Mode
from bursar.tenants import queries, rules, store
from bursar.tenants.models import BillingAccount, Organisation, OrganisationMembership, Person, Workspace

CANCEL = "payments.account.cancel_subscription"
SEND_CHECKOUT = "payments.account.send_checkout"
NAME_LENGTH = 200


@dataclass(frozen=True)
class Sides:
    """Who sits in the workspace: the partner's people, and everybody else. `able`: who may run it afterwards."""

    partner: list[Person]
    others: list[Person]
    able: list[Person]


def sides_of(case: Case) -> Sides:
    found: Sides = case.once("sides", lambda: _find_sides(case.target, case.now))
    return found


def _find_sides(workspace: Workspace, now: datetime) -> Sides:
    members = [row.person for row in queries.list_direct_members(workspace, now)]
    rows = OrganisationMembership.objects.at(now)
    own = set(rows.filter(organisation=workspace.organisation).values_list("person_id", flat=True))
    governing = rows.filter(organisation=workspace.data_owner, role__in=rules.GOVERNING).select_related("person")
    clients = [row.person for row in governing.order_by("valid_from", "id")] if workspace.data_owner_id else []
    own -= {person.pk for person in clients}
    others = [person for person in members if person.pk not in own]
    able = list({person.pk: person for person in (*clients, *others) if person.erased_at is None}.values())
    return Sides([person for person in members if person.pk in own], others, able)


class HandOff(ActionForm):
    admin = forms.ChoiceField(
        label="Who runs it then",
        help_text="Somebody of the client's: who sits in the workspace, or runs their organisation.",
    )  # fmt: skip
    name = forms.CharField(
        label="The client's organisation", max_length=NAME_LENGTH,
        help_text="It is made here, with whoever runs the workspace as its owner; the product hears of it.",
    )  # fmt: skip
    country = forms.ChoiceField(label="Its country", choices=list(COUNTRIES.items()))
    people = forms.ChoiceField(
        label="The partner's people", choices=[("leave", "leave the workspace"), ("external", "stay as externals")]
    )
    typed = forms.CharField(label="Type the workspace's name to confirm", max_length=NAME_LENGTH)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        admin = self.fields["admin"]
        assert isinstance(admin, forms.ChoiceField)
        admin.choices = [(person.public_id, person.name) for person in sides_of(self.case).able]
        self.leave_open("admin")
        self.fields["country"].initial = settings.BURSAR_SELLER_COUNTRY
        if self.case.target.data_owner_id:
            del self.fields["name"], self.fields["country"]
        if not sides_of(self.case).partner:
            del self.fields["people"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.case.target.name.strip():
            raise forms.ValidationError("This is not the workspace's name.")
        return typed


def _why_not(case: Case) -> str | None:
    workspace, owner = case.target, case.target.data_owner
    sentence = rules.why_not_hand_off(
        workspace.kind,
        workspace.deleted_at is not None,
        workspace.organisation.name,
        owner.name if owner else "",
        owner is not None and owner.deleted_at is not None,
    )
    if sentence:
        return sentence
    if open_ends := list_open_ends(workspace.account, terms_of(case).status):
        return f"{workspace.account} has something open. {' '.join(open_ends)}"
    if not sides_of(case).able:
        return "Nobody of the client could run it: have them invited into the workspace first."
    return None


def stays_paid_for(case: Case) -> bool:
    """Whether other workspaces stay on the account that paid."""
    return any(one.is_live(case.now) and one.id != case.target.pk for one in state_of(case).workspaces)


def _ends_subscription(case: Case) -> bool:
    """Of the account that pays until now."""
    return why_not_cancel(standing_of(Case(case.actor, case.target.account, case.now))) is None


def kept_until(case: Case) -> datetime | None:
    """What was paid ends then, and the tier with it; None: nothing is paid, and the tier stays as it was given."""
    terms = terms_of(case)
    state = state_of(case)
    paid = plans.paid_run(state, terms, case.now) or plans.paid_interval(state, terms, case.now)
    return terms.lapses_at or (paid.end if paid else None)


def _base_of(case: Case) -> str:
    state = next(one for one in state_of(case).workspaces if one.id == case.target.pk)
    return plans.base_tier(state.bases, terms_of(case), case.now)


def _foresee(case: Case, data: Cleaned) -> list[str]:
    workspace, sides = case.target, sides_of(case)
    to = workspace.data_owner.name if workspace.data_owner else data["name"]
    said: list[str] = [Loss(f"{workspace.organisation.name} runs and pays for it no more. There is no way back.")]
    if sides.partner:
        names = ", ".join(person.name for person in sides.partner)
        goes = "stay as externals" if data["people"] == "external" else "leave the workspace"
        said.append(Loss(f"The partner's people {goes}: {names}."))
    said += [*_say_money(case, to), *_say_what_goes_along(case)]
    return said


def _say_money(case: Case, to: str) -> list[str]:
    old, until, base = case.target.account, kept_until(case), Tier(_base_of(case)).label
    said = [f"{to} gets an account of its own. Invoices and payments stay with {old}; nothing is refunded."]
    if until is None:
        said.append(f"{base} stays as it was given.")
    elif until > case.now:
        said.append(f"{base} stays until {say_end(until)}, then it is Free unless {to} pays.")
    if stays_paid_for(case):
        said.append(f"{old} goes on for its other workspaces; the next charge is without this one.")
    elif _ends_subscription(case):
        said.append(f"The subscription of {old} ends at Mollie now.")
    if not stays_paid_for(case):
        said += say_waiting(old, case.now)
    said += turning.foresee(old, Mode.SELF_SERVE, case.now)
    return said


def _say_what_goes_along(case: Case) -> list[str]:
    state = next(one for one in state_of(case).workspaces if one.id == case.target.pk)
    discount = plans.live(state.discounts, case.now)
    said = ["What was recorded, and what of it counts this month, goes along."]
    if discount is not None:
        kind = DiscountKind(discount.kind).label
        said.append(f"The workspace's own discount goes along: {discount.percent} % ({kind}).")
    if plans.live(state_of(case).discounts, case.now) is not None:
        said.append("The discount of the account that paid does not go along.")
    return said


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
    blocked=_why_not,
    preview=_foresee,
    calls=(CANCEL, SEND_CHECKOUT),
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
    ends = is_alone and _ends_subscription(act.case)
    base, until, cadence = _base_of(act.case), kept_until(act.case), terms_of(act.case).cadence or Cadence.YEARLY
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
    sent = _send_checkout(act, new, base, cadence)
    changes = [
        Change("Organisation", partner.name, client.name),
        Change("Account", str(old), str(new), concerns_money=True),
        Change("Admin", "", admin.name, after_ref=admin.public_id),
        *_say_kept(base, until, act.now),
    ]
    sentence = f"{workspace.name} is {client.name}'s own now; {naming.of(admin)} runs it.{sent}"
    return Outcome(
        sentence,
        changes,
        {old.pk: None, new.pk: None},
        data=_tell(act, workspace, partner, client, admin, sides, data),
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
