"""Writes rosters: who is on one, who was absent, and whom an address belongs to once the product names them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet

from bursar.tenants.models import Organisation, Person
from bursar.training.models import Attendee, Licence, TrainingSession
from bursar.training.queries.rosters import find_by_address
from bursar.training.store import licences

M = TypeVar("M", Attendee, Licence)


def add_people(session: TrainingSession, people: Sequence[Person], now: datetime) -> list[Attendee]:
    """None of them is on it."""
    return _add([Attendee(session=session, person=one, name=one.name, email=one.email, added_at=now) for one in people])


def add_addresses(session: TrainingSession, names: Mapping[str, str], now: datetime) -> list[Attendee]:
    """Name by address, in small letters, none of them on it, nobody's that the product knows: they wait to be named."""
    rows = [Attendee(session=session, email=email, name=name, added_at=now) for email, name in names.items()]
    return _add(rows)


def attach(emails: Collection[str], now: datetime) -> None:
    """The product names whom these addresses, in small letters, belong to: what waited for one is theirs. Whoever is
    on a roster already is not put there a second time.
    """
    wanted = {email for email in emails if email}
    if not wanted:
        return
    for row in _waiting(Attendee.objects.select_related("session__organisation"), wanted):
        person = _find(row.email, row.session.organisation, now)
        if person and not row.session.roster.filter(person=person).exists():
            row.person, row.name = person, person.name
            row.save(update_fields=["person", "name"])
    for licence in _waiting(Licence.objects.select_related("organisation"), wanted):
        owner = _find(licence.email, licence.organisation, now)
        if owner is not None:
            licences.give_to(licence, owner)


def _waiting(rows: QuerySet[M], emails: Collection[str]) -> QuerySet[M]:
    """Those at one of these addresses that are nobody's yet, held."""
    return rows.filter(person=None, email__in=emails).order_by("pk").select_for_update(no_key=True, of=("self",))


def _find(email: str, organisation: Organisation, now: datetime) -> Person | None:
    return find_by_address([email], organisation, now).get(email)


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
