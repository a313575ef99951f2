"""What every export shares: a CSV written once into a file of the database, counted and hashed as it goes."""

from __future__ import annotations

import csv
import gc
import io
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, islice
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from bursar.access.actor import Actor
from bursar.access.rights import Right
from bursar.files import store
from bursar.files.kinds import is_makers, kind
from bursar.files.models import File

LINK_LIVES = timedelta(hours=24)
LINES = 5_000
Rows = Sequence[Sequence[str]]
_SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫"  # full-width ones too: some spreadsheets take them for the plain
_BLANK = '["\\s\u200b-\u200f\ufeff]*'
# Where a spreadsheet begins a cell: at the start, and at whatever it takes for a separator. A break of lines alone
# ("\r\n") harms nobody; a bare "\r" is read as the end of a row.
_RUNNABLE = re.compile(f"(^|[;,\\t\\r\\n])({_BLANK})(?=[{_SIGNS}])|^(?=\\t|\\r(?!\\n))")
_IN_TEXT = re.compile(f'(?:\\A|[;,\\t\\r\\n"]){_BLANK}[{_SIGNS}]|[;,\\t\\n]"?(?:\\t|\\r(?!\\n))')
_MAYBE_IN_TEXT = (re.compile(f'[;,"\\s\u200b-\u200f\ufeff][{_SIGNS}\\t]'), re.compile("\r(?!\n)"))
"""Of two characters each, and so looked for three times as fast: where neither is found, `_IN_TEXT` is not either."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_BELOW_ZERO = {
    by: re.compile(f"(?:(?<={by})|\\A)-\\d+(\\.\\d+)?(?={by}|\r\n\\Z)", re.ASCII) for by in (",", ";")
}  # fmt: skip


def _may_fetch(actor: Actor, file: File) -> bool:
    """Whoever asked for it, while they may still read what is in it."""
    return is_makers(actor, file) and actor.can(Right.READ)


EXPORT = kind("export", _may_fetch, LINK_LIVES)


@dataclass(frozen=True)
class Layout:
    """How cells are told apart, and whether a byte order mark says that it is UTF-8."""

    separator: str = ","
    has_mark: bool = False


LAYOUTS = {"comma": Layout(), "semicolon": Layout(";"), "excel": Layout(";", has_mark=True)}
PLAIN = LAYOUTS["comma"]


@dataclass(frozen=True)
class Written:
    file: store.Written
    rows: int

    @property
    def sha256(self) -> str:
        return self.file.sha256


def neutral(cell: str) -> str:
    """The cell as text that a spreadsheet shows and never runs, at whichever separator it cuts. A number stays one."""
    return cell if _NUMBER.fullmatch(cell) else _RUNNABLE.sub(r"\1\2'", cell)


def write(columns: Sequence[str], batches: Iterable[Rows], layout: Layout = PLAIN) -> Written:
    """The header, then batch by batch; memory stays flat. Every cell is neutralised here. `rows` is without header."""
    count = 0
    with store.writing(EXPORT, "text/csv; charset=utf-8") as file, _collector_at_rest():
        file.write(("\ufeff" if layout.has_mark else "").encode() + as_text([list(columns)], layout))
        for rows in batches:
            file.write(as_text(rows, layout))
            count += len(rows)
    return Written(file.written, count)


def write_selected(columns: Sequence[str], rows: QuerySet[Any], layout: Layout = PLAIN) -> Written:
    """As `write`, of what `rows` selects by `values_list`: texts in the columns' order, NULL for an empty cell.

    The database writes them as CSV in the same form, inside the caller's transaction; here they are only looked at.
    """
    sql, values = rows.query.sql_with_params()
    count, taken = 0, f"COPY ({sql}) TO STDOUT (FORMAT csv, DELIMITER '{layout.separator}')"
    with store.writing(EXPORT, "text/csv; charset=utf-8") as file, _collector_at_rest():
        file.write(("\ufeff" if layout.has_mark else "").encode() + as_text([list(columns)], layout))
        with connection.cursor() as cursor, cursor.copy(taken, values) as lines:
            while some := [bytes(line[:-1]) for line in islice(lines, LINES)]:  # a line at a time, without its end
                count += len(some)
                file.write(_neutralised(some, layout))
    return Written(file.written, count)


def _neutralised(lines: Sequence[bytes], layout: Layout) -> bytes:
    """Each is a row of its own, with whatever breaks of lines stand in its cells. They are looked at together, in C;
    only rows in which something was found are taken apart.
    """
    rows = [f"{line.decode()}\r\n" for line in lines]
    text = "".join(rows)
    found = {match.end() - 2 for maybe in _MAYBE_IN_TEXT for match in maybe.finditer(f"\n{text}")}
    if found:
        ends = list(accumulate(map(len, rows)))
        for place in {bisect_right(ends, at) for at in found}:
            rows[place] = _neutralise_row(rows[place], layout)
        text = "".join(rows)
    return text.encode()


def _neutralise_row(text: str, layout: Layout) -> str:
    """Where no cell is quoted, what stands between two separators is a cell, and a number below zero is harmless."""
    harmful = text if '"' in text else _BELOW_ZERO[layout.separator].sub("", text)
    if not _may_run(harmful):
        return text
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=layout.separator)
    return as_text(list(cells), layout).decode()


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


def as_text(rows: Rows, layout: Layout = PLAIN) -> bytes:
    """Nearly every batch has nothing to neutralise, and is looked at as a whole, in C."""
    text = _written(rows, layout)
    if _may_run(text):
        text = _written([[neutral(cell) for cell in row] for row in rows], layout)
    return text.encode()


def _may_run(text: str) -> bool:
    """`text`: whole rows. The first cell begins as every row's does, after the end of a line."""
    rows = f"\n{text}"
    return any(maybe.search(rows) for maybe in _MAYBE_IN_TEXT) and _IN_TEXT.search(rows) is not None


def _written(rows: Rows, layout: Layout) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=layout.separator).writerows(rows)
    return buffer.getvalue()
