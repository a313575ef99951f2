"""Any lines, in any order over any number of files, at any clock, end in the figures of the whole file."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.core import clock
from bursar.rollup.refresh import refresh
from tests.cast import prove
from tests.product.histories import (
    CLOCKS,
    LAST,
    OF_ACCOUNT,
    REFERENCES,
    WORKSPACES,
    Figures,
    Line,
    bring_at,
    dated_lines,
    figures,
    in_an_empty_database,
    key_of,
    named_by,
    usage_lines,
    workspace_lines,
)

CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@st.composite
def stories(draw: Any) -> tuple[list[Line], list[list[Line]], bool]:
    """The whole file; the same lines in three files, each after what it names; whether a worker runs between them."""
    first = [
        {"kind": "workspace", "external_id": name, "name": name, "created_at": CLOCKS[0].replace(day=1 + place), **rest}
        for place, (name, rest) in enumerate(WORKSPACES.items())
    ]
    lines = [*first, *draw(st.lists(workspace_lines(), max_size=4))]
    lines += draw(st.lists(st.one_of(dated_lines(), usage_lines()), min_size=4, max_size=18))
    files: list[list[Line]] = [[*REFERENCES], [], []]
    born: dict[str, int] = {}
    latest: dict[Any, int] = {}
    for line in lines:
        key = key_of(line)
        places = [latest.get(key, 0), first_file_of(line), *[born[name] for name in named_by(line)]]
        place = max(draw(st.integers(0, 2)), *places)
        latest[key] = place
        if line["kind"] == "workspace":
            born.setdefault(line["external_id"], place)
        files[place].append(line)
    shuffle = random.Random(draw(st.integers(0, 999)))
    return [*REFERENCES, *lines], [mixed(file, shuffle) for file in files], draw(st.booleans())


def first_file_of(line: Line) -> int:
    """No file tells of what has not happened yet."""
    names = ("from", "at", "created_at", "deleted_at", "booked_at")
    happened = max((line[name] for name in names if line.get(name)), default=CLOCKS[0])
    return next(place for place, now in enumerate(CLOCKS) if happened <= now)


def mixed(lines: list[Line], shuffle: random.Random) -> list[Line]:
    """Another order, in which lines about the same thing keep theirs."""
    by_key: dict[Any, list[Line]] = {}
    for line in lines:
        by_key.setdefault(key_of(line), []).append(line)
    order = [key for key, of_one in by_key.items() for _ in of_one]
    shuffle.shuffle(order)
    queues = {key: iter(of_one) for key, of_one in by_key.items()}
    return [next(queues[key]) for key in order]


def check(story: tuple[list[Line], list[list[Line]], bool]) -> None:
    whole, files, has_worker = story

    def at_once() -> Figures:
        bring_at(LAST, whole)
        with clock.frozen(LAST):
            return figures(LAST)

    def bit_by_bit() -> Figures:
        for now, lines in zip(CLOCKS, files, strict=True):
            if has_worker:
                with clock.frozen(now):
                    refresh(now)
            bring_at(now, lines)
        with clock.frozen(LAST):
            found = figures(LAST)
            prove()
        return found

    wanted, found = in_an_empty_database(at_once), in_an_empty_database(bit_by_bit)
    assert found.events == wanted.events
    assert found.meters == wanted.meters
    assert found.workspaces == wanted.workspaces
    assert found.accounts == wanted.accounts
    assert {name for name, _ in found.accounts} == set(OF_ACCOUNT)


@given(stories())
@settings(max_examples=12, deadline=None, suppress_health_check=CHECKS, derandomize=True)
def test_files_in_parts_end_where_the_whole_file_ends(db: None, story: Any) -> None:
    check(story)


@pytest.mark.soak
@given(stories())
@settings(max_examples=400, deadline=None, suppress_health_check=CHECKS)
def test_any_history_in_parts_ends_where_the_whole_file_ends(db: None, story: Any) -> None:
    check(story)
