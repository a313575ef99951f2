"""Statements of the bank in the browser: several go up at once, one press confirms, and the account pays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bursar.billing import banking
from bursar.billing.models import BankFile, BankLine
from tests.billing.bank.writing import entry, statement, to_camt, to_mt940
from tests.billing.bank_desk import issue, paid
from tests.browser.test_visit import sign_in
from tests.cast import Cast, fact

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def read_all() -> None:
    """What the worker does."""
    for file in BankFile.objects.filter(state="reading"):
        banking.carry_out(file.public_id)


def test_two_statements_go_up_at_once_one_settles_by_itself_and_one_by_a_press(
    committed: Cast, live_server: Any, page: Any, tmp_path: Path
) -> None:
    first, second = issue(committed.oost), issue(committed.haarlem, "50.00")
    paths = [tmp_path / "a.xml", tmp_path / "b.940"]
    paths[0].write_bytes(to_camt(statement(paid(first), entry("-900.00", "huur", name="Verhuurder"))))
    texts = entry("60.50", f"factuur {second.number}", name="G. Haarlem", iban="NL91ABNA0417164300"), entry("7.50", "?")
    paths[1].write_bytes(to_mt940(statement(*texts, number=14, opening="900.00")))
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/payments/bank/")
    page.set_input_files("#upload-file", paths)
    page.click("text=Upload…")
    page.wait_for_selector("#dialog h2:has-text('Upload bank statements')")
    page.click("#dialog button.main")
    page.wait_for_selector("#whole td:has-text('b.940')")
    read_all()
    page.wait_for_selector("#whole .suggestion a.button.main")
    assert page.inner_text("#whole .suggestion").startswith(second.number)
    page.focus("#whole .suggestion a.button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector("#whole .suggestion", state="detached")
    second.refresh_from_db()
    first.refresh_from_db()
    assert (first.open, second.open) == (0, 0) and fact(committed.oost).klass == "paying"
    assert BankLine.objects.get(name="G. Haarlem").state == "matched"
    page.click("text=Matched")
    page.wait_for_selector("#bulk td:has-text('booked by itself')")
    assert page.inner_text("#bulk tbody").count("booked by itself") == 1


def test_without_javascript_one_file_goes_up_and_a_line_is_confirmed(
    committed: Cast, live_server: Any, chromium: Any, tmp_path: Path
) -> None:
    row, path = issue(committed.oost), tmp_path / "a.xml"
    path.write_bytes(to_camt(statement(entry("121.00", f"factuur {row.number}"))))
    page = chromium.new_context(java_script_enabled=False).new_page()
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/payments/bank/")
    page.set_input_files("#upload-file", path)
    page.click("text=Upload…")
    page.click("button.main:has-text('Upload bank statements')")
    read_all()
    page.goto(f"{live_server.url}/panel/payments/bank/")
    page.click(".suggestion a.button.main")
    page.click("button.main:has-text('Confirm')")
    row.refresh_from_db()
    assert row.open == 0
