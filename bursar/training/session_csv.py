"""Sessions as a file: one row each."""

from __future__ import annotations

from bursar.access.actor import Actor
from bursar.core.money import plain
from bursar.files import csv
from bursar.files.csv import Layout, Written
from bursar.training.filters import View
from bursar.training.models import TrainingSession
from bursar.training.queries.listing import find, in_order
from bursar.training.queries.sessions import estimate

COLUMNS = (
    "organisation", "training", "mode", "state", "starts_at", "minutes", "held_on", "trainer", "place", "link",
    "participants", "announced", "estimate", "invoice", "requested_at", "organisation_id", "training_id", "session_id",
)  # fmt: skip
AT_ONCE = 500


def write(view: View, actor: Actor, layout: Layout) -> Written:
    """All rows as filtered and sorted; memory stays flat."""
    found = in_order(find(view, actor), view).iterator(chunk_size=AT_ONCE)
    return csv.write(COLUMNS, ([_row(one)] for one in found), layout)


def _row(one: TrainingSession) -> list[str]:
    on_roster: int = one.on_roster  # type: ignore[attr-defined]  # annotated
    return [
        one.organisation.name, one.training.title, one.mode, one.state,
        one.starts_at.isoformat() if one.starts_at else "", str(one.minutes or ""),
        one.held_on.isoformat() if one.held_on else "", str(one.trainer or ""), one.place, one.link, str(on_roster),
        str(one.participants or ""), plain(estimate(one, on_roster)), one.invoice.number if one.invoice else "",
        one.requested_at.isoformat(), one.organisation.external_id, one.training.public_id, one.public_id,
    ]  # fmt: skip
