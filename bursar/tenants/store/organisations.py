"""Organisations: made, changed, marked as partners, ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from bursar.core.sortkey import sort_key
from bursar.tenants import rules
from bursar.tenants.models import Organisation, Workspace
from bursar.tenants.store.accounts import relabel
from bursar.tenants.store.upsert import upsert

TOLD = ("name", "country", "creator_id")


def take_history(rows: Iterable[Organisation]) -> None:
    """What files say, the last about each. What the product pushed, and what staff said of partners, stays.

    An end is no part of it: `end` looks at the workspaces first.
    """
    last = {row.external_id: row for row in rows}
    for known in Organisation.objects.filter(external_id__in=last):
        row = last[known.external_id]
        if known.partner_set_at is not None:
            row.is_partner = known.is_partner
        if known.changed_at is not None:
            for name in TOLD:
                setattr(row, name, getattr(known, name))
    for row in last.values():
        row.sort_key = sort_key(row.name)
    fields = ["name", "sort_key", "country", "is_partner", "creator_id", "created_at"]
    upsert(Organisation, last.values(), ["external_id"], fields)
    relabel(Q(organisation__external_id__in=last))


def make(external_id: str, values: dict[str, Any], changed_at: datetime, now: datetime) -> Organisation:
    made = Organisation(external_id=external_id, created_at=now, changed_at=changed_at, **values)
    made.save()
    return made


def change(row: Organisation, values: dict[str, Any], changed_at: datetime) -> bool:
    """What the product says of it now. True when anything moved."""
    moved = [name for name, value in values.items() if getattr(row, name) != value]
    for name in moved:
        setattr(row, name, values[name])
    row.changed_at = changed_at
    row.save()
    if "name" in moved:
        relabel(Q(organisation=row))
    return bool(moved)


def set_partner(organisation: Organisation, is_partner: bool, now: datetime) -> None:
    organisation.is_partner, organisation.partner_set_at = is_partner, now
    organisation.save(update_fields=["is_partner", "partner_set_at"])


def _was_pushed_since(row: Organisation, at: datetime | None) -> bool:
    return row.changed_at is not None and (at is None or at <= row.changed_at)


def end(ends: Mapping[int, datetime | None], now: datetime, *, pushed: bool) -> dict[int, str]:
    """When each organisation ended; None: it has not. Returns who may not, with the sentence.

    Call it when all that a file or a batch says of workspaces is written. A file does not undo what was pushed.
    """
    living: dict[int, list[str]] = {}
    rows = Organisation.objects.in_bulk([*ends])
    bound = Workspace.objects.filter(organisation_id__in=[pk for pk, at in ends.items() if at is not None])
    for pk, name, gone in bound.order_by("sort_key", "id").values_list("organisation_id", "name", "deleted_at"):
        at = ends[pk]
        if at is not None and (gone is None or gone > max(at, now)):
            living.setdefault(pk, []).append(name)
    refused = {pk: rules.why_not_end(rows[pk].name, names) for pk, names in living.items()}
    moved = []
    for pk, at in ends.items():
        row = rows[pk]
        if pk in refused or row.deleted_at == at or (not pushed and _was_pushed_since(row, at)):
            continue
        row.deleted_at = at
        moved.append(row)
    Organisation.objects.bulk_update(moved, ["deleted_at"], batch_size=1000)
    return refused
