"""Every read of requests, scoped by the actor: a stranger finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from bursar.access.actor import Actor
from bursar.access.rights import Own, explain_out_of_reach
from bursar.core.errors import NotFound
from bursar.core.sortkey import sort_key
from bursar.plans.models import Tier
from bursar.plans.queries import load_account as load_account
from bursar.plans.rules import AccountState, EffectiveTier, effective_tier, terms_at
from bursar.requests import rules
from bursar.requests.filters import View
from bursar.requests.models import RequestKind, RequestState, UpgradeRequest
from bursar.tenants.models import (
    BillingAccount,
    Organisation,
    OrganisationMembership,
    Scope,
    Workspace,
    WorkspaceMembership,
)
from bursar.tenants.queries import get_roles
from bursar.tenants.rules import BILLING, GOVERNING, Sight
from bursar.usage.queries import TierClock


def requests_for(actor: Actor, at: datetime) -> QuerySet[UpgradeRequest]:
    """Staff: every one. Customers: their own, and those of workspaces and organisations that they answer for."""
    every = UpgradeRequest.objects.select_related(
        "organisation",
        "workspace__organisation",
        "workspace__account__organisation",
        "requester",
        "decided_by__user",
        "closed_by",
    )
    if actor.all_accounts:
        return every
    if actor.person_id is None:
        return every.none()
    seats = WorkspaceMembership.objects.at(at).filter(person_id=actor.person_id, is_support=False, role__in=BILLING)
    above = OrganisationMembership.objects.at(at).filter(person_id=actor.person_id, role__in=BILLING)
    answered_for = Q(workspace_id__in=seats.values("workspace_id")) | Q(organisation__in=above.values("organisation"))
    return every.filter(Q(requester_id=actor.person_id) | answered_for)


def get_request(actor: Actor, public_id: str, at: datetime) -> UpgradeRequest:
    found = requests_for(actor, at).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def get_pending(workspace: Workspace) -> UpgradeRequest | None:
    """The one pending tier upgrade, or ask for one, of a workspace."""
    pending = UpgradeRequest.objects.filter(kind=RequestKind.TIER_UPGRADE, state=RequestState.PENDING)
    return pending.select_related("requester").filter(workspace=workspace).first()


def in_short(pending: UpgradeRequest) -> rules.Pending:
    return rules.Pending(pending.requester.name, Tier(pending.tier).label, pending.requested_at, pending.is_ask)


@dataclass(frozen=True)
class Askable:
    """A workspace on its member's page. `is_ask`: theirs goes to their own people too."""

    workspace: Workspace
    tier: str
    is_ask: bool
    why_not: str | None


def list_askable(actor: Actor, at: datetime, limit: int) -> list[Askable]:
    """A customer's first workspaces by name, and whether they may ask for more there; in a fixed number of queries."""
    reach = Workspace.objects.filter(id__in=actor.workspace_ids, deleted_at=None).order_by("sort_key", "id")
    workspaces = list(reach[:limit])
    seats = WorkspaceMembership.objects.at(at).filter(person_id=actor.person_id or 0, is_support=False)
    above = OrganisationMembership.objects.at(at).filter(person_id=actor.person_id or 0)
    seat_of = dict(seats.values_list("workspace_id", "role"))
    role_above = dict(above.values_list("organisation_id", "role"))
    waiting = UpgradeRequest.objects.filter(kind=RequestKind.TIER_UPGRADE, state=RequestState.PENDING)
    waiting = waiting.filter(workspace__in=workspaces).select_related("requester")
    pending = {made.workspace_id: in_short(made) for made in waiting}
    clock = TierClock([workspace.pk for workspace in workspaces])
    found = []
    for workspace in workspaces:
        sight = Sight(seat_of.get(workspace.pk, ""), role_above.get(workspace.organisation_id, ""))
        tier = clock.at(workspace.pk, at)
        out_of_reach = None if Own.ASK in sight.rights else explain_out_of_reach(Own.ASK)
        why_not = out_of_reach or rules.why_not_upgrade(sight.bills, pending.get(workspace.pk), tier.base)
        found.append(Askable(workspace, Tier(tier.tier).label, not sight.bills, why_not))
    return found


def list_governed(actor: Actor, at: datetime) -> list[Organisation]:
    """The organisations in which a customer may ask for a new workspace."""
    own = OrganisationMembership.objects.at(at).filter(person_id=actor.person_id or 0, role__in=GOVERNING)
    found = Organisation.objects.filter(id__in=own.values("organisation_id"), deleted_at=None)
    return list(found.order_by("sort_key", "id"))


def is_asked_already(organisation_id: int, name: str) -> bool:
    """Whether a workspace of this name is asked for, and not decided, in the organisation."""
    pending = UpgradeRequest.objects.filter(kind=RequestKind.NEW_WORKSPACE, state=RequestState.PENDING)
    return pending.filter(organisation_id=organisation_id, sort_key=sort_key(name)).exists()


