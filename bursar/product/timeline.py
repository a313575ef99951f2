"""Merging imported points into dated rows: the same points again change nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Subject = tuple[Any, ...]


@dataclass(frozen=True)
class Point:
    """From `start` on `values` hold for `subject`: until `until`, or until the subject's next point."""

    subject: Subject
    start: datetime
    until: datetime | None
    values: dict[str, Any]


def merge(model: Any, keys: tuple[str, ...], points: Iterable[Point]) -> set[Subject]:
    """Writes the points into `model`, whose rows are told apart by `keys`. Returns the subjects that changed."""
    wanted: dict[Subject, dict[datetime, Point]] = defaultdict(dict)
    for point in points:
        wanted[point.subject][point.start] = point
    stored = _stored(model, keys, wanted)
    stale: list[int] = []
    fresh: list[Any] = []
    changed: set[Subject] = set()
    for subject, by_start in wanted.items():
        spans = _spans(stored[subject], by_start)
        old = {row.valid_from: row for row in stored[subject]}
        for start, (end, values) in spans.items():
            row = old.get(start)
            if row is not None and row.valid_until == end and all(getattr(row, k) == v for k, v in values.items()):
                continue
            changed.add(subject)
            kept = {"public_id": row.public_id} if row is not None and hasattr(row, "public_id") else {}
            stale += [row.pk] if row is not None else []
            whole = {**dict(zip(keys, subject, strict=True)), **values, **kept}
            fresh.append(model(valid_from=start, valid_until=end, **whole))
    model.objects.filter(pk__in=stale).delete()
    model.objects.bulk_create(fresh, batch_size=1000)
    return changed


def _stored(model: Any, keys: tuple[str, ...], wanted: dict[Subject, Any]) -> dict[Subject, list[Any]]:
    found: dict[Subject, list[Any]] = defaultdict(list)
    first = {subject[0] for subject in wanted if subject[0] is not None}
    second = {subject[1] for subject in wanted if len(subject) > 1 and subject[0] is None}
    rows = list(model.objects.filter(**{f"{keys[0]}__in": first})) if first else []
    rows += list(model.objects.filter(**{f"{keys[1]}__in": second})) if second else []
    for row in rows:
        subject = tuple(getattr(row, key) for key in keys)
        if subject in wanted:
            found[subject].append(row)
    return found


def _spans(rows: list[Any], points: dict[datetime, Point]) -> dict[datetime, tuple[datetime | None, dict[str, Any]]]:
    """Every start with its end and values, ends cut at the next start. Rows without a new point keep their values."""
    ends: dict[datetime, datetime | None] = {row.valid_from: row.valid_until for row in rows}
    ends |= {start: point.until for start, point in points.items()}
    starts = sorted(ends)
    spans: dict[datetime, tuple[datetime | None, dict[str, Any]]] = {}
    for place, start in enumerate(starts):
        following = starts[place + 1] if place + 1 < len(starts) else None
        end = min((at for at in (ends[start], following) if at is not None), default=None)
        spans[start] = (end, points[start].values if start in points else {})
    kept = {row.valid_from: row for row in rows}
    for start, (end, values) in spans.items():
        if not values and start in kept:
            spans[start] = (end, _values(kept[start]))
    return spans


def _values(row: Any) -> dict[str, Any]:
    skipped = {"id", "valid_from", "valid_until", "public_id"}
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in skipped
    }
