"""Signed in anew in another tab: what was typed before is still there, and is sent with the new keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bursar.audit.models import AuditLine
from bursar.files.models import File
from tests.browser.test_visit import sign_in
from tests.cast import NOW, Cast, organisation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TYPED = "Called; wants a trial"


def sign_in_anew(page: Any, base: str, who: str = "ties") -> None:
    """In another tab of the same browser."""
    page.context.clear_cookies()
    other = page.context.new_page()
    sign_in(other, base, f"{who}@agora.example")
    other.close()


def type_a_note(page: Any, base: str, cast: Cast) -> None:
    sign_in(page, base, "ties@agora.example")
    page.goto(f"{base}/panel/workspaces/{cast.panel.public_id}")
    page.click("text=Add note…")
    with page.expect_response("**/preview"):  # else it may be the one that finds out who signed in, before any click
        page.fill("dialog[open] textarea >> nth=0", TYPED)


def notes() -> list[tuple[str, str]]:
    lines = AuditLine.objects.filter(key="tenants.workspace.add_note")
    return [(line.actor_id, str(line.changes)) for line in lines]


def test_a_dialog_is_sent_again_with_the_new_keys(committed: Cast, live_server: Any, page: Any) -> None:
    type_a_note(page, live_server.url, committed)
    sign_in_anew(page, live_server.url)
    page.locator("dialog[open] .button.main").click()
    page.wait_for_selector("dialog[open]", state="detached")
    assert [(who, TYPED in said) for who, said in notes()] == [(committed.ties.id, True)]
    page.click("text=Add note…")  # the page goes on as if nothing had been
    page.fill("dialog[open] textarea >> nth=0", "Another")
    page.locator("dialog[open] .button.main").click()
    page.wait_for_selector("dialog[open]", state="detached")
    assert len(notes()) == 2


def test_nothing_is_sent_for_somebody_else_before_it_is_said(committed: Cast, live_server: Any, page: Any) -> None:
    type_a_note(page, live_server.url, committed)
    sign_in_anew(page, live_server.url, "iris")
    page.locator("dialog[open] .button.main").click()
    page.wait_for_selector("#toasts :text('somebody else signed in here meanwhile. You are now: Iris')")
    assert page.input_value("dialog[open] textarea >> nth=0") == TYPED and notes() == []
    page.locator("dialog[open] .button.main").click()
    page.wait_for_selector("dialog[open]", state="detached")
    assert [who for who, _ in notes()] == [committed.iris.id]


def test_signed_out_then_in_again_it_is_still_there(committed: Cast, live_server: Any, page: Any) -> None:
    type_a_note(page, live_server.url, committed)
    page.context.clear_cookies()
    page.locator("dialog[open] .button.main").click()
    page.wait_for_selector("dialog :text('You were signed out meanwhile')")
    assert page.input_value("dialog[open] textarea >> nth=0") == TYPED
    sign_in_anew(page, live_server.url)
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_selector("dialog :text('You were signed out meanwhile')", state="detached")
    page.locator("dialog[open] .button.main").click()
    page.wait_for_selector("dialog[open]", state="detached")
    assert [who for who, _ in notes()] == [committed.ties.id]


def test_an_export_and_the_sign_out_of_a_page_that_was_left(committed: Cast, live_server: Any, page: Any) -> None:
    base = live_server.url
    sign_in(page, base, "ties@agora.example")
    page.goto(f"{base}/panel/usage/")
    page.click("summary:has-text('Export CSV')")
    sign_in_anew(page, base)
    page.evaluate("dispatchEvent(new Event('blur'))")
    with page.expect_download() as begun:
        page.get_by_role("button", name="One row per account").click()
    assert begun.value.suggested_filename.endswith(".csv")
    sign_in_anew(page, base)
    page.evaluate("dispatchEvent(new Event('blur'))")
    page.evaluate("document.querySelector(\"form[action='/sign-out/']\").requestSubmit()")
    page.wait_for_url(f"{base}/sign-in/")


def test_a_whole_form_is_not_sent_for_somebody_else_either(committed: Cast, live_server: Any, page: Any) -> None:
    base = live_server.url
    sign_in(page, base, "ties@agora.example")
    page.goto(f"{base}/panel/at-risk/")
    files = File.objects.count()
    sign_in_anew(page, base, "iris")
    page.evaluate("dispatchEvent(new Event('blur'))")
    page.click("summary:has-text('Export CSV')")
    page.get_by_role("button", name="Both lists in one file").click()
    page.wait_for_selector("#toasts :text('somebody else signed in here meanwhile. You are now: Iris')")
    assert File.objects.count() == files


def test_the_same_without_javascript(committed: Cast, live_server: Any, chromium: Any) -> None:
    base = live_server.url
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, base, "ties@agora.example")
    page.goto(f"{base}/panel/usage/")
    page.click("summary:has-text('Export CSV')")
    sign_in_anew(page, base)
    page.get_by_role("button", name="One row per account").click()
    page.wait_for_selector("h1:text('Send it again')")
    with page.expect_download() as begun:
        page.get_by_role("button", name="Send it again").click()
    assert begun.value.suggested_filename.endswith(".csv")
    page.goto(f"{base}/panel/actions/workspace/{committed.panel.public_id}/add_note")
    page.fill("textarea >> nth=0", TYPED)
    sign_in_anew(page, base)
    page.locator("form .button.main").click()
    page.get_by_role("button", name="Send it again").click()
    page.wait_for_url("**/panel/**")
    assert [(who, TYPED in said) for who, said in notes()] == [(committed.ties.id, True)]
    context.close()


def test_a_file_goes_up_with_the_new_keys(committed: Cast, live_server: Any, page: Any, tmp_path: Path) -> None:
    past = tmp_path / "past.ndjson"
    past.write_text(json.dumps(organisation("new", "Nieuw", NOW)[0], default=str))
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/import/")
    page.set_input_files("#upload-file", past)
    sign_in_anew(page, live_server.url, "iris")
    page.click("text=Send up…")
    page.wait_for_selector("#dialog h2:has-text('Import a file')")
    assert File.objects.filter(name="past.ndjson").count() == 1


def test_a_second_sign_in_tab_leads_in(committed: Cast, live_server: Any, page: Any) -> None:
    """By itself when one comes back to it, and when its form is sent all the same."""
    base = live_server.url
    second = page.context.new_page()
    for tab in (page, second):
        tab.goto(f"{base}/sign-in/?next=/panel/usage/")
    third = page.context.new_page()
    sign_in(third, base, "ties@agora.example")
    second.evaluate("dispatchEvent(new Event('focus'))")
    second.wait_for_url(f"{base}/panel/usage/")
    page.fill("#login", "ties@agora.example")
    page.fill("#password", "the cast's long password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{base}/panel/usage/")
