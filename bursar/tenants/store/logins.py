"""How often people signed in to the product, by day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from bursar.tenants.models import Login, Person
from bursar.tenants.store.upsert import upsert


def take_history(rows: Iterable[Login]) -> None:
    upsert(Login, rows, ["person_id", "day"], ["count"])


def raise_to(person: Person, day: date, count: int) -> int | None:
    """A higher count replaces a lower one. Returns what was known; None: nothing was."""
    row, is_new = Login.objects.get_or_create(person=person, day=day, defaults={"count": count})
    if is_new:
        return None
    if count > row.count:
        Login.objects.filter(pk=row.pk).update(count=count)
    return row.count


def forget(person: Person) -> int:
    """Returns how many days went."""
    gone, _ = person.logins.all().delete()
    return gone
