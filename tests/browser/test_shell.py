"""The frame of every page in a real browser: the sidebar, its drawer on a phone, the type; and nothing moves by itself."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.core.models import InstallationFact
from tests.browser.test_visit import sign_in
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHIFTS = """() => {
  window.shifts = [];
  const note = (one) => ({ value: one.value, what: one.sources.map((source) => source.node?.parentElement?.outerHTML.slice(0, 80)) });
  new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(note))).observe({ type: "layout-shift", buffered: true });
}"""
PAGES = (
    "/panel/usage/",
    "/panel/at-risk/",
    "/panel/payments/",
    "/panel/movements/",
    "/panel/requests/",
    "/panel/book/",
)
PHONE = {"width": 390, "height": 844}


def watch(chromium: Any, width: int = 1280, height: int = 800, **more: Any) -> Any:
    context = chromium.new_context(viewport={"width": width, "height": height}, **more)
    context.add_init_script(f"({SHIFTS})()")
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


def assert_still(page: Any) -> None:
    """Fonts, counts, charts and times have all come, and the page stands where it stood."""
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "document.fonts.ready.then(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))))"
    )
    shifts = page.evaluate("window.shifts")
    assert sum(one["value"] for one in shifts) < 0.01, (page.url, shifts)


def test_nothing_moves_by_itself_and_every_page_is_set_in_inter(
    committed: Cast, live_server: Any, chromium: Any
) -> None:
    page = watch(chromium)
    page.goto(f"{live_server.url}/sign-in/")
    assert_still(page)
    sign_in(page, live_server.url, "iris@agora.example")
    for path in (*PAGES, f"/panel/accounts/{committed.haarlem.public_id}", "/account/"):
        page.goto(live_server.url + path)
        assert_still(page)
        assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Bursar Inter"'), path
        assert page.evaluate("[...document.fonts].some((one) => one.status === 'loaded')"), path
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/panel/usage/")
    assert_still(page)
    maud = watch(chromium, 390, 844)
    sign_in(maud, live_server.url, "maud@client.example")
    assert_still(maud)


def test_the_sidebar_stands_at_1280_folds_by_its_key_and_stays_so(
    committed: Cast, live_server: Any, chromium: Any
) -> None:
    page = watch(chromium)
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/at-risk/")
    assert page.locator("#sidebar [role=group] > p").all_inner_texts() == ["Customers", "Money", "People", "House"]
    assert page.locator("#sidebar [aria-current=page]").inner_text().split()[0] == "At-risk"
    page.wait_for_selector("#sidebar [aria-current=page] .count:has-text('1')")
    wide = page.locator("#sidebar").bounding_box()["width"]
    assert page.locator("main").bounding_box()["x"] == wide

    page.keyboard.press("[")
    narrow = page.locator("#sidebar").bounding_box()["width"]
    assert narrow < wide / 3 and page.locator("main").bounding_box()["x"] == narrow
    page.goto(f"{live_server.url}/panel/usage/")
    assert_still(page)
    assert page.locator("#sidebar").bounding_box()["width"] == narrow
    assert page.get_by_role("link", name="Requests").is_visible(), "its name is still read out"
    assert page.locator("[data-fold-sidebar]").get_attribute("aria-expanded") == "false"
    page.click("[data-fold-sidebar]")
    assert page.locator("#sidebar").bounding_box()["width"] == wide
    page.emulate_media(media="print")
    assert not page.locator("#sidebar").is_visible() and page.locator("main").bounding_box()["x"] == 0


def test_on_a_phone_the_first_account_is_near_and_the_menu_is_a_drawer(
    committed: Cast, live_server: Any, chromium: Any
) -> None:
    InstallationFact.objects.create(name="demo", value="yes")
    page = watch(chromium, 390, 844)
    sign_in(page, live_server.url, "iris@agora.example")
    assert page.locator(".strip").count() == 2, "the demo's and the late worker's"
    assert page.locator(".rows-grid tbody tr").first.bounding_box()["y"] <= 400
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    drawer = page.locator("#sidebar")
    assert not drawer.is_visible()
    page.focus("[popovertarget=sidebar]")
    page.keyboard.press("Enter")
    assert drawer.is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Usage & billing"
    page.keyboard.press("Escape")
    assert not drawer.is_visible()
    assert page.evaluate("document.activeElement.getAttribute('popovertarget')") == "sidebar"
    page.click("[popovertarget=sidebar]")
    page.mouse.click(380, 500)
    assert not drawer.is_visible()

    plain = watch(chromium, 390, 844, java_script_enabled=False, storage_state=page.context.storage_state())
    plain.goto(f"{live_server.url}/panel/usage/")
    plain.click("[popovertarget=sidebar]")
    plain.click("#sidebar a:has-text('Book')")
    plain.wait_for_selector("h1:has-text('Book')")


TOAST = """() => document.body.dispatchEvent(new CustomEvent("toast", { detail: { text: "Done.", undo: "/panel/undo/" } }))"""
COLOURS = "(one) => [getComputedStyle(one).color, getComputedStyle(one.parentElement).color]"


def test_a_link_keeps_its_colour_under_the_pointer(committed: Cast, live_server: Any, page: Any) -> None:
    """On the toast, which is dark on a light page, and on names and buttons."""
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/usage/")
    page.evaluate(TOAST)
    for link in (".toast-line a", "td.name a", ".top .brand"):
        page.hover(link)
        own, around = page.locator(link).first.evaluate(COLOURS)
        assert own == around, link


def test_a_date_in_a_tag_stands_apart_from_its_word(committed: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/usage/")
    width = """(between) => {
      const tag = document.querySelector("main").appendChild(document.createElement("span"));
      tag.className = "tag";
      tag.append("failing since" + between, document.createElement("time"));
      tag.lastChild.textContent = "Nov 27";
      return tag.offsetWidth;
    }"""
    assert page.evaluate(width, " ") > page.evaluate(width, "")
