"""People: made, changed, connected to a sign-in, erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bursar.access.models import User
from bursar.core.naming import ERASED
from bursar.core.sortkey import sort_key
from bursar.tenants import rules
from bursar.tenants.models import Person
from bursar.tenants.store.told import Told
from bursar.tenants.store.upsert import upsert


def take_history(lines: Sequence[Told[Person]]) -> dict[int, str]:
    """What files say. Returns the places that are refused, with the sentence.

    Who was erased stays so, and what the product pushed stays.
    """
    known = {p.external_id: p for p in Person.objects.filter(external_id__in=[line.row.external_id for line in lines])}
    refused, fresh = {}, []
    for place, line in enumerate(lines):
        line.row.email, line.row.sort_key = line.row.email.lower(), sort_key(line.row.name)
        stands = known.get(line.row.external_id)
        why = _why_not_correct(line, stands) if stands is not None else None
        if why is not None:
            refused[place] = why
        elif stands is None or stands.pushed_at is None:
            fresh.append(line.row)
    upsert(Person, fresh, ["external_id"], ["name", "email", "sort_key"])
    return refused


def _why_not_correct(line: Told[Person], stands: Person) -> str | None:
    if stands.erased_at is not None:
        return rules.NOT_ERASED
    return rules.why_not_overrule(line.otherwise(stands, ["name", "email"])) if stands.pushed_at else None


def make(external_id: str, values: dict[str, Any], changed_at: datetime, now: datetime) -> None:
    Person(external_id=external_id, changed_at=changed_at, pushed_at=now, **values).save()


def change(row: Person, values: dict[str, Any], changed_at: datetime, now: datetime) -> bool:
    """What the product says of them now. True when anything moved."""
    moved = [name for name, value in values.items() if getattr(row, name) != value]
    for name in moved:
        setattr(row, name, values[name])
    row.changed_at, row.pushed_at = changed_at, now
    row.save()
    return bool(moved)


def connect(person_ids: Iterable[int], user: User) -> None:
    """From now on they sign in as `user`; who has a sign-in already keeps it."""
    Person.objects.filter(pk__in=list(person_ids), user=None).update(user=user)


def erase(person: Person, now: datetime) -> None:
    """In place too, so that the book's line about this names nobody."""
    person.name, person.email, person.erased_at = ERASED, "", now
    person.sort_key = sort_key(ERASED)
    person.save()
