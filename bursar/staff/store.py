"""The pen of staff people and the roles they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from bursar.access.models import User
from bursar.staff.models import Role, StaffMember


class Line(NamedTuple):
    """What a file says of a colleague; `role` by its slug."""

    email: str
    name: str
    role: str


def employ(email: str, name: str, role: Role, now: datetime) -> tuple[StaffMember, bool]:
    """Gives somebody the role, and the staff hat if they have none. True: they could not sign in here before."""
    user, is_new = User.objects.get_or_create(email=email, defaults={"name": name, "password": "!"})
    member, _ = StaffMember.objects.get_or_create(user=user, defaults={"created_at": now})
    StaffMember.objects.filter(pk=member.pk).update(is_active=True)
    member.roles.add(role)
    return member, is_new


def take_history(lines: Sequence[Line], now: datetime) -> dict[int, str]:
    """Sets name and roles of people who are new, each by the first line about them. Returns the places refused."""
    roles = {role.slug: role for role in Role.objects.all()}
    known = StaffMember.objects.filter(user__email__in={line.email.lower() for line in lines})
    known = known.select_related("user").prefetch_related("roles")
    held = {member.user.email: {role.slug for role in member.roles.all()} for member in known}
    signed_up = User.objects.filter(email__in={line.email.lower() for line in lines})
    names = dict(signed_up.values_list("email", "name"))
    refused = {}
    for place, line in enumerate(lines):
        email = line.email.lower()
        if line.role not in roles:
            refused[place] = f"there is no role “{line.role}”; known are {', '.join(roles)}"
        elif names.setdefault(email, line.name) != line.name:
            refused[place] = f"{email} signs in here already, as “{names[email]}”: a file renames nobody who does."
        elif email not in held:
            employ(email, line.name, roles[line.role], now)
            held[email] = {line.role}
        elif line.role not in held[email]:
            refused[place] = f"{email} is staff already, with other roles. Those change by “Set roles”, in the panel."
    return refused


def set_roles(member: StaffMember, roles: Iterable[Role]) -> None:
    member.roles.set(roles)


def set_active(member: StaffMember, is_active: bool) -> None:
    StaffMember.objects.filter(pk=member.pk).update(is_active=is_active)


def note_seen(member_id: int, unless_since: datetime, now: datetime) -> None:
    stale = Q(last_seen_at=None) | Q(last_seen_at__lt=unless_since)
    StaffMember.objects.filter(stale, pk=member_id).update(last_seen_at=now)
