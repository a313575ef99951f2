"""What differs, and whose an address is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bursar.tenants.models import Organisation, Person
from bursar.training.queries.rosters import find_by_address


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
