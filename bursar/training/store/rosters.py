"""Writes rosters: who is on one, who was absent, and whom an address belongs to once the product names them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bursar.tenants.models import Person
from bursar.training.models import Attendee, TrainingSession


def add_people(session: TrainingSession, people: Sequence[Person], now: datetime) -> list[Attendee]:
    """None of them is on it."""
    return _add([Attendee(session=session, person=one, name=one.name, email=one.email, added_at=now) for one in people])


def add_addresses(session: TrainingSession, emails: Sequence[str], now: datetime) -> list[Attendee]:
    """In small letters, each once, none of them on it, nobody's that the product knows: they wait for their person."""
    return _add([Attendee(session=session, email=email, added_at=now) for email in emails])


def _add(rows: Sequence[Attendee]) -> list[Attendee]:
    for row in rows:
        row.save(force_insert=True)
    return list(rows)


def remove(row: Attendee) -> None:
    row.delete()


def mark(row: Attendee, is_absent: bool) -> None:
    row.is_absent = is_absent
    row.save(update_fields=["is_absent"])


def forget(people: Collection[int], emails: Collection[str]) -> None:
    """Blanks the names and addresses of an erased person. `emails`: in small letters."""
    Attendee.objects.filter(person__in=people).update(name="", email="")
    Attendee.objects.filter(person=None, email__in=emails).update(name="", email="")
