"""Undo in one place, and the palette by hand: what is at hand, for whom, and back."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from tests.browser.test_visit import sign_in
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HALF = {"kind": "scholarship", "percent": "50", "end_date": ""}
FOUND = "#palette-found a"


@pytest.fixture
def lead(committed: Cast, live_server: Any, page: Any) -> Any:
    sign_in(page, live_server.url, "iris@agora.example")
    return page


def test_what_was_done_is_taken_back_in_place(committed: Cast, live_server: Any, lead: Any) -> None:
    cast = committed
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, HALF, reason="agreed")
    run("tenants.workspace.add_note", cast.iris, cast.panel.public_id, {"text": "Wrong place"})
    lead.set_viewport_size({"width": 390, "height": 844})
    lead.goto(f"{live_server.url}/panel/undo/")
    assert lead.locator(".offers > li").count() == 1 and "Jeugdpanel" in lead.inner_text(".offers")
    lead.click(".tabs a:has-text('Everybody')")
    lead.wait_for_selector(".offers li:has-text('Gemeente Haarlem')")
    assert lead.evaluate("document.documentElement.scrollWidth") == 390
    lead.click(".offers li:has-text('Jeugdpanel') .button")
    lead.click("#dialog .button.main")
    lead.wait_for_selector(".offers li.over:has-text('Taken back by Iris')")
    assert AuditLine.objects.filter(key="tenants.workspace.withdraw_note").count() == 1
    assert lead.locator(".offers .button").count() == 1
    lead.wait_for_function("document.activeElement.matches('.offers .button')")  # the focus went on to what is left


def test_the_palette_by_keys_alone(committed: Cast, live_server: Any, lead: Any) -> None:
    cast = committed
    lead.goto(f"{live_server.url}/panel/workspaces/{cast.panel.public_id}")
    lead.goto(f"{live_server.url}/panel/usage/")
    lead.keyboard.press("Control+k")
    lead.wait_for_selector(f"{FOUND}[aria-selected=true]:has-text('Jeugdpanel')")  # what was opened last
    assert "On this page" in lead.inner_text("#palette-found")
    chosen = lead.get_attribute("#palette [name=q]", "aria-activedescendant")
    lead.keyboard.press("ArrowDown")
    assert lead.get_attribute("#palette [name=q]", "aria-activedescendant") != chosen
    assert lead.locator(f"{FOUND}[aria-selected=true]").count() == 1
    kept = lead.evaluate("Object.values(localStorage).join()")
    assert cast.panel.public_id in kept and "Jeugdpanel" not in kept
    lead.keyboard.type("transfer ownership")  # a former name
    lead.wait_for_selector(f"{FOUND}:has-text('Change admin')")
    lead.keyboard.press("Enter")
    lead.wait_for_selector("#palette .step:has-text('Change admin')")
    lead.wait_for_selector(f"{FOUND}:has-text('Jeugdpanel')")  # the recents come first here too
    lead.keyboard.press("Escape")
    lead.wait_for_selector("#palette .step", state="hidden")
    assert lead.locator("#palette[open]").count() == 1
    lead.keyboard.type("discount")
    lead.keyboard.press("Enter")
    lead.wait_for_selector("#palette .step:has-text('Discount')")
    lead.keyboard.type("klimaat")
    lead.keyboard.press("Enter")
    lead.wait_for_selector("#dialog[open] .to:has-text('Klimaat')")  # in place, as after the answer
    lead.keyboard.press("Escape")
    lead.keyboard.press("Control+k")
    lead.keyboard.type("klimaat")
    lead.keyboard.press("Enter")  # before the answer is there: what was typed holds, not what is shown still
    lead.wait_for_url(f"**/panel/workspaces/{cast.klimaat.public_id}")
    lead.evaluate("document.querySelector('form[action=\"/sign-out/\"]').requestSubmit()")
    lead.wait_for_url("**/sign-in/**")
    assert cast.panel.public_id not in lead.evaluate("Object.values(localStorage).join()")
