"""What rooms above say and do when an account becomes managed, or self-serve again. Each registers its part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.core.registry import Registry
from bursar.plans.states import Mode


def _nothing(account: Any, now: datetime) -> None:
    """What most rooms end."""


@dataclass(frozen=True)
class Turn:
    """`foresee`: sentences for the dialog, by the mode that the account would have. `leave`: what of self-serve ends
    when the account becomes managed, at whatever door; under its lock, in the transaction.
    """

    foresee: Callable[[Any, Mode, datetime], list[str]]
    leave: Callable[[Any, datetime], None] = _nothing


TURNS: Registry[Turn] = Registry("part of a change of mode")


def foresee(account: Any, to: Mode, now: datetime) -> list[str]:
    return [sentence for turn in TURNS.values() for sentence in turn.foresee(account, to, now)]


def leave_self_serve(account: Any, now: datetime) -> None:
    for turn in TURNS.values():
        turn.leave(account, now)
