"""The story on a page: kinds by keyboard, the back button, what is older, what comes in, and its place on a phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.core import clock
from tests.browser.test_visit import sign_in
from tests.cast import NOW, Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_story_is_read_by_keyboard_and_on_a_phone(
    committed: Cast, live_server: Any, chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bursar.panel.story_pages.SHOWN", 8)
    account = committed.samen
    for n in range(12):
        with clock.frozen(NOW - timedelta(days=12 - n)):
            run("tenants.account.add_note", committed.ties, account.public_id, {"text": f"The note number {n}"})
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    sign_in(page, live_server.url, "iris@agora.example")
    address = f"{live_server.url}/panel/accounts/{account.public_id}"
    page.goto(address)
    facts, story = (page.locator(one).bounding_box() for one in (".facts-column", "#story-side"))
    assert story["x"] >= facts["x"] + facts["width"] and abs(story["y"] - facts["y"]) < 20
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.focus("#kind-notes")
    page.keyboard.press("Enter")
    page.wait_for_selector("#kind-notes[aria-current]")
    assert page.url == f"{address}?kind=notes" and page.evaluate("document.activeElement.id") == "kind-notes"
    assert page.locator("#story li").count() == page.locator("#story li.notes").count() == 8
    page.focus("#kind-thresholds")
    page.keyboard.press("Enter")
    page.wait_for_selector("#kind-thresholds[aria-current]")
    assert page.url == f"{address}?kind=notes&kind=thresholds"
    page.go_back()
    page.wait_for_selector("#kind-thresholds:not([aria-current])")
    assert page.locator("#kind-notes[aria-current]").count() == 1

    page.focus("#story-older")
    page.keyboard.press("Enter")
    page.wait_for_selector("p#story-older")
    assert page.locator("#story li.notes").count() == 12 and page.url == f"{address}?kind=notes"
    assert page.evaluate("document.activeElement.id") == "story-older"

    last = page.locator("#story li").last.get_attribute("id")
    page.focus(f"#{last}-at")
    run("tenants.account.add_note", committed.ties, account.public_id, {"text": "Just now"})
    page.evaluate(
        "ids => document.body.dispatchEvent(new CustomEvent('changed', {detail: {ids}}))", [account.public_id]
    )
    page.wait_for_selector("#story li:has-text('Just now')")
    page.wait_for_function("id => document.activeElement.id === id", arg=f"{last}-at")
    assert page.locator("#story li.notes").count() == 13
    assert page.locator("#story").count() == page.locator("#whole").count() == 1

    page.keyboard.press("Enter")  # an entry's own address
    page.wait_for_selector("#story a:has-text('To the newest')")
    assert page.locator("#story li").count() == 1

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    facts, story = (page.locator(one).bounding_box() for one in (".facts-column", "#story-side"))
    assert story["y"] >= facts["y"] + facts["height"] and page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#story li:visible").count() == 5
    page.click("#story >> text=Show all")
    page.wait_for_function("document.querySelectorAll('#story li').length > 5")
    assert page.locator("#story li:visible").count() == page.locator("#story li").count() == 8
