"""The customer's pages as a phone shows them: nothing sideways, nothing unreadable, and nothing that needs script."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.axe import audit
from tests.browser.test_visit import sign_in
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_phone_shows_every_page_whole(committed: Cast, live_server: Any, chromium: Any, scheme: str) -> None:
    page = chromium.new_context(viewport=PHONE, color_scheme=scheme, bypass_csp=True).new_page()
    sign_in(page, live_server.url, "maud@client.example")
    found: list[str] = []
    for address in (
        "/",
        "/history/",
        f"/workspaces/{committed.klimaat.public_id}",
        f"/billing/{committed.haarlem.public_id}",
    ):
        page.goto(live_server.url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        found += audit(page, address)
    assert found == []


def test_without_script_and_by_keys_alone(committed: Cast, live_server: Any, chromium: Any) -> None:
    page = chromium.new_context(viewport=PHONE, java_script_enabled=False).new_page()
    sign_in(page, live_server.url, "maud@client.example")
    page.focus("text=Burgerberaad Klimaat")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/workspaces/{committed.klimaat.public_id}")
    assert "Usage by month" in page.inner_text("main")
    page.focus("text=Price and payments")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/billing/{committed.haarlem.public_id}")
    page.focus("summary")
    page.keyboard.press("Enter")
    assert "Wijkgesprekken Noord" in page.inner_text("main")
