"""Money booked by hand: alone up to a limit, by a second person above it, at every door, and never twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from bursar.access.actor import operator
from bursar.actions.models import Approval
from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.billing.models import AccountCredit, Invoice, LedgerEntry
from bursar.billing.store import set_details
from bursar.billing.store.ledger import get_credit
from bursar.core import clock
from bursar.core.errors import Refusal
from bursar.notifications.models import Notification
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow
from tests.billing.test_proposing import PUBLIC, seller
from tests.billing.test_settling import BACK, ISSUE, OFF, PAID, REPAY, TODAY, issued
from tests.cast import NOW, Cast, prove, refusal_of, sign_in
from tests.payments.test_refunds import finance

__all__ = ["issued", "seller"]
APPROVE, DENY, WITHDRAW = (f"approvals.approval.{verb}" for verb in ("approve", "deny", "withdraw"))


@pytest.fixture(autouse=True)
def limits(settings: Any) -> None:
    settings.BURSAR_MARK_PAID_LIMIT = Decimal(1000)
    settings.BURSAR_WRITE_OFF_LIMIT = Decimal(100)
    settings.BURSAR_PAY_BACK_LIMIT = Decimal(50)


def paid(amount: Any, **more: Any) -> dict[str, Any]:
    return {"amount": str(amount), "on": TODAY, **more}


def at(minutes: int) -> Any:
    return clock.frozen(NOW + timedelta(minutes=minutes))


def snapshot() -> list[Any]:
    tables = (LedgerEntry, AccountCredit, Invoice, Approval, AuditLine, OutboxRow)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def refused(key: str, who: Any, target: Any, data: dict[str, Any]) -> str:
    before = snapshot()
    refusal = refusal_of(key, who, target.public_id, data, reason="x")
    assert snapshot() == before
    faults = " ".join(text for texts in getattr(refusal, "fields", {}).values() for text in texts)
    return faults or refusal.sentence


def ask(who: Any, row: Invoice, amount: Any) -> Approval:
    done = run(PAID, who, row.public_id, paid(amount), reason="It is on the bank's page")
    assert done.waits
    return Approval.objects.get(public_id=done.data["approval"])


def test_alone_up_to_the_limit_and_counted_together(cast: Cast, issued: Invoice) -> None:
    with at(1):
        assert not run(PAID, cast.ties, issued.public_id, paid("600.00"), reason="x").waits
        assert not run(PAID, cast.ties, issued.public_id, paid("400.00"), reason="x").waits
    with at(2):
        told = preview(PAID, cast.ties, issued.public_id, paid("0.01"))
        assert "€ 1,000.01 of this invoice are marked as paid by hand" in told.sentence
        assert not Approval.objects.exists()
        made = ask(cast.ties, issued, "0.01")
    issued.refresh_from_db()
    assert issued.paid == 1000 and made.state == "waits"


def test_a_second_person_does_what_was_asked(cast: Cast, issued: Invoice) -> None:
    fien = finance("fien")
    with at(1):
        before = snapshot()[:3]
        made = ask(cast.ties, issued, issued.gross)
        assert snapshot()[:3] == before
    outbox.deliver_due(NOW + timedelta(minutes=2))
    told = Notification.objects.filter(line__target_id=made.public_id).values_list("recipient_id", flat=True)
    assert {fien.id, cast.iris.id} <= set(told) and cast.ties.id not in told
    with at(3):
        assert "approve refund" in refused(APPROVE, cast.noor, made, {})
        assert "by name" in refused(APPROVE, operator("root"), made, {})
        run(APPROVE, fien, made.public_id, {}, reason="I looked at the statement")
        assert "nobody any more" in refused(APPROVE, cast.iris, made, {})
        issued.refresh_from_db()
        assert issued.open == 0 and issued.settled_at == clock.now()
        prove()
    lines = {line.key: line for line in AuditLine.objects.filter(target_id__in=[made.public_id, issued.public_id])}
    assert lines[PAID].actor_id == lines[APPROVE].actor_id == fien.id and lines[PAID].group == lines[APPROVE].group
    assert lines[PAID].reason == "It is on the bank's page" and lines[APPROVE].reason == "I looked at the statement"
    names = {row.reference for row in lines[APPROVE].name_rows.all()}
    assert {fien.id, cast.ties.id} <= names, "both stand in the line of whoever decides"
    assert not AuditLine.objects.filter(key=PAID, actor_id=cast.ties.id).exists()


def test_nobody_decides_their_own_and_who_asked_may_take_it_back(cast: Cast, issued: Invoice) -> None:
    fien = finance("fien")
    with at(1):
        made = ask(fien, issued, "2000.00")
        assert "yourself" in refused(APPROVE, fien, made, {}) and "yourself" in refused(DENY, fien, made, {"note": "x"})
        assert "waits for a second person already" in refused(PAID, cast.iris, issued, paid("5.00"))
        assert "takes it back" in refused(WITHDRAW, cast.iris, made, {})
        run(WITHDRAW, fien, made.public_id, {})
        assert "withdrawn" in refused(APPROVE, cast.iris, made, {})
        assert not LedgerEntry.objects.exists() and ask(fien, issued, "2100.00").state == "waits"


def test_denied_with_a_note(cast: Cast, issued: Invoice) -> None:
    fien = finance("fien")
    with at(1):
        made = ask(cast.ties, issued, "2000.00")
        assert "Fill this in" in refused(DENY, fien, made, {})
        run(DENY, fien, made.public_id, {"note": "The bank has no such line."})
    made.refresh_from_db()
    assert (made.state, made.note) == ("denied", "The bank has no such line.") and not LedgerEntry.objects.exists()
    outbox.deliver_due(NOW + timedelta(minutes=5))
    lines = Notification.objects.filter(recipient_id=cast.ties.id).values_list("line__label", flat=True)
    assert "Denied by a second person" in lines


def test_what_has_changed_since_is_refused_at_the_approval(cast: Cast, issued: Invoice, settings: Any) -> None:
    fien = finance("fien")
    with at(1):
        made = ask(cast.ties, issued, issued.gross)
    with at(2):
        settings.BURSAR_WRITE_OFF_LIMIT = Decimal(100000)
        run(OFF, cast.iris, issued.public_id, {}, reason="nobody pays")
        settings.BURSAR_WRITE_OFF_LIMIT = Decimal(100)
        run("billing.invoice.credit", cast.iris, issued.public_id, {"part": "100.00"}, reason="less")
        assert "Only" in refused(APPROVE, fien, made, {})
        run(DENY, fien, made.public_id, {"note": "It was credited."})


def test_a_write_off_of_another_amount_by_now_is_asked_for_anew(cast: Cast, issued: Invoice) -> None:
    fien = finance("fien")
    with at(1):
        run(PAID, cast.ties, issued.public_id, paid("500.00"), reason="x")
        made = run(OFF, cast.iris, issued.public_id, {}, reason="nobody pays").data["approval"]
    with at(2):
        run(BACK, cast.ties, issued.public_id, {"amount": "500.00"}, reason="wrong invoice")
        row = Approval.objects.get(public_id=made)
        assert "ask anew" in refused(APPROVE, fien, row, {}) and row.amount == issued.gross - 500
        run(DENY, fien, row.public_id, {"note": "More is open now."})
        again = run(OFF, cast.iris, issued.public_id, {}, reason="nobody pays").data["approval"]
        run(APPROVE, fien, again, {})
        issued.refresh_from_db()
        assert (issued.written_off, issued.open) == (issued.gross, 0)
        prove()


def test_credit_that_goes_back_has_a_count_of_its_own(cast: Cast, issued: Invoice, settings: Any) -> None:
    settings.BURSAR_MARK_PAID_LIMIT = Decimal(100000)
    fien = finance("fien")
    with at(1):
        run(PAID, cast.ties, issued.public_id, paid(issued.gross + 200, keeps_rest=True), reason="x")
        assert not run(REPAY, fien, cast.oost.public_id, {"amount": "40.00"}, reason="x").waits
        assert not run(REPAY, fien, cast.oost.public_id, {"amount": "10.00"}, reason="x").waits
    with at(2):
        made = run(REPAY, fien, cast.oost.public_id, {"amount": "5.00"}, reason="x")
        assert made.waits and "within 30 days" in made.sentence and get_credit(cast.oost) == 150
        run(APPROVE, cast.iris, made.data["approval"], {})
        assert get_credit(cast.oost) == 145
    with at(60 * 24 * 31):
        assert not run(REPAY, fien, cast.oost.public_id, {"amount": "50.00"}, reason="x").waits
        prove()


def test_the_same_at_the_page_and_for_programs(cast: Cast, issued: Invoice) -> None:
    fien, browser = finance("fien"), sign_in("ties@agora.example")
    with at(1):
        address = f"/panel/actions/invoice/{issued.public_id}/mark_paid"
        body = {**paid("2000.00"), "reason": "on the page", "idempotency_key": "once"}
        assert [browser.post(address, body).status_code for _ in range(2)] == [302, 302]
        made = Approval.objects.get()
        api = {"data": paid("2000.00"), "reason": "x"}
        answer = browser.post(
            f"/api/v1/invoice/{issued.public_id}/actions/mark_paid", json.dumps(api), "application/json"
        )
        assert answer.status_code == 409 and "already" in answer.json()["sentence"]
    decider = sign_in("fien@agora.example")
    with at(2):
        page = decider.get("/panel/to-approve/").content.decode()
        assert "2,000.00" in page and str(cast.oost) in page and "Ties" in page and "on the page" in page
        assert f"/panel/actions/approval/{made.public_id}/approve" in page
        listed = decider.get("/api/v1/approvals").json()["approvals"]
        assert [(one["id"], one["amount_eur"], one["asked_by"]) for one in listed] == [
            (made.public_id, "2000.00", "Ties")
        ]
        account = browser.get(f"/panel/accounts/{cast.oost.public_id}").content.decode()
        assert "Waits for a second person" in account and f"/panel/to-approve/{made.public_id}" in account
        own = browser.get(f"/panel/to-approve/{made.public_id}").content.decode()
        assert "withdraw" in own and f"{made.public_id}/approve" not in own
        decided = decider.post(f"/api/v1/approval/{made.public_id}/actions/approve", "{}", "application/json")
        assert decided.status_code == 200, decided.content
        assert "Mark paid" in decider.get("/panel/to-approve/").content.decode()
    issued.refresh_from_db()
    assert issued.paid == 2000 and fien.id in Approval.objects.get().decider


def test_two_who_approve_at_once_book_it_once(committed: Cast, seller: Any) -> None:
    """Each under the account's lock: the second finds what the first left."""
    fien, floor, today = finance("fien"), finance("floor"), clock.now().date().isoformat()
    set_details({committed.oost.pk: PUBLIC}, clock.now())
    data = {"with_seats": True, "cadence": "yearly", "first_day": today}
    run(ISSUE, committed.ties, committed.oost.public_id, data, reason="agreed")
    issued = Invoice.objects.get()
    amount = {"amount": "2000.00", "on": today}
    made = Approval.objects.get(
        public_id=run(PAID, committed.ties, issued.public_id, amount, reason="x").data["approval"]
    )
    start, sentences = threading.Barrier(2), list[str]()

    def decide(who: Any) -> Callable[[], None]:
        def press() -> None:
            start.wait()
            try:
                run(APPROVE, who, made.public_id, {})
            except Refusal as refusal:
                sentences.append(refusal.sentence)
            finally:
                connection.close()

        return press

    both = [threading.Thread(target=decide(who)) for who in (fien, floor)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    issued.refresh_from_db()
    assert issued.paid == 2000 and len(sentences) == 1 and LedgerEntry.objects.count() == 1
