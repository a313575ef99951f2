"""An amount stays with its currency sign on every page, and nowhere else does a sentence change for it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from bursar.actions.run import run
from bursar.core.money import SIGN, hold_together
from bursar.payments import models as payments
from tests.cast import NOW, Cast, export, sign_in
from tests.payments import ledger as rows

HELD = f"{SIGN}\N{NO-BREAK SPACE}"
PARTED, WHOLE = (re.compile(rf"{sign}(?=[\d−])") for sign in (f"{SIGN} ", HELD))
STAFF = (
    "/panel/usage/",
    "/panel/usage/movements/",
    "/panel/invoices/",
    "/panel/payments/",
    "/panel/partners/",
    "/panel/book/",
)


def text_of_page(html: str) -> str:
    """What stands between its tags."""
    return unescape(re.sub(r"<textarea.*?</textarea>|<[^>]*>", "|", html, flags=re.S))


@pytest.fixture
def told(cast: Cast) -> Cast:
    """A charge that was paid, and a discount whose sentences name the price before and after."""
    rows.payment(cast.haarlem, NOW, owed=rows.charge(cast.haarlem, NOW.date()))
    half = {"kind": "scholarship", "percent": "50", "end_date": "2027-06-30"}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, half, reason="€ 75.00 is what they can pay")
    return cast


def test_no_page_parts_them(told: Cast) -> None:
    assert payments.Payment.objects.exists()
    staff, owner = sign_in("iris@agora.example"), sign_in("maud@client.example")
    account = told.haarlem.public_id
    pages = [
        *(
            (staff, path)
            for path in (*STAFF, f"/panel/accounts/{account}", f"/panel/actions/account/{account}/set_discount")
        ),
        *((owner, path) for path in ("/", "/history/", f"/billing/{account}")),
    ]
    seen = 0
    for browser, path in pages:
        text = text_of_page(browser.get(path, HTTP_HX_REQUEST="true" if "/actions/" in path else "").content.decode())
        assert not PARTED.search(text), (path, PARTED.search(text))
        seen += len(WHOLE.findall(text))
    assert seen > 20


def test_files_and_programs_and_the_book_hold_a_plain_space(told: Cast) -> None:
    staff = sign_in("iris@agora.example")
    assert not any("\N{NO-BREAK SPACE}" in text for row in export(staff) for text in row.values())
    body = str(staff.get(f"/api/v1/accounts/{told.haarlem.public_id}/story").json())
    assert PARTED.search(body) and "\N{NO-BREAK SPACE}" not in body


def test_what_people_typed_comes_back_as_it_was() -> None:
    page = (
        '<p title="€ 1.00">€ 2.00</p><textarea name="note">€ 3.00\n€ 4.00</textarea><b>€ 5.00</b><input value="€ 6.00">'
    )
    held = hold_together(page.encode()).decode()
    assert held == page.replace(">€ 2", f">{HELD}2").replace(">€ 5", f">{HELD}5")


def test_a_page_without_amounts_is_the_same() -> None:
    assert hold_together(b"<p>Nothing</p>") == b"<p>Nothing</p>"
