"""What one line of a file says of a thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Told(Generic[R]):
    """`said`: the attributes that the line itself gives; the others of `row` hold what is meant otherwise."""

    row: R
    said: frozenset[str]

    def otherwise(self, stored: Any, names: Iterable[str]) -> list[str]:
        """Those of `names` that the line says other than they are stored."""
        return [name for name in names if name in self.said and getattr(self.row, name) != getattr(stored, name)]
