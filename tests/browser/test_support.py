"""A colleague asks, the customer lets them in, the colleague joins; the customer turns it off, and the next request is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from tests.cast import Cast, prove, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def be(page: Any, base: str, email: str) -> None:
    """Signed in already; the sign-in page has tests of its own."""
    value = sign_in(email).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": base}])


def test_asked_let_in_and_out_again(committed: Cast, live_server: Any, page: Any, chromium: Any) -> None:
    base, place = live_server.url, committed.panel
    be(page, base, "ties@agora.example")
    page.goto(f"{base}/panel/workspaces/{place.public_id}")
    page.locator("#support a", has_text="Ask to be let in…").click()
    page.wait_for_selector("dialog[open]")
    page.fill("#f-note", "The transcripts of last week do not open.")
    page.locator("#dialog .button.main").click()
    page.wait_for_selector("#support td:has-text('waits for an answer')")

    customer = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    customer.set_default_timeout(15_000)
    be(customer, base, "lotte@client.example")
    customer.goto(f"{base}/workspaces/{place.public_id}")
    assert "The transcripts of last week do not open." in customer.inner_text("#support")
    customer.locator("#support a", has_text="Let them in once…").click()
    customer.wait_for_selector("dialog[open]")
    customer.locator("#dialog .button.main").click()
    customer.wait_for_selector("#support li:has-text('You let somebody in once')")

    page.goto(f"{base}/panel/workspaces/{place.public_id}")
    page.locator("#support a", has_text="Join as admin…").click()
    page.wait_for_selector("dialog[open]")
    page.locator("#dialog .button.main").click()
    page.locator("#support a", has_text="See their page as its admin does").click()
    page.wait_for_selector("text=You are here as support until")
    assert "Usage by month" in page.inner_text("main")

    customer.goto(f"{base}/workspaces/{place.public_id}")
    assert "Ties" not in customer.inner_text("main")
    customer.locator("#support a", has_text="Turn support access off…").click()
    customer.wait_for_selector("#preview:has-text('Whoever is in has to leave at once.')")
    customer.locator("#dialog .button.main, #dialog .button.bad").first.click()
    customer.wait_for_selector("#support-now", state="detached")

    assert page.reload().status == 403
    assert f"You are not in {place.name}." in page.inner_text("body")
    prove()
