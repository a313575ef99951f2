"""What rooms above tell of the book: which of their actions blank names in it, and where they refer to its lines."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.db.models import QuerySet

from bursar.core.registry import Registry

OldIds = Callable[[str], Collection[str]]

ERASURES: Registry[OldIds] = Registry("erasure")
"""By the action's key. A name may be blank where a later line of such an action touches the name's reference.

Erase lines before format 3 touched the person alone, though their sign-in's and colleague's names went too: for them
the function gives the ids that an erased reference belonged to.
"""

REFERENCES: Registry[Callable[[], QuerySet[Any]]] = Registry("reference to lines")
"""Rows that name a line by its public id, annotated with it as `book_line`. Foreign keys are found without it."""


def erases(key: str) -> Callable[[OldIds], OldIds]:
    """Registers an action that blanks names: `(reference) -> public ids`, for its lines of before format 3."""

    def register(function: OldIds) -> OldIds:
        return ERASURES.add(key, function)

    return register


def refers_to_lines(what: str, rows: Callable[[], QuerySet[Any]]) -> None:
    """what: the rows in words, plural: “offers to undo”."""
    REFERENCES.add(what, rows)
