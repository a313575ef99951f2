"""The target, and what the verbs of requests share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from django.conf import settings

from bursar.access.actor import ActorKind
from bursar.access.rights import Own
from bursar.actions.registry import Target, register_target
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change
from bursar.core import clock
from bursar.plans.actions.shared import held_as
from bursar.plans.models import Cadence, Tier
from bursar.plans.queries import load_catalogue
from bursar.plans.rules import AccountState, EffectiveTier
from bursar.requests import queries, rules
from bursar.requests.models import RequestState, UpgradeRequest
from bursar.tenants.models import Workspace
from bursar.tenants.queries import get_roles, get_sight, list_account_ids_of, list_account_public_ids_of
from bursar.tenants.store import lock_accounts


def _accounts(request: UpgradeRequest) -> Iterable[int]:
    """A workspace that is not made yet concerns every account of its organisation: whoever is a customer there asks."""
    if request.workspace is not None:
        return [request.workspace.account_id]
    return list_account_ids_of(request.organisation)


def _stream(request: UpgradeRequest) -> str:
    return request.workspace.account.public_id if request.workspace else request.organisation.public_id


def _touches(request: UpgradeRequest) -> list[str]:
    if request.workspace is None:
        above = list_account_public_ids_of(request.organisation)
    else:
        above = [request.workspace.public_id, request.workspace.account.public_id]
    return [request.public_id, *above, request.organisation.public_id]


def _parents(request: UpgradeRequest) -> list[Any]:
    workspace = request.workspace
    return [workspace, workspace.account, workspace.organisation] if workspace else [request.organisation]


def _own_rights(case: Case) -> Collection[str]:
    """Whoever asked takes it back, whatever their role is by now."""
    request: UpgradeRequest = case.target
    if case.actor.person_id == request.requester_id:
        return [Own.WITHDRAW]
    return get_sight(case.actor.person_id, request.organisation_id, request.workspace_id, case.now).rights


register_target(
    Target(
        slug="request",
        model=UpgradeRequest,
        label="request",
        fetch=lambda actor, public_id: queries.get_request(actor, public_id, clock.now()),
        accounts=_accounts,
        lock=lock_accounts,
        stream=_stream,
        touches=_touches,
        parents=_parents,
        own_rights=_own_rights,
        page="requests:request",
        own_page="dashboard:request",
        leads=True,
    )
)


def present_of(case: Case, workspace: Workspace) -> EffectiveTier:
    return queries.present_tier(workspace, account_state_of(case, workspace.account_id), case.now)


def account_state_of(case: Case, account_id: int) -> AccountState:
    """Of whoever pays for what the case is about: kept beside what the door holds of the case's own account."""
    name = held_as(account_id)
    found: AccountState = case.once(name, lambda: case.share(name, lambda: queries.load_account(account_id)))
    return found


def differences(before: str, after: str, case: Case) -> list[str]:
    """What the customer may do, before and after, where it differs."""
    catalogue = load_catalogue()
    old, new = (rules.entitled(catalogue.at(tier, case.now)) for tier in (before, after))
    return [str(row) for row in rules.compare(old, new) if row.differs]


def why_decided(case: Case) -> str | None:
    """Once decided, decided. Colleagues read who it was; a customer reads no staff name."""
    request: UpgradeRequest = case.target
    if request.is_pending:
        return None
    name = str(request.closed_by or "") if request.closed_by else str(request.decided_by or "")
    if case.actor.kind is ActorKind.CUSTOMER and request.closed_by is None:
        name = f"the {settings.BURSAR_COMPANY_NAME} team"
    assert request.decided_at is not None
    return rules.why_decided(request.get_state_display(), name, request.decided_at)


def _standing(case: Case) -> rules.Standing:
    load = partial(account_state_of, case)
    found: rules.Standing = case.once("request standing", lambda: queries.get_standing(case.target, case.now, load))
    return found


def why_overtaken(case: Case) -> str | None:
    request: UpgradeRequest = case.target
    subject = request.organisation if request.makes_workspace else request.workspace
    return rules.why_overtaken(request.tier, _standing(case), str(subject), request.requester.name)


def _why_not_mine(case: Case) -> str | None:
    """The door knows whose accounts are one's own; an organisation may have none yet."""
    if case.actor.kind is not ActorKind.STAFF or case.actor.person_id is None:
        return None
    if any(get_roles(case.actor.person_id, case.target.organisation_id, case.target.workspace_id, case.now)):
        return "You belong to this organisation yourself. Ask a colleague."
    return "You asked for this yourself. Ask a colleague." if case.actor.person_id == case.target.requester_id else None


def why_not_decide(case: Case) -> str | None:
    return why_decided(case) or _why_not_mine(case)


def decide(act: Act, request: UpgradeRequest, state: RequestState, note: str = "") -> Change:
    """Writes the decision down; the verb has done everything it stands for."""
    before = request.get_state_display()
    request.state, request.decided_at, request.note = state.value, act.now, note.strip()
    request.decided_by_id = act.actor.staff_id
    if act.actor.kind is ActorKind.CUSTOMER:
        request.closed_by_id = act.actor.person_id
    request.save()
    return Change("Request", before, request.get_state_display())


def proposal_changes(request: UpgradeRequest) -> list[Change]:
    """What was asked for, as lines of the book."""
    changes = [Change("By", "", request.requester.name, after_ref=request.requester.public_id)]
    if request.makes_workspace:
        changes.append(Change("New workspace", "", request.name))
    changes.append(Change("Asked for", Tier(request.present_tier or "free").label, Tier(request.tier).label))
    if request.tier != Tier.FREE:
        changes.append(Change("Billed", "", Cadence(request.cadence).label, concerns_money=True))
    return changes
