"""What files belong to: a closed registry. Rooms above declare their kinds, and who may fetch such a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bursar.access.actor import Actor
from bursar.access.rights import Right
from bursar.core.registry import Registry
from bursar.files.models import File


@dataclass(frozen=True)
class Upload:
    """Who may send such a file up, how large it may be in bytes, and which ends its name may have (“.csv”).

    `then`: the address that goes on with it: the dialog of the action that takes the file's id.
    """

    right: Right
    most: int
    suffixes: tuple[str, ...]
    media_type: str
    then: Callable[[File], str]


@dataclass(frozen=True)
class Kind:
    """`may_fetch` is asked at each fetch. `lives`: how long after it was begun; None: for good, and in the backup."""

    name: str
    may_fetch: Callable[[Actor, File], bool]
    lives: timedelta | None
    upload: Upload | None = None


KINDS: Registry[Kind] = Registry("kind of file")


def kind(
    name: str, may_fetch: Callable[[Actor, File], bool], lives: timedelta | None, upload: Upload | None = None
) -> Kind:
    """Declares what files may belong to; at start-up only, each name once."""
    return KINDS.add(name, Kind(name, may_fetch, lives, upload))


def is_makers(actor: Actor, file: File) -> bool:
    """For what is one person's own: whoever asked for it or sent it up, and nobody else."""
    return actor.user_id is not None and actor.user_id == file.made_by_id
