"""Every read of staff."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from bursar.access.models import User
from bursar.access.rights import Right
from bursar.staff.models import Role, StaffMember


@dataclass(frozen=True)
class StaffRights:
    pk: int
    public_id: str
    rights: frozenset[Right]
    roles: tuple[str, ...]


def get_staff(user: User) -> StaffRights | None:
    """The rights an active staff member holds through all their roles; None for everybody else."""
    member = StaffMember.objects.filter(user=user, is_active=True).prefetch_related("roles").first()
    if member is None:
        return None
    roles = list(member.roles.all())
    rights = frozenset(Right(right) for role in roles for right in role.rights)
    return StaffRights(member.pk, member.public_id, rights, tuple(role.name for role in roles))


def list_roles() -> QuerySet[Role]:
    return Role.objects.order_by("rank")


def list_managers(domain: str = "") -> list[StaffMember]:
    """Active staff by name, for choosing an account manager; `domain`: only addresses in it."""
    rows = StaffMember.objects.filter(is_active=True).select_related("user").order_by("user__name")
    return list(rows.filter(user__email__endswith=f"@{domain}") if domain else rows)


def names_by_id() -> dict[int, str]:
    """Every staff member's name, the inactive too: past months name them."""
    return {pk: name or email for pk, name, email in StaffMember.objects.values_list("id", "user__name", "user__email")}


def leads_with(right: Right) -> list[str]:
    """Whom to ask for a right: names of active staff who hold it through a role that manages staff."""
    rows = StaffMember.objects.filter(is_active=True, roles__rights__contains=[right.value, Right.MANAGE_STAFF.value])
    return sorted(set(rows.values_list("user__name", flat=True)))
