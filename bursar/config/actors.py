"""Turns whoever is signed in, or stored with a job, into the actor that the door asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bursar.access.actor import Actor, ActorKind, Door, operator, system
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.core import clock
from bursar.staff.models import ApiToken
from bursar.staff.queries import get_staff
from bursar.tenants.models import Person
from bursar.tenants.queries import list_customer_account_ids


def actor_for(user: User, door: Door = Door.PAGE) -> Actor:
    """The staff hat when the user has one with a right to read, else the customer's."""
    person: Person | None = getattr(user, "person", None)
    own = frozenset(list_customer_account_ids(person, clock.now())) if person else frozenset()
    staff = get_staff(user)
    if staff is not None and Right.READ in staff.rights:
        return Actor(
            kind=ActorKind.STAFF,
            id=staff.public_id,
            name=user.name or user.email,
            door=door,
            rights=staff.rights,
            all_accounts=True,
            own_account_ids=own,
            user_id=user.pk,
            staff_id=staff.pk,
            person_id=person.pk if person else None,
            roles=staff.roles,
        )
    return Actor(
        kind=ActorKind.CUSTOMER,
        id=person.public_id if person else user.public_id,
        name=user.name or user.email,
        door=door,
        account_ids=own,
        own_account_ids=own,
        user_id=user.pk,
        person_id=person.pk if person else None,
    )


def actor_of_token(token: ApiToken) -> Actor | None:
    """The person behind a token, with its rights as far as they hold them still; None when they hold none."""
    actor = actor_for(token.member.user, Door.API)
    rights = actor.rights & {Right(right) for right in token.rights}
    is_staff = actor.kind is ActorKind.STAFF and Right.READ in rights and token.member.user.is_active
    return replace(actor, rights=rights) if is_staff else None


def load_actor(stored: dict[str, Any], door: Door) -> Actor:
    """For jobs: the same actor again, with the rights held now."""
    if stored["kind"] == ActorKind.SYSTEM:
        return system(stored["id"].removeprefix("system:"), door)
    if stored["kind"] == ActorKind.OPERATOR:
        return operator(stored["id"].removeprefix("operator:"))
    return actor_for(User.objects.get(pk=stored["user_id"]), door)
