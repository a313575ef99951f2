"""From To issue to a draft and to an invoice, by mouse and keyboard, with the document before one's eyes."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.billing.models import Draft, Invoice
from bursar.billing.store import set_details
from bursar.core import clock
from tests.billing.test_proposing import PUBLIC, seller
from tests.browser.test_visit import sign_in
from tests.cast import Cast

__all__ = ["seller"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_draft_from_the_dialog_and_then_its_invoice(
    committed: Cast, live_server: Any, page: Any, seller: Any
) -> None:
    set_details({committed.oost.pk: PUBLIC}, clock.now())
    sign_in(page, live_server.url, "ties@agora.example")
    page.goto(f"{live_server.url}/panel/invoices/")
    page.get_by_role("link", name="Look and issue…").click()
    paper = page.locator("dialog .paper")
    paper.wait_for()
    page.screenshot(path="/tmp/toissue_dialog.png")
    page.locator("[name=lines-0-description]").fill("Een avond")
    page.locator("[name=lines-0-unit_price]").fill("99.50")
    paper.get_by_text("Een avond").wait_for()
    page.get_by_role("button", name="Save as draft").click()
    page.locator(".toast-line").wait_for()
    assert not Invoice.objects.exists() and Draft.objects.get().account == committed.oost
    page.screenshot(path="/tmp/toissue_page.png")
    page.get_by_role("link", name="drafted").click()
    page.screenshot(path="/tmp/toissue_drafts.png")
    page.get_by_role("link", name="Issue…").click()
    page.locator("dialog .paper").wait_for()
    page.get_by_role("button", name="Issue", exact=True).click()
    page.get_by_text("No draft waits").wait_for()
    assert Invoice.objects.get().document.items[1].description == "Een avond"
    page.goto(f"{live_server.url}/panel/invoices/")
    page.get_by_text("Everything is invoiced.").wait_for()
