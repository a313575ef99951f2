"""Rows by their natural key, as files tell them: the last one about a thing rules, and public ids stay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def upsert(model: Any, rows: Iterable[Any], unique: list[str], fields: list[str]) -> list[Any]:
    """`unique` and `fields` are attributes. Returns the rows that are new, or other than what is stored."""
    last = {_values(row, unique): row for row in rows}
    stored = model.objects.filter(**{f"{name}__in": {getattr(row, name) for row in last.values()} for name in unique})
    known = {_values(row, unique): row for row in stored}
    changed = [row for key, row in last.items() if key not in known or _differ(known[key], row, fields)]
    names = {field.attname: field.name for field in model._meta.concrete_fields}
    model.objects.bulk_create(
        changed,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=[names[name] for name in unique],
        update_fields=[names[name] for name in fields],
    )
    return changed


def _values(row: Any, names: list[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _differ(one: Any, other: Any, names: list[str]) -> bool:
    return _values(one, names) != _values(other, names)
