"""From the customer's request in one browser, to the approval in another, to the customer seeing the new tier."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.axe import audit
from tests.browser.test_visit import sign_in
from tests.cast import Cast, prove

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_asked_in_one_browser_approved_in_another(committed: Cast, live_server: Any, page: Any, chromium: Any) -> None:
    base, name = live_server.url, committed.panel.name
    customer = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    customer.set_default_timeout(15_000)
    sign_in(customer, base, "lotte@client.example")
    customer.click("nav >> text=Requests")
    customer.locator(".asks a", has_text="Request…").first.click()
    customer.wait_for_selector("dialog[open]")
    assert "Cap: 1 h for life → no cap." in customer.inner_text("#preview")
    customer.fill("#f-message", "Our assembly starts in January.")
    customer.locator("#dialog .button.main").click()
    customer.wait_for_selector(f".request:has-text('Changemaker for {name}')")
    assert "pending" in customer.inner_text(".request")

    sign_in(page, base, "noor@agora.example")
    page.goto(f"{base}/panel/requests/")
    page.wait_for_selector("nav[aria-label=Panel] a:has-text('Requests 1')")
    page.click(f"td.name a:has-text('{name}')")
    page.wait_for_selector("h1:has-text('Changemaker for')")
    assert "Our assembly starts in January." in page.inner_text("main")
    page.locator(".tools a", has_text="Approve…").click()
    page.wait_for_selector("#preview:has-text('75.00')")
    page.select_option("#f-tier", "guardian")
    page.wait_for_selector("#preview:has-text('150.00')")
    page.fill("#f-reason", "Agreed with the board")
    page.click("#dialog details:has(#f-message) summary")
    page.fill("#f-message", "Guardian for the price of patience. Welcome.")
    page.locator("#dialog .button.main").click()
    page.wait_for_selector("#whole .notice:has-text('Approved by Noor')")
    assert "changed" in page.inner_text("table.ledger >> nth=0")
    page.goto(f"{base}/panel/requests/")
    assert "Nobody waits for an answer." in page.inner_text("main")

    customer.goto(f"{base}/")
    assert "Guardian" in customer.inner_text("main")
    customer.goto(f"{base}/requests/")
    text = customer.inner_text(".request")
    assert "Approved by the Agora Voices team" in text and "Guardian for the price of patience. Welcome." in text
    assert "Guardian" in text and "Changemaker" in text
    assert "Noor" not in customer.content() and "Agreed with the board" not in customer.content()
    prove()


def test_a_customer_asks_without_javascript(committed: Cast, live_server: Any, chromium: Any) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    base = live_server.url
    sign_in(page, base, "lotte@client.example")
    page.goto(f"{base}/requests/")
    page.locator(".asks a", has_text="Request…").first.click()
    page.click("text=Cancel")
    page.wait_for_url(f"{base}/requests/")
    page.locator(".asks a", has_text="Request…").first.click()
    page.click("button:has-text('Ask for an upgrade')")
    page.wait_for_url(f"{base}/requests/")
    page.wait_for_selector(".notice:has-text('Your request for Changemaker')")
    page.locator("a", has_text="Withdraw…").click()
    page.click("button:has-text('Withdraw request')")
    page.wait_for_selector(".notice:has-text('is not asked for any more')")
    assert "Withdrawn by Lotte" in page.inner_text(".request")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_about_requests(
    committed: Cast, live_server: Any, chromium: Any, scheme: str
) -> None:
    base, found = live_server.url, []
    customer = chromium.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    sign_in(customer, base, "lotte@client.example")
    customer.goto(f"{base}/requests/")
    customer.locator(".asks a", has_text="Request…").first.click()
    customer.wait_for_selector("dialog[open]")
    found += audit(customer, "ask")
    customer.locator("#dialog .button.main").click()
    customer.wait_for_selector(".request")
    found += audit(customer, "/requests/")
    page = chromium.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    sign_in(page, base, "noor@agora.example")
    page.goto(f"{base}/panel/requests/")
    found += audit(page, "queue")
    page.click("td.name a")
    page.wait_for_selector("#timeline li")
    found += audit(page, "request")
    page.locator(".tools a", has_text="Approve…").click()
    page.wait_for_selector("dialog[open]")
    found += audit(page, "approve")
    assert found == []
