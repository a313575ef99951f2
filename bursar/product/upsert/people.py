"""People that the product pushes, and on how many days they signed in."""

from __future__ import annotations

from datetime import datetime

from bursar.access.models import User
from bursar.product.pushed import LoginItem, PersonItem
from bursar.product.upsert.shared import Result, find_person, is_stale, say_moved, writes
from bursar.tenants import store
from bursar.tenants.models import Person
from bursar.training.store import rosters


@writes(PersonItem)
def _person_item(item: PersonItem, now: datetime) -> Result:
    row = Person.objects.select_for_update(no_key=True).filter(external_id=item.external_id).first()
    values = {"name": item.name, "email": item.email.lower()}
    if row is None:
        store.people.make(item.external_id, values, item.changed_at, now)
        rosters.attach([values["email"]], now)
        return Result("created")
    if row.erased_at is not None:
        return Result("stale", "This person was erased here; what the product says of them is not kept.")
    if row.pushed_at is not None and is_stale(row, item):
        return Result("stale")
    moved = store.people.change(row, values, item.changed_at, now)
    if moved:
        rosters.attach([row.email], now)
    if moved and row.user is not None and not hasattr(row.user, "staff"):
        _follow(row.user, row)
    return Result(say_moved(moved))


def _follow(user: User, person: Person) -> None:
    """A customer signs in under the address that the product knows, unless somebody else has it here."""
    user.name = person.name
    if person.email and not User.objects.filter(email=person.email).exclude(pk=user.pk).exists():
        user.email = person.email
    user.save(update_fields=["name", "email"])


@writes(LoginItem)
def _login(item: LoginItem, now: datetime) -> Result:
    person = find_person(item.person)
    if person.erased_at is not None:
        return Result("stale", "This person was erased here.")
    known = store.logins.raise_to(person, item.day, item.count)
    if known is None:
        return Result("created")
    if item.count == known:
        return Result("unchanged")
    if item.count < known:
        return Result("stale", f"{known} sign-ins are known for that day.")
    return Result("updated")
