"""Needs that rooms above know of, of targets that no at-risk list has: taken, rested and noted like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.core.registry import Registry


@dataclass(frozen=True)
class Need:
    """Why a target needs a human: its strongest reason, and since when; None: nobody can say."""

    reason: str
    since: datetime | None


Find = Callable[[Any, datetime], Need | None]
"""Of one target, resting or not; None where nothing asks for attention there."""

NEEDS: Registry[Find] = Registry("need of a room above")
"""By the target's slug."""
