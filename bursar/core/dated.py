"""Effective-dated state: rows that hold from `valid_from` until `valid_until` (open: null), never overlapping.

“What did this look like in March” is a query, and nothing is overwritten.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self, TypeVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value


class DatedQuerySet(models.QuerySet["D"]):
    def at(self, instant: datetime) -> Self:
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=instant), valid_from__lte=instant)

    def newest_first(self) -> Self:
        return self.order_by("-valid_from")


class Dated(models.Model):
    """Holds in [valid_from, valid_until)."""

    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_live(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


D = TypeVar("D", bound=models.Model)


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
    """Makes `values` hold for `subject` from `at` on; None: nothing holds. Returns the new row.

    The row live at `at` is closed there; one that began in that very instant is replaced (DESIGN 4).
    Rows that would begin later are dropped: what is said now rules. The caller holds the account's lock.
    """
    rows = model._default_manager.filter(**subject)
    rows.filter(valid_from__gte=at).delete()
    rows.filter(Q(valid_until=None) | Q(valid_until__gt=at)).update(valid_until=at)
    if values is None:
        return None
    return model._default_manager.create(**subject, **{"valid_from": at, "valid_until": None, **values})
