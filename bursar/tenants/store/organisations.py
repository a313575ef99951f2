"""Organisations: made, changed, marked as partners, ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from bursar.core.sortkey import sort_key
from bursar.tenants import rules
from bursar.tenants.models import Organisation, Workspace
from bursar.tenants.store.accounts import relabel
from bursar.tenants.store.told import Told
from bursar.tenants.store.upsert import upsert

TOLD = ("name", "country", "creator_id")


def take_history(lines: Sequence[Told[Organisation]]) -> dict[int, str]:
    """What files say, the last about each. Returns the places that are refused, with the sentence.

    What the product pushed, and what staff said of partners, stays: a line that says otherwise is refused. One that
    ends an organisation which stands is only looked at: `end_history` writes it, once the whole file is written.
    """
    known = {row.external_id: row for row in _named_in(lines)}
    refused: dict[int, str] = {}
    last: dict[str, Organisation] = {}
    for place, line in enumerate(lines):
        name = line.row.external_id
        why = _why_not_correct(line, known[name]) if name in known else None
        if why is not None:
            refused[place] = why
        elif line.row.deleted_at is None or (name not in known and name not in last):
            last[name] = line.row
    _write(last.values(), known)
    return refused


def end_history(lines: Sequence[Told[Organisation]], now: datetime) -> dict[int, str]:
    """The last line about each that ends or is ended, after the whole file: all of it is written, or nothing."""
    known = {row.external_id: row for row in _named_in(lines)}
    places = {known[line.row.external_id].pk: place for place, line in enumerate(lines)}
    ends = {pk: lines[place].row.deleted_at for pk, place in places.items()}
    refused = {places[pk]: sentence for pk, sentence in end(ends, now, pushed=False).items()}
    _write([line.row for place, line in enumerate(lines) if place not in refused], known)
    return refused


def _named_in(lines: Sequence[Told[Organisation]]) -> QuerySet[Organisation]:
    return Organisation.objects.filter(external_id__in={line.row.external_id for line in lines})


def _why_not_correct(line: Told[Organisation], stands: Organisation) -> str | None:
    if stands.partner_set_at is not None and line.otherwise(stands, ["is_partner"]):
        return rules.PARTNER_IS_SAID
    if stands.changed_at is None:
        return None
    return rules.why_not_overrule(line.otherwise(stands, TOLD)) or _why_not_gone(stands, line.row.deleted_at)


def _why_not_gone(stands: Organisation, at: datetime | None) -> str | None:
    is_later = at is not None and stands.changed_at is not None and at > stands.changed_at
    return None if is_later else rules.why_not_gone(at, stands.changed_at, stands.deleted_at)


def _write(rows: Collection[Organisation], known: Mapping[str, Organisation]) -> None:
    """Everything but ends."""
    for row in rows:
        stands = known.get(row.external_id)
        if stands is not None and stands.partner_set_at is not None:
            row.is_partner = stands.is_partner
        if stands is not None and stands.changed_at is not None:
            for name in TOLD:
                setattr(row, name, getattr(stands, name))
        row.sort_key, row.deleted_at = sort_key(row.name), None
    fields = ["name", "sort_key", "country", "is_partner", "creator_id", "created_at"]
    upsert(Organisation, rows, ["external_id"], fields)
    relabel(Q(organisation__external_id__in=[row.external_id for row in rows]))


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


def end(ends: Mapping[int, datetime | None], now: datetime, *, pushed: bool) -> dict[int, str]:
    """When each organisation ended; None: it has not. Returns who may not, with the sentence.

    Call it when all that a file or a batch says of workspaces is written. A file does not undo what was pushed: an end
    that it no longer tells stays then.
    """
    living: dict[int, list[str]] = {}
    rows = Organisation.objects.in_bulk([*ends])
    bound = Workspace.objects.filter(organisation_id__in=[pk for pk, at in ends.items() if at is not None])
    for pk, name, gone in bound.order_by("sort_key", "id").values_list("organisation_id", "name", "deleted_at"):
        at = ends[pk]
        if at is not None and (gone is None or gone > max(at, now)):
            living.setdefault(pk, []).append(name)
    refused = {pk: rules.why_not_end(rows[pk].name, names) for pk, names in living.items()}
    if not pushed:
        refused |= {pk: why for pk, at in ends.items() if (why := _why_not_gone(rows[pk], at))}
    moved = []
    for pk, at in ends.items():
        row = rows[pk]
        stays = not pushed and at is None and row.changed_at is not None
        if pk in refused or row.deleted_at == at or stays:
            continue
        row.deleted_at = at
        moved.append(row)
    Organisation.objects.bulk_update(moved, ["deleted_at"], batch_size=1000)
    return refused
