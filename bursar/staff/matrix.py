"""The roles × actions matrix, from the registry and the roles: the page and the reference show the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from bursar.access.rights import Right
from bursar.actions.finding import Keys, find, keys_of
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.spec import Action
from bursar.core.sortkey import sort_key


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

    @property
    def on(self) -> str:
        return TARGETS[self.action.target_slug].label

    @property
    def keys(self) -> Keys:
        """By what it is found: as in the kebab, and by what it acts on and the right that it takes."""
        return keys_of(self.action.title, self.action.code, self.action.formerly, f"{self.on} {self.words}")


def build_matrix(roles: Iterable[HasRights]) -> list[MatrixRow]:
    held = [(role, set(role.rights)) for role in roles]
    rows = []
    for _, action in sorted(ACTIONS.items(), key=lambda item: (item[1].target_slug, item[1].title)):
        right = action.permission.value if action.permission else ""
        words = str(action.permission.label) if action.permission else "everybody, for themselves"
        rows.append(MatrixRow(action, right, words, [(role, not right or right in rights) for role, rights in held]))
    return rows


def group_rows(rows: Iterable[MatrixRow], typed: str) -> list[tuple[str, list[MatrixRow]]]:
    """Those that fit what was typed, by what they act on: the nearest first, of groups and in each."""
    groups: dict[str, list[MatrixRow]] = {}
    for row in find(rows, typed):
        groups.setdefault(row.on, []).append(row)
    return list(groups.items()) if typed else sorted(groups.items(), key=lambda group: sort_key(group[0]))


def list_rights(roles: Iterable[HasRights]) -> list[tuple[HasRights, list[Right]]]:
    """Each role with what it may, in the order in which rights are declared."""
    return [(role, [right for right in Right if right in role.rights]) for role in roles]
