"""Oneself, and the colleagues, for programs."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from bursar.access.request import actor_of
from bursar.staff import queries

router = Router(tags=["staff"])


class MeOut(Schema):
    id: str
    name: str
    rights: list[str]
    roles: list[str]


class MemberOut(Schema):
    id: str
    name: str
    email: str
    roles: list[str]
    is_active: bool
    has_second_factor: bool
    last_seen_at: datetime | None


@router.get("/me", operation_id="me_get", summary="Who the token or session is, and what it may do", response=MeOut)
def get_me(request: HttpRequest) -> MeOut:
    actor = actor_of(request)
    rights = sorted(right.value for right in actor.rights)
    return MeOut(id=actor.id, name=actor.name, rights=rights, roles=list(actor.roles))


@router.get("/staff", operation_id="staff_list", summary="Staff with roles and last seen", response=list[MemberOut])
def list_staff(request: HttpRequest) -> list[MemberOut]:
    return [
        MemberOut(
            id=member.public_id,
            name=str(member),
            email=member.user.email,
            roles=[role.slug for role in member.roles.all()],
            is_active=member.is_active,
            has_second_factor=bool(member.has_factor),  # type: ignore[attr-defined]  # annotated by the query
            last_seen_at=member.last_seen_at,
        )
        for member in queries.list_members()
    ]
