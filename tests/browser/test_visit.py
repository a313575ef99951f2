"""The typical visit, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cast import PASSWORD, Cast, prove

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: Any, base: str, email: str) -> None:
    page.goto(f"{base}/sign-in/")
    page.fill("#login", email)
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_url(lambda url: "/sign-in/" not in url)  # staff land in the panel, customers on their pages


def kebab_of(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=f"Actions for {name}", exact=True)


def test_from_the_dashboard_to_a_reset_and_what_the_customer_sees(
    committed: Cast, live_server: Any, page: Any, chromium: Any
) -> None:
    base = live_server.url
    sign_in(page, base, "ties@agora.example")
    page.goto(f"{base}/")
    page.click("text=Staff panel")
    assert "Usage & billing" in page.inner_text("h1")
    assert page.locator("#totals", has_text="€ 150.00").count()

    page.locator("details.chip", has_text="Class").locator("summary").click()
    page.locator("input[type=checkbox][name=class][value=free]").click()
    page.wait_for_url(re.compile("class=free"))
    assert page.locator("#totals", has_text="€ 0.00").count() and "1 account " in page.inner_text("#totals")
    page.click("text=Clear all")
    page.locator(".head details.chip").first.locator("summary").click()
    page.locator(".head details.chip div a").nth(1).click()
    page.wait_for_url(re.compile("month="))
    assert "as at its end" in page.inner_text(".head")
    page.go_back()

    kebab_of(page, "Jeugdpanel").click()
    page.wait_for_selector("#menu a")
    row, menu = (
        kebab_of(page, "Jeugdpanel").locator("xpath=ancestor::tr").bounding_box(),
        page.locator("#menu").bounding_box(),
    )
    assert menu["y"] >= row["y"] + row["height"] or menu["y"] + menu["height"] <= row["y"]
    page.click("#menu .menu-part:not([hidden]) summary")
    assert "set tier" in page.locator("#menu .menu-part:not([hidden]) li", has_text="Change tier").inner_text()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Actions for Jeugdpanel"

    kebab_of(page, "Jeugdpanel").click()
    page.locator("#menu a", has_text="Reset usage").click()
    page.wait_for_selector("dialog[open]")
    assert "The customer will see" in page.inner_text("#dialog")
    page.click("#dialog .button.main")
    page.wait_for_selector("#dialog .fault")
    page.fill("#f-reason", "Council meeting tonight")
    page.click("#dialog details.more summary")
    page.fill("#f-message", "You can go on.")
    page.click("#dialog .button.main")
    page.wait_for_selector(".toast-line")
    page.wait_for_selector("tbody.fresh")
    row = page.locator("tr", has=page.get_by_role("button", name="Actions for Jeugdpanel", exact=True))
    assert "0 h 00 of 1 h" in row.inner_text() and "at cap" not in row.inner_text()

    page.click("text=Book")
    assert "Council meeting tonight" in page.inner_text("main")
    page.goto(f"{base}/panel/accounts/{committed.samen.public_id}")
    page.wait_for_selector("#story li")
    assert "Usage reset" in page.inner_text("#story")

    customer = chromium.new_context().new_page()
    sign_in(customer, base, "lotte@client.example")
    text = customer.inner_text("main")
    assert "Usage reset" in text and "You can go on." in text
    assert "Council" not in text and "Ties" not in text
    assert "Staff panel" not in customer.inner_text("header")
    prove()


def test_a_discount_moves_row_and_totals_without_a_reload(committed: Cast, live_server: Any, page: Any) -> None:
    base = live_server.url
    sign_in(page, base, "iris@agora.example")
    page.goto(f"{base}/panel/usage/")
    kebab_of(page, "Gemeente Haarlem").click()
    section = page.locator("#menu a", has_text="Discount…").first
    section.click()
    page.wait_for_selector("dialog[open]")
    page.fill("#f-percent", "50")
    page.wait_for_selector("#preview:has-text('€ 75.00')")
    page.fill("#f-reason", "Agreed")
    page.click("#dialog .button.main")
    page.wait_for_selector("#totals:has-text('€ 75.00')")
    page.wait_for_selector("tbody.fresh:has-text('75.00')")
    prove()


def tab_to(page: Any, target: str, back: bool = False) -> None:
    """Tabs until what is focused fits the selector; a person would give up after sixty."""
    for _ in range(60):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("(target) => document.activeElement.matches(target)", target):
            return
    raise AssertionError(f"{target} is not reached by Tab")


def menu_entry(page: Any, words: str) -> None:
    """Types its name into the menu that opens, and Enter, without waiting for anything between."""
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"dialog[open] h2:has-text('{words}')")


def test_the_typical_visit_by_keyboard_alone(committed: Cast, live_server: Any, page: Any) -> None:
    """No mouse, no fill: keys only, from the sign-in to an action undone."""
    page.goto(f"{live_server.url}/sign-in/")
    tab_to(page, "#login")
    page.keyboard.type("iris@agora.example")
    tab_to(page, "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#totals")

    page.keyboard.press("/")
    page.keyboard.type("haarlem")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=haarlem"))
    page.keyboard.press("/")
    tab_to(page, ".filters summary")
    page.keyboard.press("Enter")
    tab_to(page, ".filters input[name=class][value=paying]")
    page.keyboard.press("Space")
    page.wait_for_url(re.compile("class=paying"))
    page.wait_for_selector("#totals:has-text('1 account ')")

    page.keyboard.press("j")
    assert "Gemeente Haarlem" in page.inner_text("tr.at")
    page.keyboard.press(".")
    menu_entry(page, "Discount")
    page.wait_for_function("document.activeElement.closest('dialog') !== null")
    tab_to(page, "#f-percent")
    page.keyboard.type("50")
    page.wait_for_selector("#preview:has-text('€ 75.00')")
    tab_to(page, "#f-reason")
    page.keyboard.type("Agreed on the phone")
    tab_to(page, "dialog .button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector("tbody.fresh:has-text('75.00')")
    page.wait_for_selector("#totals:has-text('€ 75.00')")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Actions for Gemeente Haarlem"

    page.keyboard.press("Enter")
    page.wait_for_selector("#menu .menu-undo")
    page.keyboard.type("Undo discount")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] h2")
    tab_to(page, "#f-reason")
    page.keyboard.type("They changed their mind")
    tab_to(page, "dialog .button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector("#totals:has-text('€ 150.00')")
    prove()


def test_the_typical_visit_by_touch_at_390_px(committed: Cast, live_server: Any, chromium: Any) -> None:
    """The same visit with a thumb; nothing scrolls sideways on the way."""
    size = {"width": 390, "height": 844}
    page = chromium.new_context(viewport=size, has_touch=True, is_mobile=True, device_scale_factor=2).new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{live_server.url}/sign-in/")
    page.locator("#login").fill("ties@agora.example")
    page.locator("#password").fill(PASSWORD)
    page.tap("button:has-text('Sign in')")
    page.wait_for_selector("#totals")
    assert_narrow(page)
    page.locator(".filters details", has_text="Class").locator("summary").tap()
    options = page.locator(".filters details[open] > div").bounding_box()
    assert options["x"] >= 0 and options["x"] + options["width"] <= 390
    page.locator(".filters input[name=class][value=free]").tap()
    page.wait_for_url(re.compile("class=free"))
    assert_narrow(page)

    kebab_of(page, "Jeugdpanel").tap()
    page.wait_for_selector("#menu a")
    box = page.locator("#menu").bounding_box()
    assert round(box["x"]) == 0 and round(box["width"]) == 390 and round(box["y"] + box["height"]) == 844
    entry = page.locator("#menu a", has_text="Reset usage")
    assert entry.bounding_box()["height"] >= 44 and page.locator("#menu .menu-field").bounding_box()["height"] >= 44
    entry.tap()
    page.wait_for_selector("dialog[open]")
    box = page.locator("#dialog").bounding_box()
    assert round(box["x"]) == 0 and round(box["width"]) == 390
    page.locator("#f-reason").fill("Council meeting tonight")
    page.tap("dialog .button.main")
    page.wait_for_selector("tbody.fresh:has-text('0 h 00 of 1 h')")
    assert_narrow(page)

    kebab_of(page, "Stichting Samen").tap()
    page.locator("#menu a", has_text="Discount…").first.tap()
    page.wait_for_selector("dialog[open]")
    page.locator("#f-percent").fill("10")
    page.locator("#f-reason").fill("Agreed")
    page.tap("dialog .button.main")
    page.locator(".toast-line a", has_text="Undo…").tap()
    page.wait_for_selector("dialog[open] h2:has-text('Undo')")
    page.locator("#f-reason").fill("Not them")
    page.tap("dialog .button.main")
    page.wait_for_selector("dialog:not([open])", state="attached")
    page.wait_for_selector(".toast-line:has-text('iscount')")
    page.tap("[popovertarget=sidebar]")
    page.tap("#sidebar a:has-text('Staff')")
    page.wait_for_selector("h1:has-text('Staff')")
    assert_narrow(page)
    prove()


def assert_narrow(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_javascript_an_action_works_as_pages(committed: Cast, live_server: Any, chromium: Any) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    sign_in(page, live_server.url, "ties@agora.example")
    page.goto(f"{live_server.url}/panel/usage/?q=samen")
    page.locator("tr.nested", has_text="Jeugdpanel").locator("a.kebab").click()
    page.click("text=Reset usage…")
    page.fill("#f-reason", "No script here")
    page.click("button:has-text('Reset usage')")
    page.wait_for_selector(".notice:has-text('Counting starts anew')")
    prove()


def test_hands_on_keys(committed: Cast, live_server: Any, page: Any) -> None:
    base = live_server.url
    sign_in(page, base, "iris@agora.example")
    page.goto(f"{base}/panel/usage/?sort=account")
    for key in "jjj":
        page.keyboard.press(key)
    page.keyboard.press("k")
    assert "Burgerberaad Klimaat" in page.inner_text("tr.at")
    page.keyboard.press(".")
    page.wait_for_selector("#menu a")
    assert "Burgerberaad Klimaat" in page.inner_text("#menu")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("#dialog[open] .keys")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open]")
    page.keyboard.type("discount samen")
    page.wait_for_selector("#palette-found a:has-text('Stichting Samen')")
    page.keyboard.press("Control+a")
    page.keyboard.type("oost")
    page.wait_for_selector("#palette-found a:has-text('Universiteit Oost')")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/panel/accounts/"))
    assert "Universiteit Oost" in page.inner_text("h1")
    page.wait_for_selector("#story p, #story li")


def test_pick_rows_discount_them_and_undo_one(committed: Cast, live_server: Any, page: Any) -> None:
    base = live_server.url
    sign_in(page, base, "iris@agora.example")
    page.goto(f"{base}/panel/usage/?sort=account")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator(".pick[name=account]").nth(1).check()
    page.click("#picked button[data-kind=account]")
    page.wait_for_selector("dialog[open] .results li")
    page.fill("#f-percent", "50")
    page.fill("#f-reason", "Spring")
    page.click("dialog[open] .button.main")
    page.wait_for_selector("#bulk-run")
    assert page.locator("#bulk-run .good").count() == 2
    page.click("#bulk-run [data-close]")
    page.wait_for_selector("#totals:has-text('€ 75.00')")
    kebab_of(page, "Gemeente Haarlem").click()
    page.locator("#menu a", has_text="Undo “Discount”").click()
    page.wait_for_selector("dialog[open] h2:has-text('Undo')")
    page.fill("#f-reason", "Not that one")
    page.click("dialog[open] .button.main")
    page.wait_for_selector("#totals:has-text('€ 150.00')")
    prove()


def test_escape_keeps_a_dialog_with_words(committed: Cast, live_server: Any, page: Any) -> None:
    base = live_server.url
    sign_in(page, base, "ties@agora.example")
    page.goto(f"{base}/panel/workspaces/{committed.panel.public_id}")
    page.click("text=Add note…")
    page.wait_for_selector("dialog[open] textarea")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    page.click("text=Add note…")
    page.fill("dialog[open] textarea >> nth=0", "Called; wants a trial")
    for _ in range(3):
        page.keyboard.press("Escape")
    assert page.input_value("dialog[open] textarea >> nth=0") == "Called; wants a trial"
    assert page.locator("dialog .kept").count() == 1
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("dialog[open]", state="detached")
