"""Trainings and sessions by what somebody types."""

from __future__ import annotations

from django.db.models import Case, F, Q, Value, When

from bursar.access.actor import Actor
from bursar.core.sortkey import sort_key
from bursar.training.models import SessionState, Training, TrainingSession


def find_trainings(actor: Actor, asked: str, limit: int) -> list[Training]:
    """By title or id; what is offered first."""
    if not actor.all_accounts:
        return []
    found = Training.objects.filter(Q(sort_key__contains=sort_key(asked)) | Q(public_id=asked.strip().lower()))
    return list(found.order_by(F("retired_at").asc(nulls_first=True), "sort_key", "id")[:limit])


def find_sessions(actor: Actor, asked: str, limit: int) -> list[TrainingSession]:
    """By id, the training's title or the organisation's name; what is still to be held first, then the newest."""
    if not actor.all_accounts:
        return []
    text, asked = sort_key(asked), asked.strip()
    named = Q(training__sort_key__contains=text) | Q(organisation__sort_key__contains=text)
    found = TrainingSession.objects.filter(named | Q(public_id=asked.lower()) | Q(external_id=asked))
    is_open = Q(state__in=(SessionState.REQUESTED, SessionState.SCHEDULED))
    place = Case(When(is_open, then=Value(0)), default=Value(1))
    return list(found.select_related("training", "organisation").order_by(place, "-requested_at", "-id")[:limit])
