"""Invoices for tests of what follows them: Bursar as one that may invoice, and documents of the cast's accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bursar.access.actor import Actor
from bursar.actions.run import run
from bursar.billing.models import Invoice
from bursar.billing.store import Details, set_details
from bursar.core import clock
from bursar.outbox import store as outbox
from bursar.tenants.models import BillingAccount
from tests.billing.test_proposing import PUBLIC

ISSUE = "billing.account.issue_invoice"
LINE = {"description": "Moderation of an evening", "unit_price": "400.00"}
TOWN_HALL = replace(PUBLIC, mails=("ap@haarlem.example",), language="en")
SELLER: dict[str, Any] = {
    "BURSAR_SELLER_NAME": "Agora Voices B.V.", "BURSAR_SELLER_ADDRESS": ["Dam 1", "1012 JS", "Amsterdam"],
    "BURSAR_SELLER_VAT_ID": "NL004495445B01", "BURSAR_SELLER_IBAN": "NL91ABNA0417164300",
    "BURSAR_SELLER_LEGAL_ID": "12345678", "BURSAR_SELLER_PEPPOL_ID": "0106:12345678",
}  # fmt: skip


def know(account: BillingAccount, details: Details = TOWN_HALL) -> None:
    set_details({account.pk: details}, clock.now())


def issue(who: Actor, account: BillingAccount, **data: Any) -> Invoice:
    """Of one line of its own, so that it counts for no class."""
    line = {name: data.pop(name, usual) for name, usual in LINE.items()}
    made = run(ISSUE, who, account.public_id, {"with_seats": False, "lines": [line], **data}, reason="agreed")
    return Invoice.objects.get(public_id=made.data["invoice"])


def carry_out() -> None:
    """Whatever waits for commit, and what follows from that."""
    for _ in range(3):
        outbox.deliver_due(clock.now())


def issued(who: Actor, account: BillingAccount, **data: Any) -> Invoice:
    """With its files, and sent."""
    row = issue(who, account, **data)
    carry_out()
    row.refresh_from_db()
    return row


def day_after_due(row: Invoice, days: int) -> date:
    assert row.due_on is not None
    return row.due_on + timedelta(days=days)
