"""Money that goes back: alone up to the limit, by a second person above it, never more than there is, at every door."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bursar.access.actor import Actor
from bursar.access.models import User
from bursar.actions.bulk import start as start_bulk
from bursar.actions.menu import build
from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Forbidden, NotFound, Refusal
from bursar.notifications.models import Notification
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow
from bursar.payments.models import Call, Payment, Refund
from bursar.staff.models import Role, StaffMember
from tests.cast import NOW, Cast, confirmed, refusal_of, shown_by, sign_in
from tests.payments.buying import snapshot
from tests.payments.till import KEY

REFUND = "payments.payment.refund"


@pytest.fixture
def key(settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = KEY


def finance(name: str) -> Actor:
    """A colleague who approves refunds."""
    user = User.objects.create_user(f"{name}@agora.example", name.capitalize())
    StaffMember.objects.create(user=user).roles.add(Role.objects.get(slug="finance"))
    return confirmed(user.email)


def payment(account: Any, amount: str = "400.00", **more: Any) -> Payment:
    values = {"method": "ideal", "paid_at": NOW - timedelta(days=9), "status": "paid", **more}
    ref = f"tr_{Payment.objects.count():010}"
    return Payment.objects.create(
        account=account, mollie_id=ref, kind="first", mode="test", amount=Decimal(amount), at=NOW - timedelta(days=9),
        learned_at=NOW, to_apply=False, **values,
    )  # fmt: skip


def refund(who: Actor, of: Payment, amount: str = "", **more: Any) -> Refund:
    run(REFUND, who, of.public_id, {"amount": amount, **more}, reason="Charged by mistake")
    return Refund.objects.latest("id")


def refused(who: Actor, of: Any, data: dict[str, Any], key: str = REFUND, reason: str = "x") -> str:
    """The sentence; and that nothing at all has changed."""
    before, lines, rows = snapshot(), AuditLine.objects.count(), OutboxRow.objects.count()
    refusal = refusal_of(key, who, of.public_id, data, reason=reason)
    assert snapshot() == before and AuditLine.objects.count() == lines and OutboxRow.objects.count() == rows
    return refusal.sentence


def test_alone_up_to_the_limit(cast: Cast, key: None) -> None:
    fien, paid = finance("fien"), payment(cast.samen)
    made = refund(fien, paid, "250.00")
    assert (made.state, made.amount, made.asked_by_id, made.reason) == (
        "sending", Decimal(250), fien.staff_id, "Charged by mistake",
    )  # fmt: skip
    call = Call.objects.get()
    assert (call.op, call.body) == ("refund.create", {"refund": made.public_id})
    line = AuditLine.objects.get(key=REFUND)
    assert not line.customer_visible and line.target_id == paid.public_id and cast.samen.public_id in line.touches


def test_who_may_not_alone_asks(cast: Cast, key: None) -> None:
    paid = payment(cast.samen)
    told = preview(REFUND, cast.ties, paid.public_id, {"amount": "10.00"})
    assert "wait for a second person" in told.sentence and not Refund.objects.exists()
    made = refund(cast.ties, paid, "10.00")
    assert made.state == "asked" and not Call.objects.exists()
    assert isinstance(refusal_of(REFUND, cast.ada, paid.public_id, {}, reason="x"), Forbidden)
    assert isinstance(refusal_of(REFUND, cast.lotte, paid.public_id, {}, reason="x"), NotFound)


def test_above_the_limit_a_second_person_decides(cast: Cast, key: None) -> None:
    fien, floor, paid = finance("fien"), finance("floor"), payment(cast.samen)
    made = refund(fien, paid, "250.01")
    assert made.state == "asked" and not Call.objects.exists()
    assert AuditLine.objects.filter(key="payments.refund.put_up", target_id=made.public_id).count() == 1
    approve = "payments.refund.approve"
    assert "yourself" in refused(fien, made, {}, approve)
    assert "approve refund" in refused(cast.ties, made, {}, approve)
    outbox.deliver_due(clock.now() + timedelta(minutes=1))
    told = set(Notification.objects.values_list("recipient_id", flat=True))
    assert floor.id in told and fien.id not in told and cast.ties.id not in told
    run(approve, floor, made.public_id, {})
    made.refresh_from_db()
    assert (made.state, made.decided_by_id, made.asked_by_id) == ("sending", floor.staff_id, fien.staff_id)
    assert Call.objects.get().op == "refund.create"
    assert "nobody any more" in refused(floor, made, {}, approve)
    outbox.deliver_due(clock.now() + timedelta(minutes=2))
    lines = Notification.objects.filter(recipient_id=fien.id).values_list("line__label", flat=True)
    assert list(lines) == ["Refund approved"]


def test_denied_with_a_note_and_free_again(cast: Cast, key: None) -> None:
    fien, floor, paid = finance("fien"), finance("floor"), payment(cast.samen)
    made = refund(fien, paid, "400.00")
    assert "all of it" in refused(fien, paid, {"amount": "1.00"}).lower()
    deny = "payments.refund.deny"
    assert "need another look" in refused(floor, made, {}, deny)
    assert "yourself" in refused(fien, made, {"note": "No"}, deny)
    run(deny, floor, made.public_id, {"note": "They used it for a year."})
    made.refresh_from_db()
    assert (made.state, made.note, Call.objects.count()) == ("denied", "They used it for a year.", 0)
    assert refund(fien, paid, "100.00").state == "sending"


def test_many_small_ones_are_counted_together(cast: Cast, key: None) -> None:
    fien = finance("fien")
    one, two = payment(cast.samen), payment(cast.samen)
    assert [refund(fien, one, "100.00").state for _ in range(2)] == ["sending", "sending"]
    assert refund(fien, two, "60.00").state == "asked"  # 260.00 of the account within 30 days
    assert refund(fien, payment(cast.oost), "60.00").state == "sending"
    with clock.frozen(NOW + timedelta(days=31)):
        assert refund(fien, two, "60.00").state == "sending"
        assert refund(fien, one, "60.00").state == "asked"  # 260.00 of the payment, whenever


def test_the_same_at_every_door(cast: Cast, key: None) -> None:
    """Panel, API, shell and many at once: the limit is counted over them all, and nobody decides their own."""
    fien, paid = finance("fien"), [payment(cast.samen, "100.00") for _ in range(6)]
    browser = sign_in("fien@agora.example")
    address = f"/panel/actions/payment/{paid[0].public_id}/refund"
    assert browser.post(address, {"amount": "100", "reason": "x"}).status_code == 302
    body = {"data": {"amount": "100"}, "reason": "x"}
    api = f"/api/v1/payment/{paid[1].public_id}/actions/refund"
    assert browser.post(api, json.dumps(body), content_type="application/json").status_code == 200
    states = [one.state for one in Refund.objects.order_by("id")]
    assert states == ["sending", "sending"]
    start_bulk(REFUND, fien, [paid[2].public_id, paid[3].public_id], {}, "x")
    call_command("act", REFUND, paid[4].public_id, "--reason", "x")
    made = list(Refund.objects.order_by("id"))
    assert [one.state for one in made[2:]] == ["asked", "asked", "asked"]
    decide = f"/api/v1/refund/{made[2].public_id}/actions/approve"
    answer = browser.post(decide, json.dumps({"data": {}}), content_type="application/json")
    assert answer.status_code == 409 and "yourself" in answer.json()["sentence"]
    with pytest.raises(CommandError, match="by name"):
        call_command("act", "payments.refund.approve", made[4].public_id)
    menu = {entry.label: entry for entry in build(fien, "refund", made[2].public_id, NOW)[0].entries}
    assert "yourself" in menu["Approve…"].why_not and "yourself" in menu["Deny…"].why_not
    assert Call.objects.count() == 2


def test_never_more_than_there_is(cast: Cast, key: None) -> None:
    fien = finance("fien")
    paid = payment(cast.samen, "100.00", refunded=Decimal(30), charged_back=Decimal(20))
    assert "At most € 50.00" in refused(fien, paid, {"amount": "50.01"})
    assert refund(fien, paid, "").amount == Decimal(50)
    assert "all of it" in refused(fien, paid, {}).lower()
    assert "No money has arrived" in refused(fien, payment(cast.samen, status="open", paid_at=None), {})


def test_what_was_true_when_it_was_asked_for_is_asked_again(cast: Cast, key: None) -> None:
    fien, floor, paid = finance("fien"), finance("floor"), payment(cast.samen)
    made = refund(fien, paid, "300.00")
    Payment.objects.filter(pk=paid.pk).update(charged_back=Decimal(400))
    assert "At most € 0.00" in refused(floor, made, {}, "payments.refund.approve")


def test_a_young_direct_debit_asks_for_a_tick(cast: Cast, key: None) -> None:
    fien = finance("fien")
    paid = payment(cast.samen, "100.00", method="directdebit", paid_at=NOW - timedelta(days=3))
    sentence = refused(fien, paid, {"amount": "10"})
    assert "16 January 2027" in sentence and "Tick" in sentence
    made = refund(fien, paid, "10.00", accepts_twice=True)
    assert made.accepts_twice
    with clock.frozen(NOW + timedelta(weeks=8)):
        assert not refund(fien, paid, "10.00").accepts_twice


def test_what_belongs_to_nobody_is_sent_back_at_mollie(cast: Cast, key: None) -> None:
    assert "belongs to no account here" in refused(finance("fien"), payment(None), {})


def test_the_account_names_the_payment(cast: Cast, key: None) -> None:
    fien, key_ = finance("fien"), "payments.account.refund"
    assert "No payment has arrived" in refused(fien, cast.samen, {}, key_)
    one, two = payment(cast.samen, "100.00"), payment(cast.samen, "50.00")
    data = {"payment": two.public_id, "amount": "20.00"}
    run(key_, fien, cast.samen.public_id, data, reason="x")
    assert Refund.objects.get().payment == two
    strange = payment(cast.oost, "70.00")
    assert "need another look" in refused(fien, cast.samen, {"payment": strange.public_id}, key_)
    assert "another look" in refused(fien, cast.samen, {"amount": "20"}, key_) and one.refunds.count() == 0


def test_the_queue_shows_who_waits_and_who_may_decide(cast: Cast, key: None) -> None:
    fien, floor, paid = finance("fien"), finance("floor"), payment(cast.samen)
    made = refund(fien, paid, "300.00")
    own, other, base = (sign_in(f"{who}@agora.example") for who in ("fien", "floor", "ties"))
    page = shown_by(other.get("/panel/to-approve/"))
    assert "€ 300.00" in page and "Charged by mistake" in page and f"/refund/{made.public_id}/approve" in page
    assert "You asked for this yourself" in own.get("/panel/to-approve/").content.decode()
    assert "You need the right" in base.get(f"/panel/refunds/{made.public_id}").content.decode()
    counts = {who: browser.get("/panel/counts").content.decode() for who, browser in (("f", other), ("t", base))}
    assert "approvals" in counts["f"] and "approvals" not in counts["t"]
    run("payments.refund.deny", floor, made.public_id, {"note": "No"})
    page = other.get("/panel/to-approve/").content.decode()
    assert "Nothing waits for a second person" in page and "Decided lately" in page


def test_two_colleagues_at_once_cannot_send_it_twice(committed: Cast, settings: Any) -> None:
    """Each under the account's lock: the second finds what the first left."""
    settings.BURSAR_MOLLIE_KEY = KEY
    paid = payment(committed.samen, "200.00")
    actors = [finance("fien"), finance("floor")]
    said: list[str] = []

    def ask(who: Actor) -> Callable[[], None]:
        def go() -> None:
            try:
                said.append(run(REFUND, who, paid.public_id, {"amount": "150.00"}, reason="x").sentence)
            except Refusal as refusal:
                said.append(refusal.sentence)
            finally:
                connection.close()

        return go

    threads = [threading.Thread(target=ask(who)) for who in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Refund.objects.count() == 1 and len(said) == 2
    assert sum("At most € 50.00" in sentence for sentence in said) == 1, said


def test_two_hats(cast: Cast, key: None) -> None:
    """A colleague who is a customer of the account refunds nothing there."""
    fien, paid = finance("fien"), payment(cast.samen)
    own = replace(fien, own_account_ids=frozenset({cast.samen.pk}))
    refusal = refusal_of(REFUND, own, paid.public_id, {"amount": "1"}, reason="x")
    assert isinstance(refusal, Forbidden) and "customer of this account yourself" in refusal.sentence
    assert not Refund.objects.exists()
