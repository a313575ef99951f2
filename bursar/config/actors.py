"""Turns whoever is signed in, or carries a token, into the actor that the door asks for."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings

from bursar.access.actor import Actor, ActorKind, Door
from bursar.access.models import User
from bursar.access.rights import Own, Right
from bursar.core import clock
from bursar.staff.models import ApiToken
from bursar.staff.queries import get_staff, has_second_factor
from bursar.tenants.models import Person
from bursar.tenants.queries import customer_of


def actor_for(user: User, door: Door = Door.PAGE) -> Actor:
    """The staff hat when the user has one with a right to read, else the customer's."""
    customer = _customer(user, door)
    staff = get_staff(user)
    if staff is not None and Right.READ in staff.rights:
        return replace(
            customer,
            kind=ActorKind.STAFF,
            id=staff.public_id,
            name=user.name or user.email,
            rights=staff.rights,
            scopes=frozenset(),
            all_accounts=True,
            account_ids=frozenset(),
            staff_id=staff.pk,
            roles=staff.roles,
        )
    return customer


def _customer(user: User, door: Door) -> Actor:
    """Somebody whom the product does not know yet has a hat too: with nothing under it."""
    person: Person | None = getattr(user, "person", None)
    if person is not None:
        return replace(customer_of(person, clock.now(), door), name=user.name or user.email)
    return Actor(
        kind=ActorKind.CUSTOMER,
        id=user.public_id,
        name=user.name or user.email,
        door=door,
        scopes=frozenset(Own.values),
        customer_id=user.public_id,
        user_id=user.pk,
    )


def actor_of_token(token: ApiToken) -> Actor | None:
    """The person behind a token, with its rights as far as they hold them still; None when they hold none."""
    actor = actor_for(token.member.user, Door.API)
    rights = actor.rights & {Right(right) for right in token.rights}
    is_staff = actor.kind is ActorKind.STAFF and Right.READ in rights and token.member.user.is_active
    return replace(actor, rights=rights, token=token.public_id) if is_staff else None


def why_no_factor(actor: Actor) -> str | None:
    """Asked each time, of a token's person too: whoever lost their second factor stands outside from that moment."""
    if not settings.BURSAR_SECOND_FACTOR or has_second_factor(actor.user_id or 0):
        return None
    return "Staff need a second factor here. Add one under “Your sign-in”, then come back."
