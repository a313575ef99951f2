"""The handbook in a real browser: from a dialog to its page, the search, light and dark; the policy is never broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import audit
from tests.browser.test_visit import kebab_of, sign_in
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_a_dialog_to_its_page_and_the_search(
    committed: Cast, live_server: Any, page: Any, built_site: Path, settings: Any
) -> None:
    settings.BURSAR_HANDBOOK = built_site
    sign_in(page, live_server.url, "ties@agora.example")
    page.goto(f"{live_server.url}/panel/usage/")
    kebab_of(page, "Jeugdpanel").click()
    page.locator("#menu a", has_text="Reset usage").click()
    link = page.locator("#dialog a", has_text="When to use this")
    assert link.get_attribute("target") == "_blank"  # what is typed in the dialog stays
    page.goto(f"{live_server.url}{link.get_attribute('href')}")
    assert "Reset usage (workspace)" in page.inner_text("h1")

    page.click("[data-md-component=search-query]")
    page.keyboard.type("reverse trial")
    first = page.locator(".md-search-result__link").first
    first.wait_for()
    assert "Grant reverse trial" in first.inner_text()
    first.click()
    page.wait_for_url("**/actions/plans.account.grant_trial/**")

    for scheme in ("default", "slate"):
        page.locator("label.md-header__button[title]:not([hidden])").first.click()
        assert page.evaluate("document.body.dataset.mdColorScheme") == scheme
    page.reload()
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    page.click("text=To the panel")
    page.wait_for_url("**/panel/usage/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_there(
    committed: Cast, live_server: Any, chromium: Any, built_site: Path, settings: Any, scheme: str
) -> None:
    settings.BURSAR_HANDBOOK = built_site
    page = chromium.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    sign_in(page, live_server.url, "ada@agora.example")
    found = []
    for address in ("", "actions/plans.workspace.change_tier/", "roles/", "choosing-the-right-lever/"):
        page.goto(f"{live_server.url}/handbook/{address}")
        found += audit(page, address)
    assert found == []
