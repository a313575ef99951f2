"""Thresholds in the story of whose they are: when four fifths of a cap were counted, and when all of it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.urls import reverse

from bursar.core.hours import cap_hours
from bursar.plans.models import Tier
from bursar.tenants.story import list_workspace_ids
from bursar.ui.story import Ask, Bound, Entry, Kind, Source
from bursar.usage.rules import APPROACHING, CapState, calc_cap_state

# A workspace counts from one reset to the next, on each tier by itself, against the cap that the catalogue had then.
# `total` is of all events up to an instant, those of the same instant with it. A run is read in the order of its index
# and no further than to its mark, and the second goes on where the first ended: so the cap is looked up for each event,
# since a join would sort them all first. What counts now is in the meters: where they are below the lowest mark that
# the tier ever had, no event is read at all.
_RUN = """
SELECT run.* FROM (
    SELECT e.at, c.cap, c.effect, {before} + SUM(e.seconds) OVER (ORDER BY e.at) AS total
    FROM usage_usageevent e, LATERAL (
        SELECT (cap_hours * 3600)::bigint AS cap, cap_effect AS effect FROM plans_tierterms WHERE tier = t.tier
        AND cap_hours IS NOT NULL AND valid_from <= e.at AND (valid_until IS NULL OR valid_until > e.at) LIMIT 1
    ) c WHERE e.workspace_id = p.workspace_id AND e.tier = t.tier AND e.at > {after} AND e.at <= p.until ORDER BY e.at
) run WHERE run.total * {of} >= run.cap * {share} LIMIT 1
"""
_NEAR = _RUN.format(before="0", after="p.start", share=APPROACHING.numerator, of=APPROACHING.denominator)
_WHOLE = _RUN.format(before="near.total", after="near.at", share=1, of=1)
_CROSSINGS = f"""
WITH stretches AS (
    SELECT w.id AS workspace_id, '-infinity'::timestamptz AS start FROM unnest(%(workspaces)s::bigint[]) AS w(id)
    UNION ALL SELECT workspace_id, at FROM usage_usagereset WHERE workspace_id = ANY(%(workspaces)s)
), periods AS (
    SELECT workspace_id, start, LEAD(start, 1, 'infinity') OVER (PARTITION BY workspace_id ORDER BY start) AS until
    FROM stretches
), capped AS (
    SELECT tier, MIN(cap_hours * 3600) * {APPROACHING.numerator} / {APPROACHING.denominator} AS lowest
    FROM plans_tierterms WHERE cap_hours IS NOT NULL GROUP BY tier
)
SELECT w.id, w.public_id, w.name, t.tier, near.*, whole.* FROM periods p
JOIN tenants_workspace w ON w.id = p.workspace_id CROSS JOIN capped t
LEFT JOIN usage_meter m ON m.workspace_id = p.workspace_id AND m.tier = t.tier AND p.until = 'infinity'
CROSS JOIN LATERAL ({_NEAR}) near
LEFT JOIN LATERAL (
    SELECT near.* WHERE near.total >= near.cap
    UNION ALL SELECT * FROM ({_WHOLE}) later WHERE near.total < near.cap
) whole ON true
WHERE p.until < 'infinity' OR m.seconds >= t.lowest
"""


class Mark(NamedTuple):
    """An event that took a workspace's counted seconds past one of the two marks. `workspace`: its name."""

    at: datetime
    key: int
    workspace_id: str
    workspace: str
    tier: str
    cap: int
    state: CapState


def _crossed(ask: Ask, bound: Bound) -> Iterator[Entry]:
    """In two statements. It is worked out from what was recorded: nothing is kept that could come to differ.

    Where one event goes past both marks, the second alone is told.
    """
    target = ask.look.target
    for mark in bound.cut_list(_list_marks(list_workspace_ids(target))):
        says = "All of the cap" if mark.state.is_full else f"{mark.state.share} % of the cap"
        yield Entry(
            mark.at,
            mark.key,
            f"{says} of {cap_hours(mark.cap)} recorded on {Tier(mark.tier).label}",
            where=mark.workspace if mark.workspace_id != target.public_id else "",
            url=reverse("panel:workspace", args=[mark.workspace_id]),
            state=mark.state.label,
            tone="bad" if mark.state.is_full else "warn",
        )


def _list_marks(workspace_ids: list[int]) -> Iterator[Mark]:
    """However many there are, no more of each is made than what its place needs: a page shows a few."""
    with connection.cursor() as cursor:
        cursor.execute(_CROSSINGS, {"workspaces": workspace_ids})
        rows = cursor.fetchall()
    for pk, public_id, name, tier, *marks in rows:
        near, whole = marks[:4], marks[4:]
        for at, cap, effect, total in (near, whole) if near[0] != whole[0] else (whole,):
            if at is not None:
                state = calc_cap_state(int(total), cap, effect)
                yield Mark(at, 2 * pk + state.is_full, public_id, name, tier, cap, state)


THRESHOLDS = Kind(
    "thresholds",
    "Thresholds",
    "gauge",
    "No cap came near yet.",
    (Source("crossed", _crossed),),
)
