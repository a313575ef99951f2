"""Managed billing from beginning to end: set managed, an e-invoice, its PDF, the bank, paying, and credited again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.urls import reverse

from bursar.actions.run import run
from bursar.billing.models import BankFile, Invoice
from bursar.billing.store import Details, accept, set_details
from bursar.core import clock
from bursar.files.queries import read
from bursar.outbox import store as outbox
from bursar.tenants.models import BillingAccount
from tests.billing.bank.writing import statement, to_camt
from tests.billing.bank_desk import paid
from tests.billing.test_proposing import PUBLIC, seller
from tests.browser.test_bank import read_all
from tests.browser.test_visit import sign_in
from tests.cast import Cast, fact, prove

__all__ = ["seller"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GERMAN = Details("Stadt Köln", "Rathausplatz 2", "50667", "Köln", "DE", vat_id="DE136695976", language="nl")


def pull(page: Any, base: str, slug: str, target: Any, verb: str, **filled: str) -> None:
    """The lever's dialog in a tab of its own, filled in and done."""
    page.goto(base + reverse("actions:dialog", args=[slug, target.public_id, verb]))
    for name, value in filled.items():
        field = page.locator(f"[name={name}]")
        if value == "on":
            field.check()
        else:
            field.fill(value)
    page.locator("form button.main").last.click()
    page.wait_for_url(lambda url: verb not in url)


def draw(row: Invoice) -> tuple[str, int]:
    """Its PDF as a person looks at it: the text, and how many points of the first page are dark."""
    assert row.pdf is not None
    document = pypdfium2.PdfDocument(b"".join(read(row.pdf)))
    image = document[0].render(scale=1, grayscale=True).to_pil()
    text: str = document[0].get_textpage().get_text_bounded()
    return text, sum(image.histogram()[:100])


def issue(page: Any, base: str, account: BillingAccount, **filled: str) -> Invoice:
    pull(page, base, "account", account, "issue_invoice", **filled)
    outbox.deliver_due(clock.now())  # what the worker does
    row = Invoice.objects.filter(account=account).latest("id")
    assert row.pdf is not None
    return row


def test_from_managed_to_paid_and_credited(
    committed: Cast, live_server: Any, page: Any, seller: Any, tmp_path: Path
) -> None:
    base, account = live_server.url, committed.panel.account
    seller.BURSAR_SELLER_PEPPOL_ID = "0106:12345678"
    set_details({account.pk: PUBLIC}, clock.now())
    sign_in(page, base, "iris@agora.example")
    pull(page, base, "account", account, "set_managed", reason="They pay by bank")
    run("plans.workspace.change_tier", committed.iris, committed.panel.public_id, {"tier": "guardian"}, reason="Agreed")
    row = issue(page, base, account, with_seats="on", e_invoice="on")
    assert row.e_invoice is not None and fact(account).klass == "managed"
    text, dark = draw(row)
    assert row.number in text and "Gemeente Haarlem" in text and dark > 2_000

    path = tmp_path / "november.xml"
    path.write_bytes(to_camt(statement(paid(row))))
    page.goto(f"{base}/panel/payments/bank/")
    page.set_input_files("#upload-file", path)
    page.click("text=Upload…")
    page.click("#dialog button.main")
    page.wait_for_selector("#whole td:has-text('november.xml')")
    read_all()
    assert BankFile.objects.get().state == "done"
    row.refresh_from_db()
    assert (row.open, fact(account).klass) == (0, "paying")
    page.goto(f"{base}/panel/invoices/{row.public_id}")
    page.get_by_text("Paid", exact=True).first.wait_for()

    pull(page, base, "invoice", row, "credit", reason="Ordered twice")
    row.refresh_from_db()
    assert row.credited == row.gross and fact(account).klass == "managed"
    prove()


def test_reverse_charge_in_dutch(committed: Cast, live_server: Any, page: Any, seller: Any) -> None:
    base, account = live_server.url, committed.oost
    set_details({account.pk: GERMAN}, clock.now())
    accept([account.pk], "WAPIAAAAZ1", clock.now())
    sign_in(page, base, "iris@agora.example")
    row = issue(page, base, account, with_seats="on")
    text, dark = draw(row)
    assert (row.vat, row.open) == (0, row.net) and dark > 2_000
    assert "btw verlegd" in text.lower() and "NL004495445B01" in text and "DE136695976" in text
