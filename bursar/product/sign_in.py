"""How a customer's person becomes someone who can sign in, and the one-time link that the product asks for."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from bursar.access.models import User
from bursar.staff.models import StaffMember
from bursar.staff.sign_in import make_link
from bursar.tenants.models import Person
from bursar.tenants.store import people

LIVES = timedelta(minutes=5)


@transaction.atomic
def ensure_user(person: Person) -> User | None:
    """The person's user, made when first needed. None where the address is a colleague's or somebody else's.

    Whoever controls the product must not become staff here by pushing a colleague's address.
    """
    if person.user is not None:
        return person.user
    if not person.email:
        return None
    user = User.objects.filter(email=person.email.lower()).first()
    if user is not None and (StaffMember.objects.filter(user=user).exists() or hasattr(user, "person")):
        return None
    user = user or User.objects.create_user(person.email, person.name)
    people.connect([person.pk], user)
    return user


def find_customer(person: Person) -> User | None:
    """Whom the product may sign in as this person; None for nobody, for somebody deactivated, and for every colleague.

    A colleague who is a customer too comes in by the staff's own door: the product's word must not open the panel.
    """
    user = ensure_user(person)
    if user is None or not user.is_active or StaffMember.objects.filter(user=user).exists():
        return None
    return user


def make_customer_link(person: Person, now: datetime) -> str | None:
    """The path of a link that signs this person in once, within five minutes; None where nobody may sign in so."""
    user = find_customer(person)
    return make_link(user, now, LIVES) if user is not None else None
