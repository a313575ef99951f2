"""Who hears of an action: the people behind each kind of notice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from bursar.access.rights import Right
from bursar.actions.spec import Notice
from bursar.plans.models import AccountManager, GrantEndTold
from bursar.plans.queries import list_grants_ending
from bursar.staff.models import StaffMember
from bursar.tenants.models import (
    BillingAccount,
    OrganisationMembership,
    OrganisationRole,
    Workspace,
    WorkspaceMembership,
    WorkspaceRole,
)
from bursar.tenants.queries import ADMIN_ROLES


@dataclass(frozen=True, order=True)
class Recipient:
    email: str
    name: str
    is_staff: bool = False


def list_recipients(notice: Notice, target_id: str, at: datetime) -> list[Recipient]:
    """Each address once. Nobody without an address, no support member, nobody of a workspace that is gone."""
    workspaces = list(Workspace.objects.filter(_named(target_id), deleted_at=None))
    if notice is Notice.GRANTER:
        return _granters(target_id, at)
    if notice is Notice.BILLING:
        return _people(workspaces, (WorkspaceRole.BILLING,), (OrganisationRole.BILLING,), at)
    found = _people(workspaces, ADMIN_ROLES, (), at)
    return found or _people(workspaces, (), (OrganisationRole.OWNER, OrganisationRole.ADMIN), at)


def _named(target_id: str) -> Q:
    return Q(public_id=target_id) | Q(account__public_id=target_id) | Q(organisation__public_id=target_id)


def _people(
    workspaces: list[Workspace], roles: Iterable[str], inherited: Iterable[str], at: datetime
) -> list[Recipient]:
    direct = WorkspaceMembership.objects.at(at).filter(workspace__in=workspaces, role__in=roles, is_support=False)
    above = OrganisationMembership.objects.at(at).filter(
        organisation_id__in={w.organisation_id for w in workspaces}, role__in=inherited
    )
    pairs = [*direct.values_list("person__email", "person__name"), *above.values_list("person__email", "person__name")]
    return sorted({Recipient(email, name) for email, name in pairs if email})


def _granters(account_id: str, at: datetime) -> list[Recipient]:
    """Whoever granted what ends; else the account manager; else the leads."""
    account = BillingAccount.objects.get(public_id=account_id)
    told = GrantEndTold.objects.filter(account=account, at__lte=at).order_by("-at", "-id").first()
    grants = list_grants_ending(account.pk, told.ends_at) if told else []
    staff = StaffMember.objects.filter(is_active=True).select_related("user")
    granted = staff.filter(pk__in=[grant.granted_by_id for grant in grants if grant.granted_by_id])
    managing = staff.filter(pk__in=AccountManager.objects.at(at).filter(account=account).values("staff_id"))
    leading = staff.filter(roles__rights__contains=[Right.MANAGE_STAFF.value]).distinct()
    found = list(granted) or list(managing) or list(leading)
    return sorted({Recipient(member.user.email, str(member), is_staff=True) for member in found})
