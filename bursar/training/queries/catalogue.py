"""The catalogue: staff look at it whole; customers are offered what is not retired."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Prefetch, QuerySet

from bursar.access.actor import Actor
from bursar.core.errors import NotFound
from bursar.training.models import Training, TrainingPrice


def get_training(actor: Actor, public_id: str) -> Training:
    found = Training.objects.filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found


def list_trainings() -> QuerySet[Training]:
    """What is offered first, each with its `prices`, the newest first."""
    prices = Prefetch("prices", TrainingPrice.objects.order_by("-valid_from"))
    return Training.objects.prefetch_related(prices).order_by(F("retired_at").asc(nulls_first=True), "sort_key", "id")


def list_offered() -> QuerySet[Training]:
    return Training.objects.filter(retired_at=None).order_by("sort_key", "id")


def get_price(training: Training, at: datetime) -> TrainingPrice:
    return TrainingPrice.objects.at(at).get(training=training)


def find_next_price(training: Training, at: datetime) -> TrainingPrice | None:
    """What begins after `at`."""
    return TrainingPrice.objects.filter(training=training, valid_from__gt=at).order_by("valid_from").first()


def find_same_title(key: str, but: Training | None) -> Training | None:
    """`key`: of the title, as one sorts by it."""
    found = Training.objects.filter(sort_key=key)
    return (found.exclude(pk=but.pk) if but else found).first()
