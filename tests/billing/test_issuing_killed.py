"""kill -9 while an invoice is issued, a click that came twice, two people: one document, or none."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from bursar.actions.run import run
from bursar.billing.models import Draft, Invoice, Series
from bursar.billing.store import set_details
from bursar.core import clock
from bursar.files.models import File
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow, OutboxState
from tests.actions.test_killed import wait_for_a_waiter, wait_until_gone
from tests.billing.test_proposing import PUBLIC, seller
from tests.cast import Cast, prove, sign_in
from tests.processes import kill, start

__all__ = ["seller"]
pytestmark = pytest.mark.django_db(transaction=True)
ISSUE, DRAFT = "billing.account.issue_invoice", "billing.account.draft_invoice"
SELLER = {
    "BURSAR_SELLER_ADDRESS": "Dam 1; 1012 JS; Amsterdam", "BURSAR_SELLER_VAT_ID": "NL004495445B01",
    "BURSAR_SELLER_IBAN": "NL91ABNA0417164300",
}  # fmt: skip


@pytest.fixture
def payer(committed: Cast, seller: Any) -> Cast:
    """Oost, managed; other processes know the seller too."""
    set_details({committed.oost.pk: PUBLIC}, clock.now())
    return committed


def start_issue(cast: Cast) -> subprocess.Popen[bytes]:
    return start("act", ISSUE, cast.oost.public_id, "--set", "with_seats=yes", "--reason", "killed", **SELLER)


@pytest.mark.parametrize("table", ["tenants_billingaccount", "billing_series", "billing_invoice", "audit_auditline"])
def test_killed_before_commit_there_is_no_document_and_no_gap(payer: Cast, table: str) -> None:
    """After it was prepared, before its number; with its number; after all but the line."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        process = start_issue(payer)
        wait_for_a_waiter()
        kill(process)
    wait_until_gone()
    assert not Invoice.objects.exists() and not OutboxRow.objects.filter(kind="billing.files").exists()
    run(ISSUE, payer.ties, payer.oost.public_id, {"with_seats": True}, reason="again")
    assert Invoice.objects.get().place == Series.objects.get().last == 1
    prove()


def test_killed_while_its_files_are_made_they_are_made_later_and_once(payer: Cast) -> None:
    assert start_issue(payer).wait(120) == 0
    row = Invoice.objects.get()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE billing_invoice IN EXCLUSIVE MODE")
        worker = start("worker", **SELLER)
        wait_for_a_waiter(lambda: _files(row).state == OutboxState.SENDING)
        kill(worker)
    wait_until_gone()
    row.refresh_from_db()
    assert row.pdf is None and Invoice.objects.count() == 1
    outbox.deliver_due(clock.now() + timedelta(minutes=15))
    row.refresh_from_db()
    assert row.pdf is not None and _files(row).maybe_twice and _files(row).state == OutboxState.DONE
    assert File.objects.filter(owner_id=payer.oost.public_id, finished_at__isnull=False).count() == 1
    prove()


def _files(row: Invoice) -> OutboxRow:
    return OutboxRow.objects.get(kind="billing.files", payload__invoice=row.public_id)


def test_two_people_at_once_issue_one_document(payer: Cast) -> None:
    """Both have prepared theirs, and wait for the account."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_billingaccount WHERE id = %s FOR UPDATE", [payer.oost.pk])
        both = [start_issue(payer), start_issue(payer)]
        wait_for_a_waiter(lambda: count_waiters() == 2)
    codes = sorted(process.wait(120) for process in both)
    assert codes[0] == 0 != codes[1] and Invoice.objects.count() == 1
    wait_until_gone()
    prove()


def count_waiters() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def test_two_people_at_one_draft_issue_it_once(payer: Cast) -> None:
    run(
        DRAFT,
        payer.ties,
        payer.oost.public_id,
        {"with_seats": False, "lines": [{"description": "x", "unit_price": "9"}]},
    )
    row = Draft.objects.get()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_billingaccount WHERE id = %s FOR UPDATE", [payer.oost.pk])
        both = [start("act", "billing.draft.issue", row.public_id, "--reason", "x", **SELLER) for _ in range(2)]
        wait_for_a_waiter(lambda: count_waiters() == 2)
    codes = sorted(process.wait(120) for process in both)
    assert codes[0] == 0 != codes[1] and Invoice.objects.count() == 1
    wait_until_gone()
    prove()


def test_a_click_that_came_twice_issues_one(payer: Cast) -> None:
    client = sign_in("ties@agora.example")
    at = f"/panel/actions/account/{payer.oost.public_id}/issue_invoice"
    line = {"lines": "", "lines-0-kind": "other", "lines-0-description": "Set-up", "lines-0-unit_price": "100"}
    for _ in range(2):
        assert client.post(at, {**line, "reason": "x", "idempotency_key": "click"}).status_code == 302
    assert Invoice.objects.count() == 1
    assert client.post(at, {**line, "reason": "x", "idempotency_key": "another"}).status_code == 302
    assert Invoice.objects.count() == 2, "asked for anew, under another key"
