"""What customers see of trainings on their own pages: what is coming, for whoever runs it or takes part."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, QuerySet

from bursar.access.actor import Actor
from bursar.core.errors import NotFound
from bursar.training.models import Attendee, SessionState, TrainingSession
from bursar.training.queries.sessions import sessions_for


def list_coming(actor: Actor, at: datetime) -> QuerySet[TrainingSession]:
    """Sessions that are asked for or planned: of organisations that they run, and those in which they take part.

    The soonest first; what has no day yet stands last. One that was planned and not closed stays until staff do.
    """
    mine = Attendee.objects.filter(person_id=actor.person_id or 0).values("session_id")
    run = sessions_for(actor, at).filter(state__in=(SessionState.REQUESTED, SessionState.SCHEDULED)).values("pk")
    planned = TrainingSession.objects.filter(pk__in=mine, state=SessionState.SCHEDULED).values("pk")
    found = TrainingSession.objects.filter(Q(pk__in=run) | Q(pk__in=planned))
    found = found.select_related("training", "organisation", "trainer__user")
    return found.order_by(F("starts_at").asc(nulls_last=True), "requested_at", "id")


def get_planned(actor: Actor, public_id: str, at: datetime) -> TrainingSession:
    """One with a day. Raises NotFound for one without, as for one that is none of theirs."""
    found = list_coming(actor, at).filter(public_id=public_id, state=SessionState.SCHEDULED).first()
    if found is None:
        raise NotFound
    return found
