"""People: made, changed, connected to a sign-in, erased."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bursar.access.models import User
from bursar.core.naming import ERASED
from bursar.core.sortkey import sort_key
from bursar.tenants.models import Person
from bursar.tenants.store.upsert import upsert


def take_history(rows: Iterable[Person]) -> None:
    """What files say. Who was erased stays so, and what the product pushed stays."""
    rows = list(rows)
    known = Person.objects.filter(external_id__in=[row.external_id for row in rows])
    settled = set(known.exclude(erased_at=None, pushed_at=None).values_list("external_id", flat=True))
    fresh = [row for row in rows if row.external_id not in settled]
    for row in fresh:
        row.email, row.sort_key = row.email.lower(), sort_key(row.name)
    upsert(Person, fresh, ["external_id"], ["name", "email", "sort_key"])


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
