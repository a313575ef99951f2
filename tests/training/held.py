"""A session that is about to be completed, for tests of what comes after it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from bursar.access.actor import Actor
from bursar.actions.run import run
from bursar.actions.spec import Outcome
from bursar.core import clock
from bursar.tenants.models import Organisation, Person
from bursar.training.models import Licence, Training, TrainingSession
from bursar.training.store import rosters, sessions

COMPLETE = "training.session.complete"


def one(ref: str) -> Person:
    return Person.objects.get(external_id=ref)


def planned(organisation: Organisation, *who: str, mode: str = "online", at: datetime | None = None) -> TrainingSession:
    """Scheduled for two hours ago, unless `at` says otherwise. `who`: the product's ids, and addresses."""
    now = clock.now()
    training = Training.objects.get(mode=mode)
    made = sessions.request(training, organisation, sessions.Wish(), now)
    sessions.plan(made, sessions.Plan(at or now - timedelta(hours=2), 120, mode))
    rosters.add_people(made, [one(ref) for ref in who if "@" not in ref], now)
    rosters.add_addresses(made, {email: "" for email in who if "@" in email}, now)
    return made


def complete(session: TrainingSession, actor: Actor, held_on: date | None = None, **more: Any) -> Outcome:
    day = held_on or clock.now().date()
    return run(COMPLETE, actor, session.public_id, {"held_on": day.isoformat()}, **more)


def licensed(organisation: Organisation, who: str, actor: Actor, held_on: date | None = None) -> Licence:
    """The licence of one person who was trained alone."""
    session = planned(organisation, who)
    complete(session, actor, held_on)
    return Licence.objects.select_related("training", "organisation", "person", "attendee").get(
        attendee__session=session
    )
