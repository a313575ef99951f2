"""Organisations that the product pushes, and their ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.product.pushed import OrganisationItem
from bursar.product.upsert.shared import STALE, Result, adopt, find_person, is_stale, report_adopted, say_moved, writes
from bursar.tenants import store
from bursar.tenants.models import Organisation


@writes(OrganisationItem)
def _organisation(item: OrganisationItem, now: datetime) -> Result:
    """All but its end, which `end_organisations` sees to once the whole batch is written."""
    values: dict[str, Any] = {"name": item.name, "country": item.country}
    if "creator" in item.model_fields_set:
        values["creator_id"] = find_person(item.creator).pk if item.creator is not None else None
    is_adopted = adopt(Organisation, item)
    row = Organisation.objects.select_for_update(no_key=True).filter(external_id=item.external_id).first()
    if row is None:
        made = store.organisations.make(item.external_id, values, item.changed_at, now)
        return Result("created", ends={made.pk: now if item.deleted else None})
    if is_stale(row, item):
        return report_adopted(row, STALE) if is_adopted else Result("stale")
    gone = (row.deleted_at or now) if item.deleted else None
    moved = store.organisations.change(row, values, item.changed_at)
    result = report_adopted(row) if is_adopted else Result(say_moved(moved or gone != row.deleted_at))
    result.ends = {row.pk: gone}
    return result


def end_organisations(results: list[Result], now: datetime) -> dict[int, str]:
    """The last word of the batch on each organisation's end. Returns the places that are refused, with the sentence."""
    places = {pk: place for place, result in enumerate(results) for pk in result.ends}
    ends = {pk: results[place].ends[pk] for pk, place in places.items()}
    refused = store.organisations.end(ends, now, pushed=True) if ends else {}
    return {places[pk]: sentence for pk, sentence in refused.items()}
