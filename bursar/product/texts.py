"""Kept text of and for others in which a person's name or address stands as plain words.

Where Bursar names people by itself, their names stand by reference and go with the person (core/naming.py). What is
left is free text that others wrote, and what was kept before names had references. Nobody but a reader can tell whom
it means, so whoever erases the person sees it here, text by text, and says which of it shall name them no more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from bursar.core import naming
from bursar.product.text_sources import SOURCES, Source
from bursar.product.traces import Traces

AROUND = 60


@dataclass(frozen=True)
class Line:
    """One row that holds the words. `id`: what the eraser's choice names it by. `before`, `word`, `after`: around the
    first place; `times`: how many places there are.
    """

    id: str
    what: str
    before: str
    word: str
    after: str
    times: int


@dataclass(frozen=True)
class Found:
    """The newest of each kind first. `is_all`: no text was left out, and every row was looked at."""

    lines: list[Line]
    is_all: bool


def find(traces: Traces, limit: int, looked_at: int | None = None) -> Found:
    """At most `limit` lines. `looked_at`: how many rows of each kind are gone through at most; None: all of them."""
    lines: list[Line] = []
    pattern, is_all = _pattern(traces), True
    for kind, source in SOURCES.items():
        rows = source.narrow(traces)
        for place, row in enumerate(rows.iterator(chunk_size=500) if looked_at is None else rows[: looked_at + 1]):
            line = _line(f"{kind}:{row.pk}", source, row, pattern)
            if len(lines) == limit and line:
                return Found(lines, is_all=False)
            if place == looked_at:
                is_all = False
            elif line:
                lines.append(line)
    return Found(lines, is_all)


def list_missing(traces: Traces, ids: Collection[str]) -> list[str]:
    """Those of the ids under which no such text stands."""
    pattern = _pattern(traces)
    there = {line_id for line_id, source, row in _rows_of(traces, ids) if _line(line_id, source, row, pattern)}
    return [one for one in ids if one not in there]


def rewrite(traces: Traces, ids: Collection[str] | None) -> int:
    """Takes the words out of the chosen texts; None: out of all of them. Returns in how many rows they stood."""
    pattern, count = _pattern(traces), 0
    for _, source, row in _rows_of(traces, ids):
        before = source.texts(row)
        after = naming.reword(before, lambda text: pattern.sub(naming.ERASED, text))
        changed = {name: value for name, value in after.items() if value != before[name]}
        if changed:
            values = source.whole(row, changed)
            if source.put is not None:
                source.put(row, values)
            else:
                assert not hasattr(row, "pen"), "its pen writes it"
                source.rows(traces).filter(pk=row.pk).update(**values)
            count += 1
    return count


def _rows_of(traces: Traces, ids: Collection[str] | None) -> Iterator[tuple[str, Source, Any]]:
    for kind, source in SOURCES.items():
        rows = source.narrow(traces)
        if ids is not None:
            numbers = [number for one in ids for head, _, number in [one.partition(":")] if head == kind]
            rows = rows.filter(pk__in=[int(number) for number in numbers if number.isdecimal() and len(number) < 19])
        for row in rows.iterator(chunk_size=500):
            yield f"{kind}:{row.pk}", source, row


def _pattern(traces: Traces) -> re.Pattern[str]:
    """A word by itself: “Jan” is not in “Jansen”."""
    longest_first = sorted(traces.words, key=len, reverse=True)
    any_word = "|".join(map(re.escape, longest_first)) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:{any_word})(?!\w)")


def _line(line_id: str, source: Source, row: Any, pattern: re.Pattern[str]) -> Line | None:
    """By the same walk that would rewrite it, so that what is shown is what would go."""
    found: list[tuple[str, re.Match[str]]] = []

    def look(piece: str) -> str:
        found.extend((piece, place) for place in pattern.finditer(piece))
        return piece

    naming.reword(source.texts(row), look)
    if not found:
        return None
    piece, place = found[0]
    start, end = max(place.start() - AROUND, 0), place.end() + AROUND
    before = ("…" if start else "") + piece[start : place.start()]
    after = piece[place.end() : end] + ("…" if end < len(piece) else "")
    return Line(line_id, source.what(row), before, place[0], after, len(found))
