"""“Bank”, a tab of Payments: what waits, with what it may pay and why; what is decided; payouts explained."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from bursar.billing.models import BankLine, Invoice
from tests.billing.bank.writing import THEIRS, entry
from tests.billing.bank_desk import arrive, issue, paid
from tests.billing.test_bank_money import oost
from tests.cast import Cast, shown_by, sign_in

__all__ = ["oost"]
PAGE = "/panel/payments/bank/"


@pytest.fixture
def lead(cast: Cast) -> Client:
    return sign_in("iris@agora.example")


def shown(client: Client, query: str = "") -> str:
    answer = client.get(f"{PAGE}{query}")
    assert answer.status_code == 200
    return shown_by(answer)


def test_empty_it_says_what_comes_here(cast: Cast, lead: Client) -> None:
    page = shown(lead)
    assert "No statement yet." in page and 'aria-current="page">Bank' in page and "data-upload" in page
    assert "data-upload" not in shown(sign_in("ada@agora.example"))


def test_what_waits_stands_with_its_reason_and_what_is_decided_with_its_invoice(
    cast: Cast, lead: Client, oost: Invoice
) -> None:
    other = issue(cast.haarlem)
    arrive(
        cast.iris, paid(oost), entry("121.00", f"nr {other.number}", name="Kees", iban=THEIRS), entry("9.99", "what?"),
        entry("-2000.00", "salaris", name="Employee"),
    )  # fmt: skip
    page = shown(lead)
    assert f"The text holds the number {other.number}, and the amount is what is open of it." in page
    assert "Nothing in it says what it pays." in page and "Kees" in page and "Employee" not in page
    assert f'value="{BankLine.objects.get(name="Kees").public_id}"' in page, "it can be picked"
    assert page.count('class="pick"') == 1
    assert "booked by itself" in shown(lead, "?show=matched") and oost.number in shown(lead, "?show=matched")
    assert "Employee" in shown(lead, "?show=left")
    reader = sign_in("ada@agora.example")
    assert reader.get(f"{PAGE}?show=left").status_code == 403 and "Money that left" not in shown(reader)
    assert "Confirm" not in shown(reader).partition("<tbody>")[2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=kees", {"Kees"}),
        ("?q=7.00", {"Truus"}),
        ("?q=nl91 abna 0417", {"Kees"}),
        ("?suggested=whole", {"Kees"}),
        ("?suggested=none", {"Truus"}),
        ("?suggested=some", {"Kees", "Part"}),
        ("?q=truus&suggested=whole", set()),
    ],
)
def test_filters(cast: Cast, lead: Client, oost: Invoice, query: str, found: set[str]) -> None:
    arrive(
        cast.iris, entry("121.00", f"nr {oost.number}", name="Kees", iban=THEIRS), entry("7.00", "??", name="Truus"),
        entry("20.00", f"deel {oost.number}", name="Part"),
    )  # fmt: skip
    page = shown(lead, query)
    assert {name for name in ("Kees", "Truus", "Part") if f"<b>{name}</b>" in page} == found


@pytest.mark.parametrize("query", ["?show=odd", "?suggested=odd", "?page=0", "?page=x"])
def test_what_it_does_not_know_is_told(cast: Cast, lead: Client, query: str) -> None:
    assert lead.get(f"{PAGE}{query}").status_code == 400


def test_confirmed_by_one_press(cast: Cast, lead: Client, oost: Invoice) -> None:
    [line] = arrive(cast.iris, entry("121.00", f"nr {oost.number}", name="Kees"))
    address = f"/panel/actions/bank_line/{line.public_id}/confirm"
    assert f'hx-post="{address}"' in shown(lead)
    answer = lead.post(address, {"suggestion": "0"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204 and "changed" in answer.headers["HX-Trigger"]
    oost.refresh_from_db()
    assert oost.open == 0


def test_pages_cost_the_same_statements_however_many_lines(
    cast: Cast, lead: Client, oost: Invoice, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    arrive(cast.iris, entry("121.00", f"nr {oost.number}", name="Kees"))
    shown(lead)
    with CaptureQueriesContext(connection) as few:
        shown(lead)
    others = [issue(cast.haarlem, f"{count}.00") for count in range(10, 40)]
    arrive(cast.iris, *(entry(str(row.open), f"nr {row.number}") for row in others), number=13)
    arrive(cast.iris, *(entry("3.33", f"{count}", day=date(2026, 11, 4)) for count in range(40)), number=14)
    with CaptureQueriesContext(connection) as many:
        page = shown(lead)
    assert "1–50 of 71 lines" in page
    assert len(many) == len(few)
    with CaptureQueriesContext(connection) as matched:
        shown(lead, "?show=matched")
    assert len(matched) <= len(few)


def test_it_is_counted_in_the_navigation(cast: Cast, lead: Client, oost: Invoice) -> None:
    before = lead.get("/panel/counts").content.decode()
    arrive(cast.iris, entry("1.00", "?"))
    assert lead.get("/panel/counts").content.decode() != before
