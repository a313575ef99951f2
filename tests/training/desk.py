"""What tests of trainings do again and again: ask for a session, plan it, fill its roster."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bursar.actions.run import run
from bursar.actions.spec import Outcome
from bursar.outbox.models import OutboxRow
from bursar.outbox.store import deliver_due
from bursar.tenants.models import Person
from bursar.training.models import Attendee, Mode, Training, TrainingSession
from tests.cast import NOW, Cast

PLAN: dict[str, Any] = {
    "day": "2026-12-02",
    "at": "15:00",
    "minutes": 120,
    "mode": "online",
    "link": "https://meet.example/online",
}


def training(mode: Mode = Mode.ONLINE) -> Training:
    return Training.objects.get(mode=mode)


def person(ref: str) -> Person:
    return Person.objects.get(external_id=ref)


def asked(cast: Cast, mode: Mode = Mode.ONLINE, **data: Any) -> TrainingSession:
    """By staff, for Haarlem."""
    data = {"training": training(mode).public_id, **data}
    made = run("training.organisation.request_session", cast.ties, cast.haarlem.organisation.public_id, data)
    return TrainingSession.objects.get(public_id=made.data["session"])


def pull(cast: Cast, verb: str, target: Any, kind: str = "session", **data: Any) -> Outcome:
    """By Ties."""
    outcome = run(f"training.{kind}.{verb}", cast.ties, target.public_id, data, reason="Agreed with them")
    target.refresh_from_db() if verb != "remove" else None
    return outcome


def planned(cast: Cast, *who: str, mode: Mode = Mode.ONLINE, **data: Any) -> TrainingSession:
    """Scheduled, with these people on the roster; what was mailed is forgotten."""
    session = asked(cast, mode)
    if who:
        pull(cast, "add_attendees", session, people=[person(ref).public_id for ref in who])
    pull(cast, "schedule", session, **{**PLAN, "mode": mode.value, **data})
    OutboxRow.objects.all().delete()
    return session


def on_roster(session: TrainingSession, ref: str) -> Attendee:
    return session.roster.get(person=person(ref))


def letters() -> list[dict[str, Any]]:
    """What waits to be mailed whole, oldest first; it is taken out of the outbox."""
    rows = OutboxRow.objects.filter(kind="mail", payload__has_key="calendar").order_by("id")
    found = [row.payload for row in rows]
    rows.delete()
    return found


def deliver() -> None:
    deliver_due(NOW + timedelta(minutes=1))
