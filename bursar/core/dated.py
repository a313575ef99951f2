"""Effective-dated state: rows that hold from `valid_from` until `valid_until` (open: null), never overlapping.

“What did this look like in March” is a query, and nothing is overwritten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import connection, models
from django.db.models import F, Func, Q, Value


class DatedQuerySet(models.QuerySet["D"]):
    def at(self, instant: datetime) -> Self:
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=instant), valid_from__lte=instant)


class Dated(models.Model):
    """Holds in [valid_from, valid_until).

    `stopped_at`: a person or a push ended here what held then, and no history that is imported later goes past it.
    """

    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_live(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


D = TypeVar("D", bound=models.Model)
Subject = tuple[Any, ...]


class _TimestampRange(Func):
    function = "tstzrange"
    output_field = DateTimeRangeField()


class _PointRange(Func):
    """A scalar as a one-point range: GiST has no plain `=` for integers without btree_gist."""

    function = "int8range"


def no_overlap(name: str, *fields: str, condition: Q | None = None) -> ExclusionConstraint:
    """At most one live row at any instant for each combination of `fields` (columns of bigint)."""
    scalars: list[tuple[Any, str]] = [
        (_PointRange(F(field), F(field), Value("[]")), RangeOperators.OVERLAPS) for field in fields
    ]
    span = (_TimestampRange(F("valid_from"), F("valid_until"), Value("[)")), RangeOperators.OVERLAPS)
    return ExclusionConstraint(name=name, expressions=[*scalars, span], condition=condition)


def span_is_positive(name: str) -> models.CheckConstraint:
    """A row that holds for no time at all, or for less, is refused by the database."""
    return models.CheckConstraint(name=name, condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")))


def replace_from(model: type[D], subject: dict[str, Any], at: datetime, values: dict[str, Any] | None) -> D | None:
    """As `replace_all_from`, for one subject. Returns the new row."""
    made = replace_all_from(model, [subject], at, values)
    return made[0] if made else None


def replace_all_from(
    model: type[D], subjects: Sequence[dict[str, Any]], at: datetime, values: dict[str, Any] | None
) -> list[D]:
    """Makes `values` hold for every subject from `at` on; None: nothing holds. Returns the new rows.

    The row live at `at` is closed there; one that began in that very instant is replaced (DESIGN 4).
    Rows that would begin later are dropped: what is said now rules. The caller holds the accounts' locks.
    """
    if values is not None:
        return replace_each_from(model, [(subject, values) for subject in subjects], at)
    _cut(model, subjects, at, "valid_until >= %s", "valid_until = %s, stopped_at = %s")
    return []


def replace_each_from(model: type[D], rows: Sequence[tuple[dict[str, Any], dict[str, Any]]], at: datetime) -> list[D]:
    """As `replace_all_from`, where each subject has values of its own."""
    _cut(model, [subject for subject, _ in rows], at, "valid_until > %s", "valid_until = %s")
    return model._default_manager.bulk_create(
        [model(**subject, **{"valid_from": at, "valid_until": None, **values}) for subject, values in rows]
    )


def _cut(model: type[D], subjects: Sequence[dict[str, Any]], at: datetime, reaches: str, change: str) -> None:
    """Drops what begins at `at` or later and ends there what reaches it; in one statement, as no row is both."""
    if not subjects:
        return
    fields = model._meta.concrete_fields
    columns = {name: str(field.column) for field in fields for name in (field.name, field.attname)}
    whose = " OR ".join(_sql_of({columns[name]: value for name, value in one.items()}) for one in subjects)
    keys = [_key_of(value) for one in subjects for value in one.values() if value is not None]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH dropped AS (DELETE FROM {model._meta.db_table} WHERE ({whose}) AND valid_from >= %s) "
            f"UPDATE {model._meta.db_table} SET {change} "
            f"WHERE ({whose}) AND valid_from < %s AND (valid_until IS NULL OR {reaches})",
            [*keys, at, *[at] * change.count("%s"), *keys, at, at],
        )


def _sql_of(known_by: dict[str, Any]) -> str:
    parts = [f"{name} IS NULL" if value is None else f"{name} = %s" for name, value in known_by.items()]
    return f"({' AND '.join(parts)})"


def _key_of(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


@dataclass(frozen=True)
class Point:
    """History: from `start` on `values` hold for `subject`, until `until` or until the subject's next row."""

    subject: Subject
    start: datetime
    until: datetime | None
    values: dict[str, Any]


def merge_points(model: Any, keys: tuple[str, ...], points: Iterable[Point]) -> dict[Subject, datetime]:
    """Writes history into `model`, whose rows are told apart by `keys`. Returns what changed, and from when on.

    The rows follow from the set of starts, whatever the order in which they came: each holds until its own end, the
    next start, or the instant at which somebody here ended what held (`stopped_at`). What was said here so stays.
    """
    wanted: dict[Subject, dict[datetime, Point]] = defaultdict(dict)
    for point in points:
        wanted[point.subject][point.start] = point
    stored = _stored(model, keys, wanted)
    stale: list[int] = []
    fresh: list[Any] = []
    changed: dict[Subject, datetime] = {}
    for subject, by_start in wanted.items():
        old = {row.valid_from: row for row in stored[subject]}
        for span in _spans(old, by_start):
            row, start = old.get(span["valid_from"]), span["valid_from"]
            if row is not None and all(getattr(row, name) == value for name, value in span.items()):
                continue
            changed[subject] = min(start, changed.get(subject, start))
            stale += [row.pk] if row is not None else []
            fresh.append(model(**{**(_kept(row) if row else {}), **dict(zip(keys, subject, strict=True)), **span}))
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


def _spans(old: dict[datetime, Any], points: dict[datetime, Point]) -> Iterator[dict[str, Any]]:
    """What each row is to hold of its span, and of the points' values."""
    stops = sorted(row.stopped_at for row in old.values() if row.stopped_at)
    starts = sorted({*old, *points})
    edges = sorted({*starts, *stops})
    for place, start in enumerate(starts):
        point, following = points.get(start), starts[place + 1] if place + 1 < len(starts) else None
        own_end = point.until if point else old[start].valid_until
        edge = next((at for at in edges if at > start), None)
        yield {
            **(point.values if point else {}),
            "valid_from": start,
            "valid_until": min((at for at in (own_end, edge) if at is not None), default=None),
            "stopped_at": next((at for at in stops if at > start and (following is None or at <= following)), None),
        }


def _kept(row: Any) -> dict[str, Any]:
    """The columns of a row that is written anew, but for its key."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}
