"""Discounts, each on one account or on one workspace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bursar.core.calendar import end_of
from bursar.core.dated import Point, merge_points, replace_all_from
from bursar.plans.models import Discount
from bursar.tenants.store import Written
from bursar.tenants.store.workspaces import list_payers

Subjects = Sequence[dict[str, int | None]]  # account_id and workspace_id, one of them None


def set_discounts(subjects: Subjects, now: datetime, values: dict[str, Any]) -> list[Discount]:
    """`values`: kind, percent, end_date (the last day, or None). It replaces what holds."""
    until = end_of(values["end_date"]) if values["end_date"] else None
    return replace_all_from(Discount, subjects, now, {**values, "valid_until": until})


def end_discounts(subjects: Subjects, now: datetime) -> None:
    replace_all_from(Discount, subjects, now, None)


def take_history(points: Iterable[Point]) -> Written:
    """Subjects are (account or None, workspace or None); `until` None: as the last day in the values says."""
    cut = []
    for point in points:
        day = point.values["end_date"]
        ends = [at for at in (point.until, end_of(day) if day else None) if at is not None]
        cut.append(Point(point.subject, point.start, min(ends, default=None), point.values))
    changed = merge_points(Discount, ("account_id", "workspace_id"), cut)
    written = Written()
    payers = list_payers({workspace for _, workspace in changed if workspace is not None})
    for (account, workspace), at in changed.items():
        for concerned in [account] if account is not None else payers[workspace]:
            written.touch(concerned, at)
    return written
