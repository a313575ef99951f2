"""Seals outside the database: a file a day in a folder, never written over, so that write-once storage can hold it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from bursar.audit import rules

_NAME = "bursar-seal-{}.txt"


class CannotKeep(Exception):
    """The folder does not take it; the text is one sentence."""


class IsTaken(CannotKeep):
    """The day has another seal there, which stays."""


def keep(folder: Path, day: date, seal: str) -> Path:
    """Writes the day's file: the seal as it was printed, and nothing else. Again with the same seal it does nothing.

    Raises IsTaken, or CannotKeep: a folder is never made, since it may be a mount that is away.
    """
    path = folder / _NAME.format(day.isoformat())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    except FileExistsError:
        if _read(path) != seal:
            raise IsTaken(f"{path} is there already, with another seal. It stays.") from None
        return path
    except OSError as error:
        raise CannotKeep(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(handle, "w") as file:
        file.write(f"{seal}\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def list_kept(folder: Path) -> Iterator[rules.Kept]:
    """All that is there, oldest first. Raises CannotKeep for a folder or file that cannot be read, or holds no seal."""
    if not folder.is_dir():
        raise CannotKeep(f"{folder} cannot be read: no seal that was kept there is compared.")
    for path in sorted(folder.glob(_NAME.format("*"))):
        try:
            yield rules.read_seal(_read(path), f"kept in {path}")
        except ValueError as error:
            raise CannotKeep(f"{path} holds no seal: it was changed, or the disk was full.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").removesuffix("\n")
    except OSError as error:
        raise CannotKeep(f"{path} cannot be read: {error.strerror}.") from error
