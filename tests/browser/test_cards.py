"""The dialog's card, what has no effect, the way back, what is folded: each sentence once, where it can fail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_visit import sign_in
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def open_dialog(page: Any, address: str) -> None:
    page.evaluate("(address) => htmx.ajax('GET', address, { target: '#dialog' })", address)
    page.wait_for_selector("dialog[open] form")


def top_of(page: Any, field: str) -> float:
    found: float = page.evaluate("(one) => document.querySelector(one).getBoundingClientRect().top", field)
    return found


def test_a_dialog_cannot_mislead(committed: Cast, live_server: Any, page: Any) -> None:
    account, workspace = committed.haarlem.public_id, committed.panel.public_id
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(page, live_server.url, "ties@agora.example")
    page.goto(f"{live_server.url}/panel/usage/")
    open_dialog(page, f"/panel/actions/account/{account}/set_discount")
    assert page.locator("#preview .card-facts", has_text="€ 150.00").count()
    assert "It can be undone for 24 hours." in page.inner_text("#preview .ending")
    place = top_of(page, "#f-percent")
    page.fill("#f-percent", "50")
    page.wait_for_selector("#preview .card-facts td:has-text('€ 75.00')")
    assert "It can be undone until" in page.inner_text("#preview .ending")
    assert top_of(page, "#f-percent") == pytest.approx(place, abs=1), "nothing moves under whoever types"
    box, shown = page.locator("#dialog .button.main").bounding_box(), page.locator("#f-message")
    assert box["y"] + box["height"] <= 800 and not shown.is_visible()
    page.locator("#dialog details.more summary").press("Enter")
    assert shown.is_visible()

    open_dialog(page, f"/panel/actions/workspace/{workspace}/set_discount")
    page.fill("#f-percent", "10")
    page.wait_for_selector("#preview .idle:has-text('No amount changes by it now')")
    assert page.inner_text("#dialog .button.main") == "Discount all the same"

    page.set_viewport_size({"width": 390, "height": 844})
    open_dialog(page, f"/panel/actions/account/{account}/set_billing_details")
    assert "It can be undone for 24 hours." in page.inner_text("#preview .ending")
    assert not page.locator("#f-peppol_id").is_visible()
    page.locator("#dialog details.more", has_text="peppol id").locator("summary").click()
    assert page.locator("#f-peppol_id").is_visible()
    assert page.evaluate("document.querySelector('#dialog').scrollWidth <= 390")

    open_dialog(page, f"/panel/actions/workspace/{workspace}/reset_usage")
    assert "It cannot be undone" in page.inner_text("#preview .ending")
    open_dialog(page, f"/panel/actions/account/{account}/set_managed")
    assert "Back to self-serve" in page.inner_text("#preview") or "undone" in page.inner_text("#preview .ending")
