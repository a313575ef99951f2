"""A workspace changes hands: another organisation, a payer of its own, and its people in other roles (DOMAIN 9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bursar.core.dated import replace_from
from bursar.core.ids import public_id
from bursar.tenants.models import (
    BillingAccount,
    Invitation,
    InvitationState,
    Kind,
    Organisation,
    OrganisationMembership,
    OrganisationRole,
    Person,
    Workspace,
    WorkspaceAccount,
    WorkspaceMembership,
    WorkspaceRole,
)
from bursar.tenants.store import invitations, memberships
from bursar.tenants.store.accounts import Need, ensure_payers


def found(name: str, country: str, owner: Person, now: datetime) -> Organisation:
    """An organisation that is made here, with its owner. It goes by Bursar's own id until the product reports its."""
    own_id = public_id("org")
    made = Organisation(
        public_id=own_id, external_id=own_id, name=name, country=country, creator=owner, created_at=now, changed_at=now
    )
    made.save()
    values = {"role": OrganisationRole.OWNER, "changed_at": now, "is_commanded": True}
    replace_from(OrganisationMembership, {"organisation": made, "person": owner}, now, values)
    return made


def hand_over(workspace: Workspace, to: Organisation, now: datetime) -> BillingAccount:
    """From now on it is an internal workspace of `to`, and draws on an account of its own, which is returned."""
    [payer] = ensure_payers([Need(to, workspace.name, now, is_alone=True)])
    account = BillingAccount.objects.select_related("organisation").get(pk=payer)
    replace_from(WorkspaceAccount, {"workspace": workspace}, now, {"account": account})
    workspace.organisation, workspace.account, workspace.kind = to, account, Kind.INTERNAL
    workspace.data_owner, workspace.data_owner_email, workspace.changed_at = None, "", now
    workspace.save()
    return account


def seat_again(
    workspace: Workspace, admin: Person, leaving: Sequence[Person], now: datetime, *, as_external: bool
) -> None:
    """`admin` runs it; whoever is `leaving` goes, or stays as an external; observers become members, for an internal
    workspace has none. A push that is older than this is stale.
    """
    subjects = [{"workspace": workspace, "person": person} for person in leaving]
    if as_external:
        memberships.command(subjects, WorkspaceRole.EXTERNAL, now)
    else:
        memberships.say(WorkspaceMembership, subjects, None, now, now)
    observing = WorkspaceMembership.objects.at(now).filter(workspace=workspace, role=WorkspaceRole.OBSERVER)
    stay = [{"workspace": workspace, "person": row.person} for row in observing.select_related("person")]
    memberships.command(stay, WorkspaceRole.MEMBER, now)
    memberships.command([{"workspace": workspace, "person": admin}], WorkspaceRole.ADMIN, now)
    asked = Invitation.objects.filter(
        workspace=workspace, role=WorkspaceRole.OBSERVER, state=InvitationState.PENDING
    ).order_by("id")
    for row in asked:
        invitations.change(row, {"role": WorkspaceRole.MEMBER}, now)


def list_called_back(workspace: Workspace, now: datetime) -> list[Invitation]:
    """Those that would bring people of the organisation that has it now into what is the client's."""
    own = OrganisationMembership.objects.at(now).filter(organisation=workspace.organisation)
    own = own.exclude(person__email="")
    addresses = {email.lower() for email in own.values_list("person__email", flat=True)}
    asked = Invitation.objects.filter(workspace=workspace, state=InvitationState.PENDING, email__in=addresses)
    return list(asked.order_by("id"))


def call_back(workspace: Workspace, now: datetime) -> list[Invitation]:
    """Ends these. A push that is older than this is stale. Returns them."""
    found = list_called_back(workspace, now)
    for row in found:
        invitations.change(row, {"state": InvitationState.WITHDRAWN.value, "email": "", "ended_at": now}, now)
    return found


def adopt(row: Organisation | Workspace, external_id: str) -> None:
    """What was made here goes by the product's own id from now on."""
    type(row)._default_manager.filter(pk=row.pk).update(external_id=external_id)
