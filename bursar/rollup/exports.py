"""What every export shares: a CSV written once, counted and hashed as it goes, and the link that lives for a day."""

from __future__ import annotations

import csv
import gc
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

from bursar.actions.run import Act
from bursar.actions.spec import Change, Outcome
from bursar.core.ids import public_id
from bursar.rollup.models import Export

LINK_LIVES = timedelta(hours=24)
RUNNABLE = frozenset("=+-@\t\r")
_FIRST = itemgetter(slice(0, 1))


@dataclass(frozen=True)
class Written:
    path: Path
    rows: int
    sha256: str


def neutral(cell: str) -> str:
    """The cell as text that a spreadsheet shows and never runs. No figure of ours starts with a sign."""
    return f"'{cell}" if cell[:1] in RUNNABLE else cell


def folder() -> Path:
    there: Path = settings.BURSAR_VAR / "exports"
    there.mkdir(parents=True, exist_ok=True)
    return there


def _neutral_row(row: list[str]) -> list[str]:
    """Nearly every row has nothing to neutralise, and a million of them are looked at in C."""
    return row if RUNNABLE.isdisjoint(map(_FIRST, row)) else [neutral(cell) for cell in row]


def new_path() -> Path:
    return folder() / f"{public_id('csv')}.csv"


def write(path: Path, columns: Sequence[str], batches: Iterable[list[list[str]]]) -> Written:
    """The header, then batch by batch; memory stays flat. Every cell is neutralised here. `rows` is without header."""
    digest, count = hashlib.sha256(), 0
    with path.open("wb") as file, _collector_at_rest():
        head = _as_text([list(columns)])
        digest.update(head)
        file.write(head)
        for rows in batches:
            data = _as_text([_neutral_row(row) for row in rows])
            digest.update(data)
            file.write(data)
            count += len(rows)
    return Written(path, count, digest.hexdigest())


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


def keep(act: Act, written: Written | None, name: str, query: str) -> Outcome:
    """The outcome of an export's verb: the link, and in the book what was written. None: it was only rehearsed."""
    if written is None:
        return Outcome("A CSV file will be written.")
    made = Export.objects.create(
        user_id=act.actor.user_id or 0,
        file_name=f"bursar-{name}.csv",
        path=str(written.path),
        rows=written.rows,
        sha256=written.sha256,
        created_at=act.now,
        expires_at=act.now + LINK_LIVES,
    )
    changes = [Change("Rows", "", str(written.rows)), Change("SHA-256", "", written.sha256)]
    changes.append(Change("Filters", "", query or "none"))
    found: dict[str, Any] = {"export": made.public_id, "rows": written.rows, "sha256": written.sha256}
    found["path"] = reverse("rollup:download", args=[made.public_id])
    return Outcome(f"{written.rows:,} rows are ready.", changes, data=found)
