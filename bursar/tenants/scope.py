"""Whom we show what: a person's roles, read once a page, and everything they reach through them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from bursar.access.actor import Actor
from bursar.core.errors import NotFound
from bursar.tenants.models import (
    BillingAccount,
    Organisation,
    OrganisationMembership,
    Workspace,
    WorkspaceMembership,
    WorkspaceRole,
)
from bursar.tenants.queries import accounts_for, get_account, workspaces_for
from bursar.tenants.rules import BILLING, GOVERNING, Sight


@dataclass(frozen=True)
class Scope:
    """`direct`: workspace key → role; `above`: organisation key → role. `workspaces`: all in reach, deleted too."""

    actor: Actor
    now: datetime
    direct: dict[int, str]
    above: dict[int, str]
    organisations: dict[int, Organisation]
    workspaces: list[Workspace]

    def sight(self, workspace: Workspace) -> Sight:
        return Sight(self.direct.get(workspace.pk, ""), self.above.get(workspace.organisation_id, ""))

    def governs(self, organisation: Organisation) -> bool:
        return self.above.get(organisation.pk, "") in GOVERNING

    @cached_property
    def billed_ids(self) -> set[int]:
        """Accounts whose price they may see through a live workspace that draws on it."""
        return {w.account_id for w in self.workspaces if w.deleted_at is None and self.direct.get(w.pk) in BILLING}

    def may_bill(self, account: BillingAccount) -> bool:
        return self.above.get(account.organisation_id, "") in BILLING or account.pk in self.billed_ids

    def list_billed(self) -> list[BillingAccount]:
        return [row for row in accounts_for(self.actor).order_by("sort_key", "id") if self.may_bill(row)]


def load(actor: Actor, now: datetime) -> Scope:
    """In a fixed number of statements; empty for somebody whom the product does not know."""
    if actor.person_id is None:
        return Scope(actor, now, {}, {}, {}, [])
    direct = WorkspaceMembership.objects.at(now).filter(person_id=actor.person_id, is_support=False)
    above = OrganisationMembership.objects.at(now).filter(person_id=actor.person_id, organisation__deleted_at=None)
    belongs = list(above.select_related("organisation"))
    roles = dict(direct.values_list("workspace_id", "role"))
    governed = {row.organisation_id for row in belongs if row.role in GOVERNING}
    rows = workspaces_for(actor).order_by("organisation__sort_key", "organisation_id", "sort_key", "id")
    # Thousands of workspaces share one account: each parent is read once, and not with every row.
    rows = rows.select_related(None).prefetch_related("organisation", "account__organisation", "data_owner")
    return Scope(
        actor=actor,
        now=now,
        direct=roles,
        above={row.organisation_id: row.role for row in belongs},
        organisations={row.organisation_id: row.organisation for row in belongs},
        workspaces=[row for row in rows if row.pk in roles or row.organisation_id in governed],
    )


def of_visitor(actor: Actor, workspace: Workspace, now: datetime) -> Scope:
    """Of a colleague who is in one workspace as its admin: that workspace, and nothing beside it."""
    nobody = replace(actor.as_customer(), account_ids=frozenset(), workspace_ids=frozenset(), person_id=None)
    return Scope(nobody, now, {workspace.pk: WorkspaceRole.ADMIN.value}, {}, {}, [workspace])


def find_workspace(scope: Scope, public_id: str) -> Workspace:
    """Raises NotFound for what lies outside the scope, as for what does not exist."""
    found = next((w for w in scope.workspaces if w.public_id == public_id), None)
    if found is None:
        raise NotFound
    return found


def find_account(scope: Scope, public_id: str) -> BillingAccount:
    """Through the actor's reach, and only with billing rights: for everybody else there is no such page."""
    account = get_account(scope.actor, public_id)
    if not scope.may_bill(account):
        raise NotFound
    return account
