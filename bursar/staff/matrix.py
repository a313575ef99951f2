"""The roles × actions matrix, from the registry and the roles: the page and the reference show the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Action
from bursar.staff.models import Role


@dataclass(frozen=True)
class MatrixRow:
    """`cells`: whether each role may, in the order of the roles."""

    action: Action
    right: str
    cells: list[bool]


def build_matrix(roles: Iterable[Role]) -> list[MatrixRow]:
    held = [set(role.rights) for role in roles]
    rows = []
    for _, action in sorted(ACTIONS.items(), key=lambda item: (item[1].target_slug, item[1].title)):
        right = action.permission.value if action.permission else ""
        rows.append(MatrixRow(action, right, [not right or right in rights for rights in held]))
    return rows
