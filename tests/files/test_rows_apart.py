"""A batch of rows as the database writes it: taken apart row by row, it comes out as all of it taken apart would."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bursar.files.csv import LAYOUTS, Layout, _neutralised, as_text

CELLS = st.text(alphabet='=-+@,;\t\r\n" a1.＝', max_size=6) | st.sampled_from(
    ["-12.00", "=1+1", "C2026-000001", "", "x"]
)
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=6)


def line(row: list[str], layout: Layout) -> bytes:
    """Without its end, as it is handed over."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=layout.separator).writerow(row)
    return buffer.getvalue().removesuffix("\r\n").encode()


@given(ROWS, st.sampled_from(list(LAYOUTS.values())))
@example([["", "="], ["", "\r\n"]], LAYOUTS["comma"])
@example([["", "="], ["", "\t\n"]], LAYOUTS["comma"])
@settings(max_examples=300, deadline=None)
def test_row_by_row_is_as_all_at_once(rows: list[list[str]], layout: Layout) -> None:
    assert _neutralised([line(row, layout) for row in rows], layout) == as_text(rows, layout)


def test_an_amount_below_zero_stays_a_number_and_a_formula_beside_it_does_not() -> None:
    layout = LAYOUTS["comma"]
    rows = [["-12.00", "Payer"], ["12.00", "=1+1"], ["-0.01", 'two\nlines, "-5"']]
    said = _neutralised([line(row, layout) for row in rows], layout).decode()
    assert said.splitlines()[:2] == ["-12.00,Payer", "12.00,'=1+1"]
    assert said.splitlines()[2].startswith("-0.01,") and ',"-5' not in said
