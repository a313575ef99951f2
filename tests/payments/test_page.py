"""The Payments page, its file and its endpoint: what is listed, what the cards say, and that they agree."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.actions.run import run
from bursar.files.csv import LAYOUTS, as_text
from bursar.payments import csv as payments_csv
from bursar.payments import filters
from bursar.payments.models import Payment
from bursar.payments.queries.listing import filtered, ordered
from bursar.rollup.models import SavedView
from tests.cast import NOW, Cast, refusal_of, shown_by, sign_in
from tests.payments.ledger import chargeback, payment, refund

PAGE = "/panel/payments/"
API = "/api/v1/payments"


@pytest.fixture
def iris(cast: Cast) -> Client:
    """November: Haarlem paid twice (one refunded in part, one charged back), failed, one is with the bank, one left."""
    early = NOW - timedelta(days=9)
    refund(payment(cast.haarlem, early), "21.00", NOW)
    chargeback(payment(cast.haarlem, early, kind="seat"), NOW)
    payment(cast.haarlem, early, "failed", reason="AM04")
    payment(cast.haarlem, early, "pending")
    payment(cast.haarlem, early, "expired", kind="first", method="ideal")
    payment(cast.samen, early, kind="first", method="ideal", amount=Decimal("50.00"))
    payment(None, early, kind="other", method="creditcard", amount=Decimal("7.00"))
    payment(cast.haarlem, NOW - timedelta(days=40))
    return sign_in("iris@agora.example")


def found(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"{API}?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def test_the_page_shows_what_arrived(iris: Client) -> None:
    page = shown_by(iris.get(PAGE))
    assert "€ 299.00" in page and "€ 121.00" in page  # received; failed, pending and charged back alike
    assert "failed: not enough money in the account" in page
    assert "debit under way since 15 Nov" in page and "nobody known here" in page
    assert page.count("<tr>") == 1 + 7 and "1–7 of 7" in page
    assert 'href="https://my.mollie.com/tr_test' in page


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", 7), ("month=all", 8), ("month=2026-10", 1), ("month=2025-01", 0), ("status=failed", 1), ("status=paid", 4),
        ("status=charged_back", 1), ("status=refunded", 1), ("status=refunded&status=failed", 2), ("kind=first", 2),
        ("method=ideal&status=paid", 1), ("source=bank", 0), ("q=samen", 1), ("q=haarlem&month=all", 6), ("q=nope", 0),
    ],
)  # fmt: skip
def test_filters_leave_rows_that_the_totals_count(iris: Client, query: str, rows: int) -> None:
    answer = found(iris, query)
    assert answer["totals"]["payments"] == len(answer["payments"]) == rows
    received = sum(Decimal(row["amount_eur"]) for row in answer["payments"] if row["status"] == "paid")
    back = sum(Decimal(row["charged_back_eur"]) for row in answer["payments"])
    assert Decimal(answer["totals"]["received_eur"]) == received
    assert Decimal(answer["totals"]["charged_back_eur"]) == back
    page = iris.get(f"{PAGE}?{query}").content.decode()
    assert page.count('class="p2 c-status"') == rows


def test_a_payment_is_found_by_its_ids(iris: Client) -> None:
    one = Payment.objects.earliest("dated_at")
    for asked in (one.mollie_id, one.public_id):
        assert found(iris, f"month=all&q={asked}")["totals"]["payments"] == 1
        assert iris.get(f"{API}/{asked}").json()["payment_id"] == one.public_id
    assert iris.get(f"{API}/tr_nothing").status_code == 404


def test_a_payment_stands_in_the_month_in_which_it_was_paid_by_the_sellers_clock(cast: Cast) -> None:
    """23:30 UTC of the last of October is November in Amsterdam."""
    payment(cast.haarlem, datetime(2026, 10, 20, tzinfo=UTC), paid_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    iris = sign_in("iris@agora.example")
    assert found(iris)["totals"]["payments"] == 1 and found(iris, "month=2026-10")["totals"]["payments"] == 0


def test_the_cursor_reaches_every_row_once(iris: Client) -> None:
    for sort in ("date", "-date"):
        seen, cursor = [], ""
        while True:
            answer = found(iris, f"month=all&limit=3&sort={sort}&cursor={cursor}")
            seen += [row["payment_id"] for row in answer["payments"]]
            cursor = answer["next_cursor"]
            if not cursor:
                break
        assert len(seen) == len(set(seen)) == 8
    assert iris.get(f"{API}?sort=amount").status_code == 400
    assert iris.get(f"{API}?cursor=x").status_code == 400


def test_every_column_sorts(iris: Client) -> None:
    for sort in ("date", "account", "kind", "method", "amount", "status"):
        for sign in ("", "-"):
            assert iris.get(f"{PAGE}?sort={sign}{sort}").status_code == 200


@pytest.mark.parametrize(
    "query", ["month=2026-13", "month=2027-01", "status=luck", "kind=x", "method=x", "sort=x", "page=0"]
)
def test_what_it_does_not_know_gets_a_sentence(iris: Client, query: str) -> None:
    assert iris.get(f"{PAGE}?{query}").status_code == 400 == iris.get(f"{API}?{query}").status_code


def test_a_page_behind_the_last_leads_to_it(iris: Client) -> None:
    assert iris.get(f"{PAGE}?page=7")["Location"] == "?page=1"


def test_however_many_rows_the_statements_are_the_same(cast: Cast, iris: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            iris.get(f"{PAGE}?month=all")
        return len(caught)

    iris.get(PAGE)
    few = count()
    for day in range(40):
        payment(cast.oost if day % 2 else None, NOW - timedelta(days=day))
    assert count() == few


def test_the_file_holds_the_rows_and_the_columns_that_are_shown(iris: Client) -> None:
    answer = iris.post(f"{PAGE}export", {"query": "status=failed&hide=method"})
    file: Any = iris.get(answer["Location"])
    [row] = csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode()))
    assert row["reason"] == "not enough money in the account" and row["reason_code"] == "AM04"
    assert row["amount_eur"] == "121.00" and "method" not in row


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_the_file_is_what_programs_read_cell_by_cell_and_runs_nothing(cast: Cast, iris: Client, layout: str) -> None:
    """The database writes it: byte by byte what the csv module makes of the same rows."""
    for text in ("=1+1", 'a "b", c; d', "two\r\nlines", "\t-1", "plain"):
        payment(cast.oost, NOW, description=text, reason="X,9" if text == "plain" else "")
    answer = iris.post(f"{PAGE}export", {"query": "month=all", "layout": layout})
    file: Any = iris.get(answer["Location"])
    rows = ordered(view := filters.read(QueryDict("month=all"), NOW), filtered(view))
    cells = [payments_csv.cells(row) for row in payments_csv.flat(rows).values_list(*payments_csv.FLAT)]
    wanted = as_text([payments_csv.COLUMNS, *cells], LAYOUTS[layout])
    assert b"".join(file.streaming_content).removeprefix("\ufeff".encode()) == wanted
    assert wanted.count(b"'=1+1") == 1 and "says “X,9”".encode() in wanted


def test_test_money_is_none_of_the_live_page(iris: Client, settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = "live_key"
    assert found(iris, "month=all")["totals"]["payments"] == 0
    assert "No payment" in iris.get(PAGE).content.decode() and ">live<" in iris.get(PAGE).content.decode()
    settings.BURSAR_MOLLIE_KEY = "test_key"
    assert found(iris, "month=all")["totals"]["payments"] == 8
    assert "test, no money moves" in iris.get(PAGE).content.decode()


@pytest.mark.parametrize(("key", "told"), [("test_key", True), ("live_key", False), ("", False)])
def test_customers_are_told_of_test_mode_and_of_no_key(settings: Any, key: str, told: bool) -> None:
    settings.BURSAR_MOLLIE_KEY = key
    shown = Template("{% load payments %}{% mollie_mode for_customer=True %}").render(Context())
    assert ("test, no money moves" in shown) is told and bool(shown.strip()) is told


def test_views_of_this_page_are_its_own(cast: Cast, iris: Client) -> None:
    save = "rollup.company.save_view"
    run(
        save,
        cast.iris,
        "company",
        {"name": "Failed", "page": "payments", "query": "status=failed&month=2026-10&page=2"},
    )
    run(save, cast.iris, "company", {"name": "Failed", "query": "class=free"})
    kept = SavedView.objects.get(page="payments")
    assert kept.query == "status=failed" and SavedView.objects.count() == 2
    assert 'href="?status=failed">Failed' in iris.get(PAGE).content.decode()
    assert 'href="?class=free">Failed' in iris.get("/panel/usage/").content.decode()
    refused = refusal_of(save, cast.iris, "company", {"name": "x", "page": "payments", "query": "class=free&status=x"})
    assert refused.status == 422 and SavedView.objects.count() == 2


def test_an_empty_house_says_how_it_begins(cast: Cast) -> None:
    page = sign_in("iris@agora.example").get(PAGE).content.decode()
    assert "No payment yet" in page
