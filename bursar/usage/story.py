"""Thresholds in the story of whose they are: when four fifths of a cap were counted, and when all of it was."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.urls import reverse

from bursar.core.hours import cap_hours
from bursar.plans.models import Tier
from bursar.tenants.models import Workspace
from bursar.tenants.story import list_workspaces
from bursar.ui.story import Ask, Bound, Entry, Kind, Source
from bursar.usage.rules import APPROACHING, calc_cap_state

# A workspace counts from one reset to the next, on each tier by itself, against the cap that the catalogue had then.
# `total` is of all events up to an instant, those of the same instant with it.
_CROSSINGS = """
WITH stretches AS (
    SELECT w.id AS workspace_id, '-infinity'::timestamptz AS start FROM unnest(%(workspaces)s::bigint[]) AS w(id)
    UNION ALL SELECT workspace_id, at FROM usage_usagereset WHERE workspace_id = ANY(%(workspaces)s)
), periods AS (
    SELECT workspace_id, start, LEAD(start, 1, 'infinity') OVER (PARTITION BY workspace_id ORDER BY start) AS until
    FROM stretches
), run AS (
    SELECT p.workspace_id, p.start, e.tier, e.at, (c.cap_hours * 3600)::bigint AS cap, c.cap_effect AS effect,
        SUM(e.seconds) OVER (PARTITION BY p.workspace_id, p.start, e.tier ORDER BY e.at) AS total
    FROM periods p
    JOIN usage_usageevent e ON e.workspace_id = p.workspace_id AND e.at > p.start AND e.at <= p.until
    JOIN plans_tierterms c ON c.tier = e.tier AND c.cap_hours IS NOT NULL
        AND c.valid_from <= e.at AND (c.valid_until IS NULL OR c.valid_until > e.at)
), marks AS (
    SELECT DISTINCT ON (workspace_id, start, tier, total >= cap) workspace_id, tier, at, cap, effect, total
    FROM run WHERE total * %(of)s >= cap * %(share)s
    ORDER BY workspace_id, start, tier, total >= cap, at
)
SELECT workspace_id, tier, at, cap, effect, total FROM marks
"""


def _crossed(ask: Ask, bound: Bound) -> list[Entry]:
    """In two statements. It is worked out from what was recorded: nothing is kept of it that could come to differ."""
    workspaces = list_workspaces(ask.look.target)
    return bound.cut_list(_tell(workspaces, ask) if workspaces else ())


def _tell(workspaces: dict[int, Workspace], ask: Ask) -> Iterator[Entry]:
    asked = {"workspaces": list(workspaces), "share": APPROACHING.numerator, "of": APPROACHING.denominator}
    with connection.cursor() as cursor:
        cursor.execute(_CROSSINGS, asked)
        rows = cursor.fetchall()
    for workspace_id, tier, at, cap, effect, total in rows:
        workspace, state = workspaces[workspace_id], calc_cap_state(int(total), cap, effect)
        says = "All of the cap" if state.is_full else f"{state.share} % of the cap"
        yield Entry(
            at,
            2 * workspace_id + state.is_full,
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
