"""What `dev.py bench --against` reads from two revisions' tables, and what it says of them."""

from __future__ import annotations

import pytest

from bench.against import list_rows, read_figures

TABLE = """
## 1,000 accounts

| what | ours | floor | ours ÷ floor | target |
|---|---|---|---|---|
| rollup page: database | 21.3 ms | 15.9 ms | 1.34 | ≤ 2.5 |
| rollup page: statements | 15 |  |  | ≤ 15 |
| usage over HTTP, events/s, 1,000 workspaces | 31,667 | 57,589 | 0.55 | ≥ 10,000 |
| at-risk page: size, a prepared mail in each row | 299 kB |  |  | reported |
"""


def test_the_figures_are_ours_and_the_floors() -> None:
    assert read_figures(TABLE) == {
        "rollup page: database": (21.3, "ms"),
        "rollup page: database (floor)": (15.9, ""),
        "rollup page: statements": (15.0, ""),
        "usage over HTTP, events/s, 1,000 workspaces": (31667.0, ""),
        "usage over HTTP, events/s, 1,000 workspaces (floor)": (57589.0, ""),
        "at-risk page: size, a prepared mail in each row": (299.0, "kB"),
    }


@pytest.mark.parametrize(
    ("what", "ratio", "mark"),
    [
        ("page", 1.10, ""), ("page", 1.11, "**worse**"), ("page", 0.89, "better"), ("page", 0.90, ""),
        ("looks, a second", 1.11, "better"), ("looks, a second", 0.89, "**worse**"),
        ("usage, events/s", 1.11, "better"), ("usage, events/s", 0.89, "**worse**"),
    ],
)  # fmt: skip
def test_beyond_ten_per_cent_it_is_marked(what: str, ratio: float, mark: str) -> None:
    row = list(list_rows([{what: (100, "ms")}], [{what: (100 * ratio, "ms")}]))[-1]
    assert row == f"| {what} | 100 ms | {100 * ratio:g} ms | {ratio:.2f} | {ratio:.2f} to {ratio:.2f} | {mark} |"


def test_a_machine_that_grows_slower_says_nothing() -> None:
    """The ratio is that of the rounds: 1.2 in each, although the medians of the sides are far apart."""
    then = [{"page": (float(n), "ms")} for n in (10, 20, 40, 80, 160)]
    now = [{"page": (12.0 * n / 10, "ms")} for n in (10, 20, 40, 80, 160)]
    assert "| 40 ms | 48 ms | 1.20 | 1.20 to 1.20 | **worse** |" in list(list_rows(then, now))[-1]


def test_only_what_both_measured_in_one_unit_is_compared() -> None:
    then = [{"old": (1.0, "ms"), "verify": (900.0, "ms"), "memory": (0.0, "MB"), "page": (2.0, "ms")}]
    now = [{"new": (1.0, "ms"), "verify": (1.0, "s"), "memory": (3.0, "MB"), "page": (2.0, "ms")}]
    rows = list(list_rows(then, now))[2:]
    assert rows == ["| memory | 0 MB | 3 MB | | | |", "| page | 2 ms | 2 ms | 1.00 | 1.00 to 1.00 |  |"]


def test_the_floors_say_how_steady_the_machine_was() -> None:
    then, now = (
        [{"page (floor)": (10.0, ""), "csv (floor)": (10.0, "")}],
        [{"page (floor)": (12.0, ""), "csv (floor)": (9.5, "")}],
    )
    assert "0.95 to 1.20 of themselves" in list(list_rows(then, now))[-1]
