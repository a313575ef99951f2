"""What a handoff moves, ends and is stopped by: asked by its dialog and by its verb."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bursar.actions.spec import Case, Cleaned, Loss
from bursar.billing.queries.to_issue import list_drafts_of
from bursar.billing.seller import seller_day
from bursar.billing.store.ledger import get_credit
from bursar.core.days import say_end
from bursar.core.money import euros
from bursar.partners.open_ends import list_open_ends
from bursar.partners.queries.ledger import list_running
from bursar.payments.actions import turning
from bursar.payments.actions.levers import standing_of
from bursar.payments.actions.turning import say_waiting
from bursar.payments.rules.levers import Standing, why_nothing_to_cancel, why_out_of_reach
from bursar.plans import rules as plans
from bursar.plans.actions.shared import state_of, terms_of
from bursar.plans.models import DiscountKind, Tier
from bursar.plans.states import Mode
from bursar.tenants import handoff, queries, rules, store
from bursar.tenants.models import BillingAccount, OrganisationMembership, Person, Workspace


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


def why_not(case: Case) -> str | None:
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
    stops = list_open_ends(workspace.account, terms_of(case).status) + handoff.list_stops(workspace, case.now)
    if stops:
        return f"{workspace.account} has something open. {' '.join(stops)}"
    if not sides_of(case).able:
        return "Nobody of the client could run it: have them invited into the workspace first."
    return why_out_of_reach(_paying(case)) if not stays_paid_for(case) and ends_subscription(case) else None


def stays_paid_for(case: Case) -> bool:
    """Whether other workspaces stay on the account that paid."""
    return any(one.is_live(case.now) and one.id != case.target.pk for one in state_of(case).workspaces)


def ends_subscription(case: Case) -> bool:
    """Of the account that pays until now."""
    return why_nothing_to_cancel(_paying(case)) is None


def _paying(case: Case) -> Standing:
    found: Standing = case.once(
        "who pays until now", lambda: standing_of(Case(case.actor, case.target.account, case.now))
    )
    return found


def kept_until(case: Case) -> datetime | None:
    """What was paid ends then, and the tier with it; None: nothing is paid, and the tier stays as it was given."""
    terms = terms_of(case)
    state = state_of(case)
    paid = plans.paid_run(state, terms, case.now) or plans.paid_interval(state, terms, case.now)
    return terms.lapses_at or (paid.end if paid else None)


def base_of(case: Case) -> str:
    return plans.base_tier(_stored(case).bases, terms_of(case), case.now)


def _stored(case: Case) -> plans.WorkspaceState:
    return next(one for one in state_of(case).workspaces if one.id == case.target.pk)


def foresee(case: Case, data: Cleaned) -> list[str]:
    """What is lost first, then people, money, and what hangs on the workspace."""
    workspace = case.target
    to = workspace.data_owner.name if workspace.data_owner else data["name"]
    return [
        Loss(f"{workspace.organisation.name} runs and pays for it no more. There is no way back."),
        *_say_people(case, data),
        *_say_money(case, to),
        *_say_what_stays(workspace.account, case),
        *_say_what_goes_along(case),
        *handoff.foresee(workspace, case.now),
    ]


def _say_people(case: Case, data: Cleaned) -> list[str]:
    sides, said = sides_of(case), list[str]()
    if sides.partner:
        names = ", ".join(person.name for person in sides.partner)
        goes = "stay as externals" if data["people"] == "external" else "leave the workspace"
        said.append(Loss(f"The partner's people {goes}: {names}."))
    if called_back := store.handing.list_called_back(case.target, case.now):
        said.append(Loss(f"Invitations of the partner's people end: {len(called_back)}."))
    return said


def _say_money(case: Case, to: str) -> list[str]:
    old, until, base = case.target.account, kept_until(case), Tier(base_of(case)).label
    said = [f"{to} gets an account of its own. Invoices and payments stay with {old}; nothing is refunded."]
    if until is None:
        said.append(f"{base} stays as it was given.")
    elif until > case.now:
        said.append(f"{base} stays until {say_end(until)}, then it is Free unless {to} pays.")
    if stays_paid_for(case):
        said.append(f"{old} goes on for its other workspaces; the next charge is without this one.")
    elif ends_subscription(case):
        said.append(f"The subscription of {old} ends at Mollie now.")
    if not stays_paid_for(case):
        said += say_waiting(old, case.now)
    said += turning.foresee(old, Mode.SELF_SERVE, case.now)
    return said


def _say_what_stays(old: BillingAccount, case: Case) -> list[str]:
    """With the account that paid."""
    said = []
    if (credit := get_credit(old)) > 0:
        said.append(f"Its credit of {euros(credit)} stays with {old}.")
    if list_drafts_of([old.pk]):
        said.append(f"A draft of an invoice stays with {old}: it was made with this workspace.")
    today = seller_day(case.now)
    for entry in list_running(old, today):
        said.append(f"The referral entry of {entry.partner.name} stays with {old}; the new account has none.")
    return said


def _say_what_goes_along(case: Case) -> list[str]:
    state = _stored(case)
    said = ["What was recorded, and what of it counts this month, goes along."]
    for one in state.grants:
        if one.end is None or one.end > case.now:
            until = f" until {say_end(one.end)}" if one.end else ""
            said.append(f"{Tier(one.tier).label}{until} goes along.")
    discount = plans.live(state.discounts, case.now)
    if discount is not None:
        kind = DiscountKind(discount.kind).label
        said.append(f"The workspace's own discount goes along: {discount.percent} % ({kind}).")
    if plans.live(state_of(case).discounts, case.now) is not None:
        said.append("The discount of the account that paid does not go along.")
    return said
