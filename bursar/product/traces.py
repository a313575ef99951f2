"""What leads to a person: by which of their ids, addresses and names others speak of them."""

from __future__ import annotations

from dataclasses import dataclass

from bursar.access.models import User
from bursar.staff.models import StaffMember
from bursar.tenants.models import Person


@dataclass(frozen=True)
class Traces:
    """What leads to a person: their public ids under every hat, their addresses in small letters, and what they are
    called.
    """

    person: Person
    references: list[str]
    emails: list[str]
    names: list[str]

    @property
    def words(self) -> list[str]:
        return [word for word in dict.fromkeys([*self.names, *self.emails]) if word.strip()]


def trace(person: Person) -> Traces:
    user: User | None = person.user
    references, emails, names = [person.public_id], [person.email], [person.name]
    if user is not None:
        references += [user.public_id, *StaffMember.objects.filter(user=user).values_list("public_id", flat=True)]
        emails, names = [*emails, user.email], [*names, user.name]
    return Traces(person, references, sorted({email.lower() for email in emails if email}), names)
