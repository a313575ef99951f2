"""When an invoice is reminded of: tables of examples, and that a search finds exactly those."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.rules.reminders import (
    FILLS,
    SHIPPED,
    Asked,
    Reminded,
    find_day,
    list_bounds,
    read_levels,
    read_texts,
    why_not_remind,
    why_not_texts,
)
from bursar.billing.rules.retention import first_day_kept, last_day_of

DUE = date(2026, 11, 1)
DAYS = (7, 21, 35)
N = timedelta(days=1)


@pytest.mark.parametrize(
    ("reminded", "day"),
    [
        (Reminded(), DUE + 7 * N),
        (Reminded(1, DUE + 7 * N), DUE + 21 * N),
        (Reminded(1, DUE + 3 * N), DUE + 21 * N),  # a call came early: the second still waits for its day
        (Reminded(1, DUE + 30 * N), DUE + 44 * N),  # who began late does not hurry after
        (Reminded(2, DUE + 44 * N), DUE + 58 * N),
        (Reminded(3, DUE + 58 * N), None),
    ],
)
def test_each_level_has_its_day(reminded: Reminded, day: date | None) -> None:
    assert find_day(DUE, reminded, DAYS) == day


@pytest.mark.parametrize(
    ("asked", "today", "words"),
    [
        (Asked(False, Decimal(1), DUE), DUE + 7 * N, None),
        (Asked(False, Decimal(1), DUE), DUE + 6 * N, "Level 1 may go from 8 November 2026 on."),
        (Asked(False, Decimal(1), DUE), DUE, "It is due on 1 November 2026."),
        (Asked(False, Decimal(0), DUE), DUE + 7 * N, "Nothing of it is open."),
        (Asked(True, Decimal(1), None), DUE + 7 * N, "This is a credit note: nothing is asked for."),
        (Asked(False, Decimal(1), None), DUE + 7 * N, "It has no due day."),
        (
            Asked(False, Decimal(1), DUE, Reminded(1, DUE + 7 * N)),
            DUE + 7 * N,
            "Level 2 may go from 22 November 2026 on.",
        ),
        (
            Asked(False, Decimal(1), DUE, Reminded(3, DUE + 35 * N)),
            DUE + 99 * N,
            "All 3 levels have gone. Call them, put it on hold, or write it off.",
        ),
    ],
)
def test_why_one_is_not_reminded_of(asked: Asked, today: date, words: str | None) -> None:
    assert why_not_remind(asked, DAYS, today) == words


levels = st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True).map(sorted)


@given(levels, st.integers(0, 5), st.none() | st.integers(-10, 90), st.integers(1, 90))
def test_the_search_finds_what_the_rule_allows(days: list[int], level: int, asked: int | None, today: int) -> None:
    """`level` and the day of the last reminder go together; the search is by `list_bounds`."""
    level = min(level, len(days))
    on = None if level == 0 or asked is None else DUE + asked * N
    now = DUE + today * N
    found = [
        bound
        for bound in list_bounds(days, now)
        if bound.level == level and bound.due_by >= DUE and (on is None or on <= bound.asked_by)
    ]
    assert bool(found) is (why_not_remind(Asked(False, Decimal(1), DUE, Reminded(level, on)), days, now) is None)


def test_a_level_is_never_allowed_twice() -> None:
    """Somebody who sends whatever may go, each day for a year, sends each level once."""
    sent, reminded = [], Reminded()
    for day in range(365):
        today = DUE + day * N
        if why_not_remind(Asked(False, Decimal(1), DUE, reminded), DAYS, today) is None:
            reminded = Reminded(reminded.level + 1, today)
            sent.append((reminded.level, day))
    assert sent == [(1, 7), (2, 21), (3, 35)]


@pytest.mark.parametrize("text", ["", "7, 7", "21, 7", "0", "1,2,3,4,5,6,7,8,9,10", "366", "x"])
def test_levels_that_are_none_are_said(text: str) -> None:
    with pytest.raises(ValueError):
        read_levels(text)


def test_texts_are_read_and_what_is_missing_is_said() -> None:
    assert read_levels("3, 10") == (3, 10) and read_texts("{}") == SHIPPED
    own = read_texts(json.dumps({"nl": [["Herinnering {number}", "Nog {open}."]]}))
    assert own["nl"] == [("Herinnering {number}", "Nog {open}.")] and own["en"] == SHIPPED["en"]
    assert why_not_texts(own, (3, 10)) == "There are 2 levels, and fewer texts in: nl."
    assert why_not_texts(SHIPPED, DAYS) is None
    for wrong in (
        "[]",
        '{"fr": []}',
        '{"nl": [["a"]]}',
        '{"nl": [["a", ""]]}',
        '{"nl": [["a", "{person}"]]}',
        '{"nl": 1}',
    ):
        with pytest.raises((ValueError, TypeError)):
            read_texts(wrong)


def test_what_ships_names_only_what_is_known() -> None:
    for texts in SHIPPED.values():
        assert len(texts) == 3
        for part in (part for pair in texts for part in pair):
            assert {name for _, name, _, _ in Formatter().parse(part) if name} <= set(FILLS)


@pytest.mark.parametrize(
    ("issued_on", "years", "last"),
    [
        (date(2026, 1, 1), 7, date(2033, 12, 31)),
        (date(2026, 12, 31), 7, date(2033, 12, 31)),
        (date(2026, 6, 1), 10, date(2036, 12, 31)),
    ],
)
def test_retention_counts_from_the_end_of_the_year(issued_on: date, years: int, last: date) -> None:
    assert last_day_of(issued_on, years) == last
    assert issued_on >= first_day_kept(last, years) and issued_on < first_day_kept(last + N, years)
