"""Who hears of an action: the people behind each kind of notice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from bursar.access.models import User
from bursar.access.rights import Right
from bursar.actions.spec import Notice
from bursar.audit.models import AuditLine
from bursar.plans.models import AccountManager, TierGrant
from bursar.staff.models import StaffMember
from bursar.tenants import rules
from bursar.tenants.models import (
    BillingAccount,
    Organisation,
    OrganisationMembership,
    OrganisationRole,
    Person,
    Workspace,
    WorkspaceMembership,
    WorkspaceRole,
)
from bursar.tenants.queries import ADMIN_ROLES, GOVERNING_ROLES

PLACES = ("wsp_", "acc_", "org_")


@dataclass(frozen=True, order=True)
class Recipient:
    """One person under one hat. `who` is the same under both; `email` may be empty: then the bell alone tells."""

    email: str
    name: str
    id: str
    who: str
    is_staff: bool = False


def list_told(line: AuditLine, notices: Iterable[Notice], data: dict[str, Any]) -> list[Recipient]:
    """Each person once, in the staff hat where staff are told; whoever did it is not told of their own deed."""
    found: dict[str, Recipient] = {}
    doer = _who_is(line.actor_id)
    for notice in sorted(notices, key=lambda notice: not notice.is_for_staff):
        for recipient in list_recipients(notice, line, data):
            found.setdefault(recipient.who, recipient)
    found.pop(doer, None)
    return sorted(found.values())


def list_recipients(notice: Notice, line: AuditLine, data: dict[str, Any]) -> list[Recipient]:
    """No support member, nobody of a workspace that is gone, nobody erased or deactivated."""
    if notice is Notice.GRANTER:
        return _staff(_granters(line))
    if notice is Notice.MANAGER:
        return _staff(_managing(_accounts(line), line.at))
    if notice is Notice.STAFF:
        return _staff(_holding(Right.ACT))
    if notice is Notice.APPROVERS:
        return _staff(_holding(Right.APPROVE_REFUND))
    if notice is Notice.ASKER:
        return _staff(_active().filter(public_id=str(data.get("asker", ""))))
    if notice is Notice.LEADS:
        return _staff(_holding(Right.MANAGE_STAFF))
    if notice is Notice.REQUESTER:
        return _of_people(Person.objects.filter(public_id=str(data.get("requester", ""))))
    if notice is Notice.ORGANISATION_ADMINS:
        return _running(Organisation.objects.filter(public_id__in=line.touches, deleted_at=None), line.at)
    if notice is Notice.OWN_PEOPLE:
        both = (Notice.WORKSPACE_ADMINS, Notice.BILLING) if data.get("is_ask") else ()
        return [found for one in both for found in list_recipients(one, line, data)]
    if notice is Notice.FORMER:
        left = OrganisationMembership.objects.at(line.at).filter(
            organisation__public_id=str(data.get("former", "")), role__in=rules.BILLING
        )
        return _of_people(Person.objects.filter(pk__in=left.values("person_id")))
    workspaces = list(Workspace.objects.filter(_place(line), deleted_at=None))
    if notice is Notice.BILLING:
        return _people(workspaces, (WorkspaceRole.BILLING,), (OrganisationRole.BILLING,), line.at)
    found = _people(workspaces, ADMIN_ROLES, (), line.at)
    return found or _people(workspaces, (), (OrganisationRole.OWNER, OrganisationRole.ADMIN), line.at)


def find_recipient(recipient_id: str) -> Recipient | None:
    """Who stands behind an id now; None when they are erased, deactivated or unknown."""
    members = _active().filter(public_id=recipient_id)
    return next(iter(_staff(members) or _of_people(Person.objects.filter(public_id=recipient_id))), None)


def _who_is(actor_id: str) -> str:
    user = User.objects.filter(Q(staff__public_id=actor_id) | Q(person__public_id=actor_id))
    return user.values_list("public_id", flat=True).first() or actor_id


def _place(line: AuditLine) -> Q:
    """The workspaces concerned: of the target, else of the narrowest place that the line touches."""
    ids = [line.target_id] if line.target_id.startswith(PLACES) else []
    for prefix in PLACES:
        ids = ids or [touched for touched in line.touches if touched.startswith(prefix)]
    return Q(public_id__in=ids) | Q(account__public_id__in=ids) | Q(organisation__public_id__in=ids)


def _people(
    workspaces: list[Workspace], roles: Iterable[str], inherited: Iterable[str], at: datetime
) -> list[Recipient]:
    direct = WorkspaceMembership.objects.at(at).filter(workspace__in=workspaces, role__in=roles, is_support=False)
    above = OrganisationMembership.objects.at(at).filter(
        organisation_id__in={w.organisation_id for w in workspaces}, role__in=inherited
    )
    ids = {*direct.values_list("person_id", flat=True), *above.values_list("person_id", flat=True)}
    return _of_people(Person.objects.filter(pk__in=ids))


def _running(organisations: QuerySet[Organisation], at: datetime) -> list[Recipient]:
    """Its owners and admins; where it has none, those of its workspaces."""
    above = OrganisationMembership.objects.at(at).filter(organisation__in=organisations, role__in=GOVERNING_ROLES)
    found = _of_people(Person.objects.filter(pk__in=above.values("person_id")))
    workspaces = Workspace.objects.filter(organisation__in=organisations, deleted_at=None)
    return found or _people(list(workspaces), ADMIN_ROLES, (), at)


def _of_people(people: QuerySet[Person]) -> list[Recipient]:
    rows = people.filter(erased_at=None).select_related("user")
    return sorted(Recipient(p.email, p.name, p.public_id, (p.user or p).public_id) for p in rows)


def _active() -> QuerySet[StaffMember]:
    return StaffMember.objects.filter(is_active=True, user__is_active=True).select_related("user")


def _holding(right: Right) -> QuerySet[StaffMember]:
    return _active().filter(roles__rights__contains=[right.value]).distinct()


def _staff(members: Iterable[StaffMember]) -> list[Recipient]:
    return sorted(Recipient(m.user.email, str(m), m.public_id, m.user.public_id, is_staff=True) for m in members)


def list_holding(right: Right) -> list[Recipient]:
    """The active colleagues who hold it."""
    return _staff(_holding(right))


def _granters(line: AuditLine) -> list[StaffMember]:
    """Whoever granted what ends; else the account manager; else the leads."""
    grants = TierGrant.objects.filter(public_id__in=line.touches)
    granted = _active().filter(pk__in=grants.values("granted_by_id"))
    managing = _managing(_accounts(line), line.at)
    return list(granted) or list(managing) or list(_holding(Right.MANAGE_STAFF))


def _accounts(line: AuditLine) -> QuerySet[BillingAccount]:
    """Of a line about an organisation, all of its."""
    return BillingAccount.objects.filter(public_id__in=[line.target_id, *line.touches])


def _managing(accounts: QuerySet[BillingAccount], at: datetime) -> QuerySet[StaffMember]:
    return _active().filter(pk__in=AccountManager.objects.at(at).filter(account__in=accounts).values("staff_id"))
