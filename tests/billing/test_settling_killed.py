"""kill -9 while money is marked as paid, a click that came twice, two people at once: one booking, or none."""

from __future__ import annotations

import subprocess
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from bursar.actions.models import Approval
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.billing.models import Invoice, LedgerEntry
from bursar.billing.store import set_details
from bursar.core import clock
from bursar.outbox.models import OutboxRow
from bursar.plans.models import PaidPeriod
from tests.actions.test_killed import wait_for_a_waiter, wait_until_gone
from tests.billing.bank_desk import issue
from tests.billing.test_issuing_killed import count_waiters
from tests.billing.test_proposing import PUBLIC
from tests.billing.test_settling import PAID
from tests.cast import Cast, prove, sign_in
from tests.processes import kill, start

pytestmark = pytest.mark.django_db(transaction=True)
OPEN = Decimal("121.00")


@pytest.fixture
def issued(committed: Cast) -> Invoice:
    """Of Oost, € 121.00 for a year; up to the limit nobody else is asked."""
    set_details({committed.oost.pk: PUBLIC}, clock.now())
    return issue(committed.oost)


def start_paying(row: Invoice) -> subprocess.Popen[bytes]:
    on = f"on={clock.now().date().isoformat()}"
    return start("act", PAID, row.public_id, "--set", on, "--set", "reference=killed", "--reason", "x")


def is_booked(row: Invoice) -> bool:
    """Wholly, or not at all: ledger, sums, paid time, the book and what programs and people hear."""
    row.refresh_from_db()
    lines = list(AuditLine.objects.filter(key=PAID))
    told = OutboxRow.objects.filter(payload__line__in=[line.public_id for line in lines])
    counts = [
        LedgerEntry.objects.count(), PaidPeriod.objects.filter(external_id__startswith=f"{row.public_id}:").count(),
        len(lines), told.filter(kind="webhook").count(), told.filter(kind="notice").count(), int(row.paid / OPEN),
    ]  # fmt: skip
    assert counts in ([0] * 6, [1] * 6), counts
    assert row.paid + row.open == row.gross and not Approval.objects.exists()
    prove()
    return counts[0] == 1


@pytest.mark.parametrize(
    "table", ["billing_ledgerentry", "billing_invoice", "plans_paidperiod", "audit_auditline", "outbox_outboxrow"]
)
def test_killed_before_commit_nothing_is_booked_and_it_may_be_done_again(
    committed: Cast, issued: Invoice, table: str
) -> None:
    """Before its entry, before its sums, before its paid time, before its line, and after all but what is told."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        process = start_paying(issued)
        wait_for_a_waiter()
        kill(process)
    wait_until_gone()
    assert not is_booked(issued)
    run(PAID, committed.ties, issued.public_id, {"on": clock.now().date().isoformat()}, reason="again")
    assert is_booked(issued)


def test_two_people_at_once_book_it_once(committed: Cast, issued: Invoice) -> None:
    """Both have seen it open, and wait for the account: the second finds that nothing of it is open."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_billingaccount WHERE id = %s FOR UPDATE", [committed.oost.pk])
        both = [start_paying(issued), start_paying(issued)]
        wait_for_a_waiter(lambda: count_waiters() == 2)
    codes = sorted(process.wait(120) for process in both)
    assert codes[0] == 0 != codes[1]
    wait_until_gone()
    assert is_booked(issued)


def test_a_click_that_came_twice_books_once(committed: Cast, issued: Invoice) -> None:
    client = sign_in("ties@agora.example")
    address = f"/panel/actions/invoice/{issued.public_id}/mark_paid"
    body: dict[str, Any] = {"amount": "121.00", "on": clock.now().date().isoformat(), "reason": "x"}
    answers = [client.post(address, {**body, "idempotency_key": "click"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302] and is_booked(issued)
    again = client.post(address, {**body, "idempotency_key": "another"})
    assert again.status_code != 302 and is_booked(issued), "asked for anew, under another key: nothing is open"
