"""Sessions, scoped by the actor: staff see every one, customers those of organisations that they run."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from bursar.access.actor import Actor
from bursar.core.errors import NotFound
from bursar.tenants.models import OrganisationMembership
from bursar.tenants.rules import GOVERNING
from bursar.training.models import SessionState, TrainingSession


def sessions_for(actor: Actor, at: datetime) -> QuerySet[TrainingSession]:
    every = TrainingSession.objects.select_related(
        "training", "organisation", "price", "trainer__user", "requested_by", "invoice__account"
    )
    if actor.all_accounts:
        return every
    if actor.person_id is None:
        return every.none()
    own = OrganisationMembership.objects.at(at).filter(person_id=actor.person_id, role__in=GOVERNING)
    return every.filter(organisation__in=own.values("organisation"))


def get_session(actor: Actor, public_id: str, at: datetime) -> TrainingSession:
    found = sessions_for(actor, at).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def count_waiting(actor: Actor) -> int:
    """Requests, for the bar; one statement by the queue's own index."""
    return TrainingSession.objects.filter(state=SessionState.REQUESTED).count() if actor.all_accounts else 0
