"""The kebab by keyboard alone: every action within four keys of its row, and nothing between a letter and its answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bursar.actions import menu
from bursar.actions.finding import find
from bursar.actions.menu import Entry
from bursar.core import clock
from tests.browser.axe import AXE, SERIOUS
from tests.browser.test_visit import kebab_of, sign_in
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TWENTY = 20
SHIFTS = """() => { window.shifted = 0; new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
}).observe({ type: 'layout-shift' }); }"""
RANKED = """async ([typed]) => {
    const { find } = await import(new URL('find.js', document.querySelector('script[src*="/js/main"]').src));
    const entries = [...document.querySelectorAll('.menu-groups [role=option], .menu-not-now li')];
    return typed.map((text) => find(entries, text).map((one) => one.dataset.code).filter(Boolean));
}"""


def possible(cast: Cast, slug: str, target_id: str) -> list[Entry]:
    parts = menu.build(cast.iris, slug, target_id, clock.now())
    return [entry for part in parts for entry in part.entries if entry.enabled and len(entry.code) == 2]


def audit(page: Any) -> list[str]:
    page.add_script_tag(path=str(AXE))
    found: list[str] = page.evaluate(SERIOUS, ["#menu", []])
    return found


def stand_on(page: Any, name: str) -> None:
    for _ in range(12):
        page.keyboard.press("j")
        if page.locator("tr.at").get_by_role("button", name=f"Actions for {name}", exact=True).count():
            return
    raise AssertionError(f"j does not reach {name}")


def test_twenty_actions_within_four_keys_of_their_rows(committed: Cast, live_server: Any, page: Any) -> None:
    """A dot, two letters and Enter, as fast as they can be typed; the page is never loaded again."""
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/usage/?sort=account")
    rows = [
        ("Gemeente Haarlem", possible(committed, "account", committed.haarlem.public_id)),
        ("Burgerberaad Klimaat", possible(committed, "workspace", committed.klimaat.public_id)),
        ("Jeugdpanel", possible(committed, "workspace", committed.panel.public_id)),
    ]
    page.evaluate("window.isSame = true")
    opened: set[str] = set()
    for name, entries in rows:
        stand_on(page, name)
        for entry in [one for one in entries if one.key not in opened][: TWENTY - len(opened)]:
            keys = [".", *entry.code, "Enter"]
            assert len(keys) <= 4
            for key in keys:
                page.keyboard.press(key)
            title = page.locator("#dialog[open] #dialog-title")
            title.wait_for()
            assert entry.label.removesuffix("…") in title.inner_text(), entry.key
            page.keyboard.press("Escape")
            page.wait_for_selector("#dialog:not([open])", state="attached")
            page.wait_for_function("(name) => document.activeElement.ariaLabel === name", arg=f"Actions for {name}")
            opened.add(entry.key)
    assert len(opened) == TWENTY and page.evaluate("window.isSame")


def test_the_menu_filters_folds_and_goes_one_step_away(committed: Cast, live_server: Any, chromium: Any) -> None:
    page = chromium.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True).new_page()
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/usage/?sort=account&q=samen")
    stand_on(page, "Jeugdpanel")
    page.evaluate(SHIFTS)
    page.keyboard.press(".")
    page.wait_for_selector(".menu-likely [role=option]")
    assert page.evaluate("document.activeElement.role") == "combobox"
    assert page.locator(".menu-likely [role=option]").count() <= 3
    assert [page.locator(".menu-likely .menu-why").nth(at).inner_text() for at in range(3)] == ["at cap"] * 3
    assert page.evaluate("document.getElementById('menu').scrollHeight") <= 0.7 * 800
    assert page.evaluate("window.shifted") < 0.01
    assert audit(page) == []

    page.keyboard.press("ArrowRight")  # the account, then back
    assert "Stichting Samen" in page.locator("[role=tab][aria-selected=true]").inner_text()
    assert "Grant reverse trial" in page.locator("[role=option][aria-selected=true]").inner_text()
    page.keyboard.press("ArrowLeft")
    assert "Jeugdpanel" in page.locator("[role=tab][aria-selected=true]").inner_text()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert page.locator("#menu [role=combobox]").get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    assert page.inner_text("#menu-help") and "Not now" not in page.inner_text("#menu-help")

    page.keyboard.type("coupon")  # a former name; the account's has the same label
    hits = page.locator("#menu-hits [role=option]")
    assert [re.sub(r"\s+", " ", hits.nth(at).inner_text()) for at in range(hits.count())] == [
        "Discount… Workspace · Jeugdpanel di", "Discount… Account · Stichting Samen adi",
    ]  # fmt: skip
    grey = page.locator(".menu-grey li").first
    assert "Remove discount…" in grey.inner_text() and "Not now: " in grey.inner_text()
    assert audit(page) == []
    page.keyboard.press("Escape")
    assert page.input_value("#menu [role=combobox]") == "" and page.locator(".menu-likely").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#menu").is_visible()
    assert page.evaluate("document.activeElement.ariaLabel") == "Actions for Jeugdpanel"

    page.keyboard.press(".")
    page.keyboard.type("zzzz")
    page.keyboard.press("Enter")
    page.wait_for_selector(".menu-none:has-text('No action is called so')")
    assert page.locator("dialog[open]").count() == 0


def test_the_page_ranks_as_the_server_does(committed: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/usage/?sort=account&q=haarlem")
    kebab_of(page, "Burgerberaad Klimaat").click()
    page.wait_for_selector(".menu-entry")
    parts = menu.build(committed.iris, "workspace", committed.klimaat.public_id, clock.now())
    groups = [entry for part in parts for entry in part.entries]
    typed = ["", "d", "di", "Coupon", "set", "discount haarlem", "e-mail", "Étape", "tk", "own", "ta", "r u"]
    entries = [entry for part in parts for entry in [e for e in part.entries if e.enabled]] + [
        entry for entry in groups if not entry.enabled
    ]
    for text, found in zip(typed, page.evaluate(RANKED, [typed]), strict=True):
        assert sorted(found) == sorted(entry.code for entry in find(entries, text)), text
    for text in ("di", "tk", "coupon", "discount haarlem"):
        assert page.evaluate(RANKED, [[text]])[0][0] == find(entries, text)[0].code


def test_the_row_with_the_focus_is_the_row_one_is_on(committed: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/usage/")
    page.keyboard.press("j")
    kebab_of(page, "Jeugdpanel").focus()  # by Tab, as it were
    page.keyboard.press(".")
    page.wait_for_selector("#menu[aria-label='Actions for Jeugdpanel'] [role=option]")
