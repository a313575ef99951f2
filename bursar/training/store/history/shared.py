"""What a file may not overrule, and whose an address is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bursar.audit.models import AuditLine
from bursar.tenants.models import Organisation, Person
from bursar.training.queries.rosters import find_by_address


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


def find_owners(asked: Iterable[tuple[int, str]], now: datetime) -> dict[tuple[int, str], Person]:
    """Whose each address is, before the organisation that sent them: by (its key, the address in small letters)."""
    by_organisation: dict[int, set[str]] = {}
    for organisation_id, email in asked:
        by_organisation.setdefault(organisation_id, set()).add(email)
    rows = Organisation.objects.in_bulk(by_organisation)
    return {
        (pk, email): person
        for pk, emails in by_organisation.items()
        for email, person in find_by_address(emails, rows[pk], now).items()
    }
