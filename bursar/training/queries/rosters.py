"""Who is on a roster. Staff alone look at one."""

from __future__ import annotations

from django.db.models import QuerySet

from bursar.access.actor import Actor
from bursar.core.errors import NotFound
from bursar.training.models import Attendee, TrainingSession


def get_attendee(actor: Actor, public_id: str) -> Attendee:
    every = Attendee.objects.select_related("session__training", "session__organisation", "person")
    found = every.filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found


def list_roster(session: TrainingSession) -> QuerySet[Attendee]:
    """In the order in which they came."""
    return session.roster.select_related("person").order_by("added_at", "id")


def list_present(session: TrainingSession) -> QuerySet[Attendee]:
    """Who is not marked absent, in the order in which they came; nobody erased."""
    every = session.roster.select_related("session__training", "session__organisation", "person")
    return every.filter(is_absent=False).exclude(name="", email="").order_by("added_at", "id")
