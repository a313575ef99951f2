"""Every read of staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet

from bursar.access.actor import Actor
from bursar.access.holders import HOLDERS
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.core import locks, naming
from bursar.core.errors import NotFound
from bursar.core.naming import NAMES
from bursar.staff import store
from bursar.staff.models import ApiToken, Role, StaffMember

NAMES.add("usr", lambda ids: {user.public_id: str(user) for user in User.objects.filter(public_id__in=ids)})
NAMES.add("stf", lambda ids: {member.public_id: str(member) for member in _members(ids)})
HOLDERS.add("staff", lambda: list_holders())


def list_holders() -> dict[str, list[str]]:
    """Active staff by each right that they hold, as their names stand in text; in the order of names."""
    found: dict[str, list[str]] = {}
    rows = StaffMember.objects.filter(is_active=True).order_by("user__name", "id")
    for public_id, name, rights in rows.values_list("public_id", "user__name", "roles__rights"):
        for right in rights or ():
            said = naming.say(public_id, name)
            if said not in (known := found.setdefault(right, [])):
                known.append(said)
    return found


def _members(public_ids: Collection[str]) -> QuerySet[StaffMember]:
    return StaffMember.objects.filter(public_id__in=public_ids).select_related("user")


@dataclass(frozen=True)
class StaffRights:
    pk: int
    public_id: str
    rights: frozenset[Right]
    roles: tuple[str, ...]


def get_staff(user: User) -> StaffRights | None:
    """The rights an active staff member holds through all their roles; None for everybody else."""
    member = getattr(user, "staff", None)
    if member is None or not member.is_active:
        return None
    roles = list(Role.objects.filter(members=member).order_by("rank"))
    rights = frozenset(Right(right) for role in roles for right in role.rights)
    return StaffRights(member.pk, member.public_id, rights, tuple(role.name for role in roles))


def list_roles() -> QuerySet[Role]:
    return Role.objects.order_by("rank")


def list_managers(domain: str = "") -> list[StaffMember]:
    """Active staff by name, for choosing an account manager; `domain`: only addresses in it."""
    rows = StaffMember.objects.filter(is_active=True).select_related("user").order_by("user__name")
    return list(rows.filter(user__email__endswith=f"@{domain}") if domain else rows)


SEEN_IS_NOTED_EVERY = timedelta(minutes=1)


_noted: dict[int, datetime] = {}


def note_seen(member_id: int, now: datetime) -> None:
    """At most once a minute and process: no page pays for it twice."""
    if abs(now - _noted.get(member_id, datetime.min.replace(tzinfo=UTC))) < SEEN_IS_NOTED_EVERY:
        return
    _noted[member_id] = now
    store.note_seen(member_id, now - SEEN_IS_NOTED_EVERY, now)


def get_member(actor: Actor, public_id: str) -> StaffMember:
    """Colleagues see each other; nobody else sees any."""
    found = StaffMember.objects.filter(public_id=public_id).select_related("user").first()
    if found is None or not actor.all_accounts:
        raise NotFound
    return found


def list_members() -> list[StaffMember]:
    """Everybody on the staff with roles and whether they have a second factor; the active first."""
    factors = Authenticator.objects.filter(user_id=OuterRef("user_id")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    rows = StaffMember.objects.select_related("user").prefetch_related("roles")
    return list(rows.annotate(has_factor=Exists(factors)).order_by("-is_active", "user__name", "user__email"))


def lock_managers() -> set[int]:
    """Active staff who hold manage_staff; whoever else asks waits until the transaction ends."""
    locks.hold("managers")
    holding = Role.objects.filter(rights__contains=[Right.MANAGE_STAFF.value]).values("id")
    return set(StaffMember.objects.filter(is_active=True, roles__in=holding).values_list("id", flat=True))


def has_second_factor(user_id: int) -> bool:
    types = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=types).exists())


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(member_id=actor.staff_id or 0).order_by("-created_at", "-id")


def get_token(actor: Actor, public_id: str) -> ApiToken:
    """One's own; whoever manages staff reaches every one, to revoke it."""
    reach = ApiToken.objects.select_related("member__user").filter(public_id=public_id)
    if not actor.can(Right.MANAGE_STAFF):
        reach = reach.filter(member_id=actor.staff_id or 0)
    found = reach.first()
    if found is None or not actor.all_accounts:
        raise NotFound
    return found
