"""What rooms above say and do when a workspace is handed off to its client. Each registers its part (DOMAIN 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bursar.actions.run import Act
from bursar.core.registry import Registry
from bursar.tenants.models import Workspace

Say = Callable[[Workspace, datetime], list[str]]


def _say_nothing(workspace: Workspace, now: datetime) -> list[str]:
    return []


def _do_nothing(act: Act, workspace: Workspace) -> None:
    """What most rooms have to do: what hangs on the workspace goes along with it."""


@dataclass(frozen=True)
class Part:
    """`stop`: a sentence for each thing that has to be settled before. `foresee`: what ends, stays or goes along.
    `follow`: what is done in the same transaction, once the workspace is the client's.
    """

    stop: Say = _say_nothing
    foresee: Say = _say_nothing
    follow: Callable[[Act, Workspace], None] = _do_nothing


PARTS: Registry[Part] = Registry("part of a handoff")


def list_stops(workspace: Workspace, now: datetime) -> list[str]:
    return [sentence for part in PARTS.values() for sentence in part.stop(workspace, now)]


def foresee(workspace: Workspace, now: datetime) -> list[str]:
    return [sentence for part in PARTS.values() for sentence in part.foresee(workspace, now)]


def follow(act: Act, workspace: Workspace) -> None:
    for part in PARTS.values():
        part.follow(act, workspace)
