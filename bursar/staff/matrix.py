"""The roles × actions matrix, from the registry and the roles: the page and the reference show the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from bursar.access.rights import Right
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Action


class HasRights(Protocol):
    """A role: a row, or one as it ships."""

    @property
    def name(self) -> str: ...
    @property
    def rights(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class ShippedRole:
    slug: str
    name: str
    rights: Sequence[str]


def list_shipped_roles() -> list[ShippedRole]:
    """The roles as a new installation has them, without a database: the migration that adds them is the one place."""
    shipped = import_module("bursar.staff.migrations.0002_shipped_roles").ROLES
    return [ShippedRole(slug, name, rights) for slug, name, rights in shipped]


@dataclass(frozen=True)
class MatrixRow:
    """`right`: its code. `words`: what it says. `cells`: each role, in their order, and whether it may."""

    action: Action
    right: str
    words: str
    cells: list[tuple[HasRights, bool]]


def build_matrix(roles: Iterable[HasRights]) -> list[MatrixRow]:
    held = [(role, set(role.rights)) for role in roles]
    rows = []
    for _, action in sorted(ACTIONS.items(), key=lambda item: (item[1].target_slug, item[1].title)):
        right = action.permission.value if action.permission else ""
        words = str(action.permission.label) if action.permission else "everybody, for themselves"
        rows.append(MatrixRow(action, right, words, [(role, not right or right in rights) for role, rights in held]))
    return rows


def list_rights(roles: Iterable[HasRights]) -> list[tuple[HasRights, list[Right]]]:
    """Each role with what it may, in the order in which rights are declared."""
    return [(role, [right for right in Right if right in role.rights]) for role in roles]
