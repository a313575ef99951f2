"""Erasing a person in the dialog: the list of others' texts is read, one is ticked, and only that one changes."""

from __future__ import annotations

import os
from typing import Any

import pytest

from bursar.core import clock
from bursar.notifications.models import Mail
from bursar.tenants.models import Person
from tests.browser.test_visit import kebab_of, sign_in
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_text_is_ticked_in_the_dialog(committed: Cast, live_server: Any, page: Any) -> None:
    jan = Person.objects.get(external_id="jan")
    for number in range(150):
        Mail.objects.create(
            message_id=f"<{number}@x>", recipient_id="per_x", email="d@x.example", name=f"Daan {number}",
            subject="Admin changed: Woonlab", text=f"Dear Daan {number},\n\nJan is admin of Woonlab now.",
            created_at=clock.now(),
        )  # fmt: skip
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/people/{jan.public_id}")
    kebab_of(page, "Jan").click()
    page.locator("#menu a", has_text="Erase person").first.click()
    page.wait_for_selector("dialog[open] form")
    assert page.locator("#dialog mark").count() == 100
    page.locator("#dialog label", has_text="Mail to Daan 148").locator("input").check()
    page.fill("#dialog [name=typed]", "Jan")
    page.fill("#dialog [name=reason]", "He asked")
    page.wait_for_selector("#preview >> text=There is no undo.")
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/erase.png")
    page.click("#dialog .button.main")
    page.wait_for_selector(".toast-line >> text=Erased person is what is left")
    texts = dict(Mail.objects.values_list("name", "text"))
    assert "Erased person is admin" in texts.pop("Daan 148")
    assert all("Jan is admin" in text for text in texts.values())
