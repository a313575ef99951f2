"""The pen of resets; events, months and meters are written by `ingest`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bursar.access.actor import Actor
from bursar.core.naming import ERASED
from bursar.tenants import rules
from bursar.tenants.models import Workspace
from bursar.tenants.store import Written
from bursar.tenants.store.upsert import upsert
from bursar.usage.ingest import count_anew
from bursar.usage.models import UsageReset


def reset(workspaces: Sequence[Workspace], by: Actor, reason: str, now: datetime) -> None:
    """Counting starts anew: what is dated after `now` counts, and nothing else.

    Hold the batches alone, so that none in flight counts what was used before.
    """
    UsageReset.objects.bulk_create(
        [
            UsageReset(workspace=workspace, at=now, by_ref=by.id, by_name=by.name, reason=reason)
            for workspace in workspaces
        ]
    )
    count_anew([workspace.pk for workspace in workspaces], now, now)


def take_history_of_resets(rows: Sequence[UsageReset]) -> Written:
    """By workspace and instant. Who was erased stays so: a line that names them again is refused."""
    erased = UsageReset.objects.filter(workspace_id__in={row.workspace_id for row in rows}, by_name=ERASED)
    places = set(erased.values_list("workspace_id", "at"))
    refused = {
        place: rules.NOT_ERASED
        for place, row in enumerate(rows)
        if (row.workspace_id, row.at) in places and row.by_name != ERASED
    }
    good = [row for place, row in enumerate(rows) if place not in refused]
    changed = upsert(UsageReset, good, ["workspace_id", "at"], ["by_name", "reason"])
    return Written(recount={row.workspace_id for row in changed}, refused=refused)


def forget_names(references: Collection[str]) -> None:
    """Of whoever made them; the resets stay."""
    UsageReset.objects.filter(by_ref__in=references).update(by_name=ERASED)


def reword(pk: int, **words: str) -> None:
    """Another `by_name` or `reason`, for a person who was erased."""
    UsageReset.objects.filter(pk=pk).update(**words)
