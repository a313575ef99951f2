"""What is in an exported file: the chosen columns, the layout, cells that nothing runs; and every list that has one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.files.csv import LAYOUTS, PLAIN, as_text, neutral
from bursar.files.models import File
from bursar.rollup.csv import ACCOUNT_COLUMNS, OF_COLUMN, WORKSPACE_COLUMNS
from bursar.rollup.filters import COLUMNS
from bursar.rollup.models import AccountMonth
from bursar.rollup.refresh import refresh
from tests.cast import NOW, Cast, bring_all, sign_in

NUMBER = re.compile(r"-?\d+(\.\d+)?(?:[,;].*)?")  # alone, or before what another reader takes for a separator
RUNS = re.compile("[=+\\-@＝＋－＠]")


def rows_of(text: str, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=separator))


def fetch(client: Client, url: str, **data: str) -> str:
    answer = client.post(url, data)
    assert answer.status_code == 302, answer.content
    file: Any = client.get(answer["Location"])  # the test client's type does not know that it streams
    return b"".join(file.streaming_content).decode()


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"), ("Jansen;=cmd|' /C calc'!A0", "Jansen;'=cmd|' /C calc'!A0"), ("＝1", "'＝1"), ("－1a", "'－1a"),
        ("a, +b", "a, '+b"), ('x;"=y"', "x;\"'=y\""), ("a\n=b", "a\n'=b"), ("a\t@b", "a\t'@b"), (" =a", " '=a"),
        ("\ufeff=a", "\ufeff'=a"), ("-75.00", "-75.00"), ("-1-1", "'-1-1"), ("Noord-Zuid; 3", "Noord-Zuid; 3"),
        ("maud@haarlem.example", "maud@haarlem.example"), ("", ""),
    ],
)  # fmt: skip
def test_a_cell_is_shown_and_never_run(cell: str, safe: str) -> None:
    assert neutral(cell) == safe
    assert neutral(safe) == safe


@given(
    st.lists(
        st.lists(st.text(alphabet=st.sampled_from(list("=+-@＝;,\t\r\n\"' a1.é"))), min_size=1, max_size=4), min_size=1
    )
)
def test_whatever_reads_it_meets_no_formula(rows: list[list[str]]) -> None:
    """Whichever separator and layout: what any reader takes for the beginning of a cell is no sign, or a number."""
    for layout in LAYOUTS.values():
        text = as_text(rows, layout).decode()
        for reader in (",", ";", "\t"):
            for line in text.splitlines():
                for cell in line.split(reader):
                    bare = cell.strip().strip('"').strip()
                    assert not RUNS.match(bare) or NUMBER.fullmatch(bare), (cell, text)
        read = rows_of(text, layout.separator)
        assert [[c.replace("'", "") for c in row] for row in read] == [
            [c.replace("'", "") for c in row] for row in rows_of(_plain(rows, layout.separator), layout.separator)
        ]


def _plain(rows: list[list[str]], separator: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator).writerows(rows)
    return buffer.getvalue()


def test_nothing_to_neutralise_is_written_as_it_is() -> None:
    assert as_text([["a", "b;c", "2026-11-01"]], PLAIN) == b"a,b;c,2026-11-01\r\n"


@pytest.fixture
def ties(cast: Cast) -> Client:
    refresh(NOW)
    return sign_in("ties@agora.example")


def test_every_column_of_the_page_has_its_own_in_the_file() -> None:
    named = [name for names in OF_COLUMN.values() for name in names]
    assert set(OF_COLUMN) == set(COLUMNS) and len(named) == len(set(named))
    assert set(named) <= {*ACCOUNT_COLUMNS, *WORKSPACE_COLUMNS}


@pytest.mark.parametrize("rows", ["accounts", "workspaces"])
@pytest.mark.parametrize("hidden", [(), ("mrr", "contact"), COLUMNS])
def test_the_chosen_columns_and_no_others(ties: Client, rows: str, hidden: tuple[str, ...]) -> None:
    query = "&".join(f"hide={name}" for name in hidden)
    head, *lines = rows_of(fetch(ties, "/panel/usage/export", rows=rows, query=query))
    every = [*ACCOUNT_COLUMNS, *(WORKSPACE_COLUMNS if rows == "workspaces" else ())]
    assert head == [name for name in every if not any(name in OF_COLUMN[column] for column in hidden)]
    whole_head, *whole = rows_of(fetch(ties, "/panel/usage/export", rows=rows, query=""))
    assert lines == [[cell for name, cell in zip(whole_head, row, strict=True) if name in head] for row in whole]


def test_for_excel(ties: Client) -> None:
    plain = fetch(ties, "/panel/usage/export", rows="accounts", query="")
    excel = fetch(ties, "/panel/usage/export", rows="accounts", query="", layout="excel")
    semicolons = fetch(ties, "/panel/at-risk/export", query="", layout="semicolon")
    assert excel[0] == "\ufeff" and not plain.startswith("\ufeff") and semicolons.startswith("list;reason;")
    assert rows_of(excel[1:], ";") == rows_of(plain)
    before = File.objects.count(), AuditLine.objects.count()
    refused = ties.post(
        "/api/v1/company/company/actions/export", {"data": {"rows": "accounts", "layout": "pdf"}}, "application/json"
    )
    assert refused.status_code == 422 and before == (File.objects.count(), AuditLine.objects.count())


def test_movements_are_what_the_page_says(ties: Client, cast: Cast) -> None:
    since = NOW - timedelta(days=40)
    bring_all({"kind": "tier", "workspace": "noord", "tier": "guardian", "from": since})
    refresh(NOW)
    head, *rows = rows_of(fetch(ties, "/panel/usage/movements/export"))
    moved = AccountMonth.objects.exclude(movement="")
    first = AccountMonth.objects.earliest("month").month
    assert head[:2] == ["month", "movement"] and len(rows) == moved.exclude(month=first).count() > 0
    changes = {(row[0], row[2]): (row[1], row[-2]) for row in rows}
    assert changes["2026-10", cast.haarlem.public_id] == ("expansion", "75.00")
    assert AuditLine.objects.latest("id").key == "rollup.company.export_movements"
    one = rows_of(fetch(ties, "/panel/usage/movements/export", month="2026-10", kind="expansion"))[1:]
    assert one == [row for row in rows if row[0] == "2026-10" and row[1] == "expansion"]
    assert rows_of(fetch(ties, "/panel/usage/movements/export", month="2026-10", kind="churn"))[1:] == []
    assert ties.get("/panel/usage/movements/2026-10/expansion").content.decode().count("Export CSV") == 1


def test_a_fall_stays_a_number(ties: Client, cast: Cast) -> None:
    deal = {"account": {"organisation": "haarlem"}, "type": "partner", "percent": 50, "from": NOW - timedelta(days=40)}
    bring_all({"kind": "discount", **deal})
    refresh(NOW)
    rows = rows_of(fetch(ties, "/panel/usage/movements/export", month="2026-10"))[1:]
    assert [row[-2] for row in rows if row[2] == cast.haarlem.public_id] == ["-75.00"]


def test_the_book_as_filtered(ties: Client, cast: Cast) -> None:
    bring_all({"kind": "person", "external_id": "n", "name": "N"})
    query = f"key=product.company.import&since={NOW:%Y-%m-%d}"
    head, *rows = rows_of(fetch(ties, "/panel/book/export", query=query))
    shown = ties.get(f"/api/v1/book?limit=200&{query}").json()["lines"]
    assert [row[0] for row in rows] == [line["id"] for line in shown] and len(rows) > 3
    assert dict(zip(head, rows[0], strict=True))["action"] == "product.company.import"
    line = AuditLine.objects.get(key="panel.company.export_book")
    assert {change["label"] for change in line.changes} == {"Rows", "SHA-256", "Filters"}
    before = AuditLine.objects.count()
    assert ties.post("/panel/book/export", {"query": "since=yesterday"}).status_code == 422
    assert AuditLine.objects.count() == before


@pytest.mark.parametrize("url", ["/panel/book/export", "/panel/usage/movements/export", "/panel/usage/export"])
def test_no_customer_exports(cast: Cast, url: str) -> None:
    assert sign_in("maud@client.example").post(url, {"query": ""}).status_code == 404
    assert not File.objects.exists()


def test_the_book_is_written_in_a_steady_number_of_statements(
    ties: Client, cast: Cast, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for n in range(40):
        with clock.frozen(NOW + timedelta(seconds=n)):
            bring_all({"kind": "person", "external_id": f"n-{n}", "name": "N"})
    with django_assert_max_num_queries(45):
        fetch(ties, "/panel/book/export", query="")
