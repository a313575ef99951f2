"""Thresholds in the story of whose they are: when four fifths of a cap were counted, and when all of it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.urls import reverse

from bursar.core.hours import cap_hours
from bursar.plans.models import Tier
from bursar.tenants.models import Workspace
from bursar.tenants.story import list_workspaces
from bursar.ui.story import Ask, Bound, Entry, Kind, Source
from bursar.usage.rules import APPROACHING, calc_cap_state

# A workspace counts from one reset to the next, on each tier by itself, against the cap that the catalogue had then.
# `total` is of all events up to an instant, those of the same instant with it. A run is read in the order of its index
# and no further than to its mark: so the cap is looked up for each event, since a join would sort them all first.
_FIRST = """
SELECT run.* FROM (
    SELECT e.at, c.cap, c.effect, SUM(e.seconds) OVER (ORDER BY e.at) AS total FROM usage_usageevent e, LATERAL (
        SELECT (cap_hours * 3600)::bigint AS cap, cap_effect AS effect FROM plans_tierterms WHERE tier = t.tier
        AND cap_hours IS NOT NULL AND valid_from <= e.at AND (valid_until IS NULL OR valid_until > e.at) LIMIT 1
    ) c WHERE e.workspace_id = p.workspace_id AND e.tier = t.tier AND e.at > p.start AND e.at <= p.until ORDER BY e.at
) run WHERE run.total * {of} >= run.cap * {share} LIMIT 1
"""
_CROSSINGS = f"""
WITH stretches AS (
    SELECT w.id AS workspace_id, '-infinity'::timestamptz AS start FROM unnest(%(workspaces)s::bigint[]) AS w(id)
    UNION ALL SELECT workspace_id, at FROM usage_usagereset WHERE workspace_id = ANY(%(workspaces)s)
), periods AS (
    SELECT workspace_id, start, LEAD(start, 1, 'infinity') OVER (PARTITION BY workspace_id ORDER BY start) AS until
    FROM stretches
)
SELECT p.workspace_id, t.tier, near.*, whole.* FROM periods p
CROSS JOIN (SELECT DISTINCT tier FROM plans_tierterms WHERE cap_hours IS NOT NULL) t
CROSS JOIN LATERAL ({_FIRST.format(share=APPROACHING.numerator, of=APPROACHING.denominator)}) near
LEFT JOIN LATERAL ({_FIRST.format(share=1, of=1)}) whole ON true
"""


def _crossed(ask: Ask, bound: Bound) -> list[Entry]:
    """In two statements. It is worked out from what was recorded: nothing is kept that could come to differ.

    Where one event goes past both marks, the second alone is told.
    """
    workspaces = list_workspaces(ask.look.target)
    return bound.cut_list(_tell(workspaces, ask) if workspaces else ())


def _tell(workspaces: dict[int, Workspace], ask: Ask) -> Iterator[Entry]:
    with connection.cursor() as cursor:
        cursor.execute(_CROSSINGS, {"workspaces": list(workspaces)})
        rows = cursor.fetchall()
    for workspace_id, tier, *marks in rows:
        near, whole = marks[:4], marks[4:]
        for mark in (near, whole) if near[0] != whole[0] else (whole,):
            if mark[0] is not None:
                yield _entry(workspaces[workspace_id], tier, mark, ask)


def _entry(workspace: Workspace, tier: str, mark: list[Any], ask: Ask) -> Entry:
    at, cap, effect, total = mark
    state = calc_cap_state(int(total), cap, effect)
    says = "All of the cap" if state.is_full else f"{state.share} % of the cap"
    return Entry(
        at,
        2 * workspace.pk + state.is_full,
        f"{says} of {cap_hours(cap)} recorded on {Tier(tier).label}",
        where=workspace.name if workspace != ask.look.target else "",
        url=reverse("panel:workspace", args=[workspace.public_id]),
        state=state.label,
        tone="bad" if state.is_full else "warn",
    )


THRESHOLDS = Kind(
    "thresholds",
    "Thresholds",
    "gauge",
    "No cap came near yet.",
    (Source("crossed", _crossed),),
)
