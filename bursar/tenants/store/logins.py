"""How often people signed in to the product, by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bursar.tenants import rules
from bursar.tenants.models import Login, Person
from bursar.tenants.store.upsert import upsert


def take_history(rows: Sequence[Login]) -> dict[int, str]:
    """Returns the places that are refused, with the sentence: of who was erased nothing is kept."""
    named = Person.objects.filter(pk__in={row.person_id for row in rows})
    erased = set(named.exclude(erased_at=None).values_list("pk", flat=True))
    upsert(Login, [row for row in rows if row.person_id not in erased], ["person_id", "day"], ["count"])
    return {place: rules.NOT_ERASED for place, row in enumerate(rows) if row.person_id in erased}


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