def count_pending(actor: Actor) -> int:
    """For the bar; one statement by the queue's own index."""
    return UpgradeRequest.objects.filter(state=RequestState.PENDING).count() if actor.all_accounts else 0


def find_pooled_account(organisation: Organisation) -> BillingAccount | None:
    """The account that pays for its internal workspaces; None while none was needed."""
    return organisation.accounts.filter(scope=Scope.ORGANISATION).select_related("organisation").first()


def load_state(workspace: Workspace) -> AccountState:
    return load_account(workspace.account_id)


def present_tier(workspace: Workspace, state: AccountState, at: datetime) -> EffectiveTier:
    """Base and timed grant of the workspace now."""
    own = next(w for w in state.workspaces if w.id == workspace.pk)
    return effective_tier(own, terms_at(state, at), at)


def get_standing(
    request: UpgradeRequest, at: datetime, load: Callable[[int], AccountState] = load_account
) -> rules.Standing:
    """What the request is about, as it stands now: for telling whether something overtook it. `load`: by account."""
    if request.makes_workspace:
        role = get_roles(request.requester_id, request.organisation_id, None, at)[1]
        return rules.Standing(request.organisation.deleted_at is not None, False, None, role in GOVERNING)
    workspace = request.workspace
    assert workspace is not None
    has_moved = workspace.organisation_id != request.organisation_id
    if workspace.deleted_at is not None:
        return rules.Standing(True, has_moved, None, True)
    return rules.Standing(False, has_moved, present_tier(workspace, load(workspace.account_id), at).base, True)


def get_effective_tier(request: UpgradeRequest, at: datetime) -> str:
    """What its workspace is on now; Free for one that is not made yet."""
    if request.workspace is None:
        return "free"
    return present_tier(request.workspace, load_state(request.workspace), at).tier


def find(view: View, actor: Actor, at: datetime) -> QuerySet[UpgradeRequest]:
    """What fits the filters, in every state. `q`: an id, or part of a name, an address or the message."""
    found = requests_for(actor, at)
    if view.kind == "ask":
        found = found.filter(is_ask=True)
    elif view.kind:
        found = found.filter(kind=view.kind)
    if view.tier:
        found = found.filter(tier=view.tier)
    return found.filter(_named(view)) if view.q else found


def _named(view: View) -> Q:
    text, plain = view.search, view.q
    named = Q(requester__sort_key__contains=text) | Q(organisation__sort_key__contains=text)
    named |= Q(workspace__sort_key__contains=text) | Q(sort_key__contains=text) | Q(message__icontains=plain)
    for whose in ("requester", "organisation", "workspace"):
        named |= Q(**{f"{whose}__external_id": plain}) | Q(**{f"{whose}__public_id": plain.lower()})
    return named | Q(requester__email__contains=plain.lower()) | Q(public_id=plain.lower())


def count_by_state(found: QuerySet[UpgradeRequest]) -> dict[str, int]:
    rows = found.order_by().values_list("state").annotate(count=Count("id"))
    return dict(rows)


def in_order(found: QuerySet[UpgradeRequest], view: View) -> QuerySet[UpgradeRequest]:
    """Pending: who waits longest first. Everything else: newest first."""
    shown = found.filter(state__in=view.states) if view.tab != "all" else found
    return shown.order_by("requested_at", "id") if view.tab == "pending" else shown.order_by("-requested_at", "-id")


def before(found: QuerySet[UpgradeRequest], at: datetime, pk: int) -> QuerySet[UpgradeRequest]:
    """Those that come after the given one in “newest first”, by key."""
    return found.filter(Q(requested_at__lt=at) | Q(requested_at=at, id__lt=pk))


def tell(request: UpgradeRequest) -> dict[str, Any]:
    """A request in the product's words: no staff name, nothing that staff noted, and not the free text.

    `requester` is the person's public id here, `person` their id in the product.
    """
    workspace = request.workspace
    return {
        "request": request.public_id,
        "requester": request.requester.public_id,
        "person": request.requester.external_id,
        "organisation": request.organisation.external_id,
        "workspace": workspace.external_id if workspace else None,
        "bursar_id": workspace.public_id if workspace else None,
        "kind": request.kind,
        "is_ask": request.is_ask,
        "state": request.state,
        "requested_at": request.requested_at.isoformat(),
        "decided_at": request.decided_at.isoformat() if request.decided_at else None,
        "note": request.note,
        "proposal": {
            "tier": request.tier,
            "cadence": request.cadence,
            "name": request.name,
            "visibility": request.visibility,
        },
        "grant": tell_grant(request) if request.state == RequestState.APPROVED else None,
    }


def tell_grant(request: UpgradeRequest) -> dict[str, Any]:
    return {
        "tier": request.granted_tier,
        "cadence": request.granted_cadence,
        "end_date": request.granted_end_date.isoformat() if request.granted_end_date else None,
        "discount_kind": request.granted_discount_kind,
        "discount_percent": request.granted_discount_percent,
        "discount_end": request.granted_discount_end.isoformat() if request.granted_discount_end else None,
        "name": request.granted_name,
        "visibility": request.granted_visibility,
    }
