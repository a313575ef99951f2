"""What every export shares: a CSV written once into a file of the database, counted and hashed as it goes."""

from __future__ import annotations

import csv
import gc
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter

from bursar.access.actor import Actor
from bursar.access.rights import Right
from bursar.files import store
from bursar.files.kinds import is_makers, kind
from bursar.files.models import File

LINK_LIVES = timedelta(hours=24)
RUNNABLE = frozenset("=+-@\t\r")
_FIRST = itemgetter(slice(0, 1))


def _may_fetch(actor: Actor, file: File) -> bool:
    """Whoever asked for it, while they may still read what is in it."""
    return is_makers(actor, file) and actor.can(Right.READ)


EXPORT = kind("export", _may_fetch, LINK_LIVES)


@dataclass(frozen=True)
class Written:
    file: store.Written
    rows: int

    @property
    def sha256(self) -> str:
        return self.file.sha256


def neutral(cell: str) -> str:
    """The cell as text that a spreadsheet shows and never runs. No figure of ours starts with a sign."""
    return f"'{cell}" if cell[:1] in RUNNABLE else cell


def _neutral_row(row: list[str]) -> list[str]:
    """Nearly every row has nothing to neutralise, and a million of them are looked at in C."""
    return row if RUNNABLE.isdisjoint(map(_FIRST, row)) else [neutral(cell) for cell in row]


def write(columns: Sequence[str], batches: Iterable[list[list[str]]]) -> Written:
    """The header, then batch by batch; memory stays flat. Every cell is neutralised here. `rows` is without header."""
    count = 0
    with store.writing(EXPORT, "text/csv; charset=utf-8") as file, _collector_at_rest():
        file.write(_as_text([list(columns)]))
        for rows in batches:
            file.write(_as_text([_neutral_row(row) for row in rows]))
            count += len(rows)
    return Written(file.written, count)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Rows hold no cycles; all that a large process keeps would be walked again and again while they are made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _as_text(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
