"""Lines about the catalogue of trainings, sessions and licences. None of them moves a figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bursar.billing.seller import start_of
from bursar.product.apply.batch import Records, takes
from bursar.product.lookup import Lookup
from bursar.tenants.models import Person
from bursar.tenants.store import Written
from bursar.training.models import Licence, Training, TrainingSession
from bursar.training.rules import find_last_day
from bursar.training.store import history
from bursar.training.store.catalogue import Kind, Terms

SESSION = ("external_id", "state", "requested_at", "participants", "message", "starts_at", "minutes", "place", "link",
           "held_on", "cancelled_at")  # fmt: skip


@takes("training")
def take_trainings(records: Records, lookup: Lookup, now: datetime) -> Written:
    offers = [
        history.Offer(
            Kind(r.title, r.mode, r.grants_licence), Terms(r.price, r.included, r.extra), r.start, r.retired_at
        )
        for r in records
    ]
    return Written(refused=history.take_trainings(offers))


@takes("training_session")
def take_sessions(records: Records, lookup: Lookup, now: datetime) -> Written:
    trainings = _find_trainings(records)
    names = {one.person for r in records for one in r.roster if one.person}
    people = {person.external_id: person for person in Person.objects.filter(external_id__in=names)}
    refused, places, lines = {}, [], []
    for place, r in enumerate(records):
        why = _why_no_training(r, trainings) or _why_nobody(r, people)
        if why:
            refused[place] = why
            continue
        places.append(place)
        lines.append((_session(r, lookup, trainings[r.training]), [_entry(one, people) for one in r.roster]))
    more = history.take_sessions(lines, now)
    return Written(refused=refused | {places[at]: why for at, why in more.items()})


def _find_trainings(records: Sequence[Any]) -> dict[str, Training]:
    """By title; of two with one title the older."""
    rows = Training.objects.filter(title__in={r.training for r in records}).order_by("-created_at", "-id")
    return {row.title: row for row in rows}


def _why_no_training(record: Any, trainings: dict[str, Training]) -> str | None:
    return None if record.training in trainings else f"there is no training “{record.training}”"


def _why_nobody(record: Any, people: dict[str, Person]) -> str | None:
    unknown = next((one.person for one in record.roster if one.person and one.person not in people), None)
    return f"there is no person “{unknown}”" if unknown else None


def _session(r: Any, lookup: Lookup, training: Training) -> TrainingSession:
    completed_at = r.completed_at or (start_of(r.held_on) if r.held_on else None)
    return TrainingSession(
        training=training, organisation_id=lookup.organisations[r.organisation], mode=r.mode or training.mode,
        trainer_id=lookup.staff[r.trainer.lower()] if r.trainer else None, completed_at=completed_at,
        **{name: getattr(r, name) for name in SESSION},
    )  # fmt: skip


def _entry(one: Any, people: dict[str, Person]) -> history.Entry:
    return history.Entry(people[one.person] if one.person else None, one.name, one.email.lower(), one.is_absent)


@takes("licence")
def take_licences(records: Records, lookup: Lookup, now: datetime) -> Written:
    trainings = _find_trainings(records)
    refused, places, lines = {}, [], []
    for place, r in enumerate(records):
        if why := _why_no_training(r, trainings):
            refused[place] = why
            continue
        places.append(place)
        lines.append((_licence(r, lookup, trainings[r.training]), r.session))
    more = history.take_licences(lines, now)
    return Written(refused=refused | {places[at]: why for at, why in more.items()})


def _licence(r: Any, lookup: Lookup, training: Training) -> Licence:
    return Licence(
        external_id=r.external_id, training=training, organisation_id=lookup.organisations[r.organisation],
        person_id=lookup.people.get(r.person), name=r.name, email=r.email.lower(), valid_from=r.valid_from,
        last_day=r.last_day or find_last_day(r.valid_from), granted_at=r.granted_at or start_of(r.valid_from),
        granted_by_id=lookup.staff[r.granted_by.lower()] if r.granted_by else None, revoked_at=r.revoked_at,
    )  # fmt: skip
