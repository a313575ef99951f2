"""What a file may not overrule, and whose an address is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Count
from django.db.models.functions import Lower

from bursar.audit.models import AuditLine
from bursar.tenants.models import Person


def list_settled(rows: Iterable[Any]) -> set[str]:
    """Public ids of those about which the book has a line: somebody changed them here, or their roster.

    An import has lines about the company alone.
    """
    ids = [row.public_id for row in rows]
    found = AuditLine.objects.filter(touches__overlap=ids).values_list("touches", flat=True) if ids else []
    return {one for touches in found for one in touches} & set(ids)


def why_not_overrule(names: Sequence[str]) -> str | None:
    """`names`: attributes that a file says otherwise than the thing stands since somebody changed it here."""
    if not names:
        return None
    words = ", ".join(name.removesuffix("_id").replace("_", " ") for name in names)
    return f"It was changed here since, and that stays ({words}): say the same, or leave the line out."


def differ(stored: Any, wanted: Any, names: Iterable[str]) -> list[str]:
    """Those of `names` that are not the same in both."""
    return [name for name in names if getattr(stored, name) != getattr(wanted, name)]


def find_owners(emails: Collection[str]) -> dict[str, Person]:
    """Whom an address belongs to, by address in small letters. One that several people have is nobody's."""
    if not emails:
        return {}
    living = Person.objects.annotate(address=Lower("email")).filter(address__in=emails, erased_at=None)
    single = living.values("address").annotate(people=Count("id")).filter(people=1).values("address")
    return {person.email.lower(): person for person in living.filter(address__in=single)}
