"""Oneself, and the colleagues, for programs."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from bursar.access.request import actor_of
from bursar.core import clock
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


class TokenOut(Schema):
    id: str
    name: str
    hint: str
    rights: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    is_live: bool


class RoleOut(Schema):
    slug: str
    name: str
    rights: list[str]


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


@router.get("/tokens", operation_id="tokens_list", summary="One's own API tokens", response=list[TokenOut])
def list_tokens(request: HttpRequest) -> list[TokenOut]:
    now = clock.now()
    return [
        TokenOut(
            id=token.public_id,
            name=token.name,
            hint=token.hint,
            rights=token.rights,
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
            is_live=token.is_live(now),
        )
        for token in queries.tokens_of(actor_of(request))
    ]


@router.get("/roles", operation_id="roles_list", summary="Roles and their rights", response=list[RoleOut])
def list_roles(request: HttpRequest) -> list[RoleOut]:
    """Which actions a right opens stands in `bursar actions --json` and in the roles page."""
    return [RoleOut(slug=role.slug, name=role.name, rights=role.rights) for role in queries.list_roles()]
