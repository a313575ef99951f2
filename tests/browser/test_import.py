"""A file goes up: with a bar when it takes long, in place; and without script by the same form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bursar.product.models import ImportRun
from tests.browser.test_visit import sign_in
from tests.cast import NOW, Cast, organisation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def past(tmp_path: Path) -> Path:
    path = tmp_path / "past.ndjson"
    line = json.dumps(organisation("new", "Nieuw", NOW)[0], default=str)
    path.write_text(f"{line}\n" * 3000)
    return path


def test_a_bar_shows_how_far_it_is_and_the_dialog_opens_in_place(
    committed: Cast, live_server: Any, page: Any, past: Path
) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/import/")
    wire = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": past.stat().st_size / 4}
    wire.send("Network.emulateNetworkConditions", slow)
    page.set_input_files("#upload-file", past)
    assert page.is_hidden("form[data-upload] progress")
    page.click("text=Send up…")
    page.wait_for_selector("form[data-upload] progress:not([hidden])")
    page.wait_for_selector("#dialog h2:has-text('Import a file')")
    wire.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    assert page.is_hidden("form[data-upload] progress") and not ImportRun.objects.exists()
    page.fill("#dialog textarea[name=reason]", "Adoption")
    page.click("#dialog button.main")
    page.wait_for_selector("#whole td:has-text('past.ndjson')")
    assert ImportRun.objects.get().file_name == "past.ndjson"


def test_what_does_not_fit_is_said_beside_the_field(
    committed: Cast, live_server: Any, page: Any, tmp_path: Path
) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/import/")
    wrong = tmp_path / "past.csv"
    wrong.write_text("x")
    page.set_input_files("#upload-file", wrong)
    page.click("text=Send up…")
    page.wait_for_selector("form[data-upload] .fault:has-text('end in .ndjson')")
    assert page.is_enabled("text=Send up…")


def test_without_javascript_the_form_leads_to_the_dialog(
    committed: Cast, live_server: Any, chromium: Any, past: Path
) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/import/")
    page.set_input_files("#upload-file", past)
    page.click("text=Send up…")
    page.wait_for_selector("h2:has-text('Import a file')")
    page.fill("textarea[name=reason]", "Adoption")
    page.click("button.main:has-text('Import a file')")
    page.wait_for_selector("text=past.ndjson")
    assert ImportRun.objects.get().file_name == "past.ndjson"
