"""Calls to Mollie: each once, in order, whatever happens to the answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.core import clock
from bursar.notifications.deliveries import describe_rows
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.payments.errors import NotSetUp
from bursar.payments.models import Call, MollieCustomer, Payment, Refund
from bursar.payments.queries.calling import say_calls
from bursar.payments.states import CallOp, CallState, ChargeKind, PaymentKind, RefundState
from bursar.tenants.models import BillingAccount
from tests.cast import sign_in
from tests.payments.counter import Counter
from tests.payments.till import HTTP

MAKES = ("lost", "garbled", "down", "nonsense", "limited", "hanging")


def test_the_first_payment_makes_the_customer_before_it(counter: Counter) -> None:
    payment = counter.first()
    assert [call.op for call in Call.objects.order_by("id")] == ["customer.create", "payment.create"]
    assert {call.state for call in Call.objects.all()} == {CallState.DONE.value}
    customer = MollieCustomer.objects.get()
    assert customer.account == counter.account and customer.rules_since == Call.objects.earliest("id").made_at
    assert (payment.account, payment.kind, payment.status) == (counter.account, PaymentKind.SEAT.value, "open")
    assert payment.checkout.startswith(counter.simulator.base) and payment.amount == Decimal("121.00")
    (there,) = counter.simulator.world.payments.values()
    assert payment.charge and there.metadata["charge"] == payment.charge.public_id
    assert there.webhook_url and there.webhook_url.endswith("/mollie/hook")
    counter.first()
    assert Call.objects.filter(op="customer.create").count() == 1 == len(counter.simulator.world.customers)


def test_nothing_is_put_without_a_key(counter: Counter, settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = ""
    with pytest.raises(NotSetUp):
        counter.put("payment.create", charge="chg_x", sequence="first", mandate="")
    assert not Call.objects.exists() and not OutboxRow.objects.filter(kind="mollie").exists()


def test_a_call_waits_for_a_key_and_says_so(counter: Counter, settings: Any) -> None:
    key = settings.BURSAR_MOLLIE_KEY
    charge = counter.charge()
    call = counter.put("payment.create", charge=charge.public_id, sequence="first", mandate="")
    settings.BURSAR_MOLLIE_KEY = ""
    counter.work()
    first = Call.objects.earliest("id")
    assert first.state == CallState.WAITING and "BURSAR_MOLLIE_KEY" in first.problem and first.first_tried_at is None
    settings.BURSAR_MOLLIE_KEY = key
    counter.sweep(minutes=6)
    call.refresh_from_db()
    assert call.state == CallState.DONE and Payment.objects.get().mollie_id == call.answer_id


def test_a_call_of_the_other_mode_is_refused(counter: Counter) -> None:
    call = counter.put("payment.create", charge=counter.charge().public_id, sequence="first", mandate="")
    Call.objects.update(mode="live")
    counter.work()
    call.refresh_from_db()
    assert call.state == CallState.REFUSED and "do not mix" in call.problem
    assert not counter.simulator.world.customers


@pytest.mark.parametrize("kind", MAKES)
@pytest.mark.parametrize("times", [1, 3])
def test_a_payment_is_made_once_whatever_becomes_of_the_answer(counter: Counter, kind: str, times: int) -> None:
    counter.first()
    charge = counter.charge("60.50")
    counter.fault(kind, times, path="/payments", method="POST")
    call = counter.ask("payment.create", charge=charge.public_id, sequence="first", mandate="")
    for _ in range(times):
        counter.sweep(minutes=20)
    call.refresh_from_db()
    assert call.state == CallState.DONE and not call.problem
    made = [one for one in counter.simulator.world.payments.values() if one.metadata["bursar"] == call.public_id]
    assert [one.id for one in made] == [call.answer_id]
    assert Payment.objects.get(charge=charge).mollie_id == call.answer_id


def test_a_key_that_grew_too_old_is_looked_for_first(counter: Counter) -> None:
    counter.first()
    charge = counter.charge("60.50")
    counter.fault("lost", path="/payments", method="POST")
    call = counter.ask("payment.create", charge=charge.public_id, sequence="first", mandate="")
    assert call.state == CallState.WAITING and call.first_tried_at is not None
    counter.sweep(minutes=56)
    call.refresh_from_db()
    made = [one for one in counter.simulator.world.payments.values() if one.metadata["bursar"] == call.public_id]
    assert call.state == CallState.DONE and [one.id for one in made] == [call.answer_id]


def test_what_was_never_done_is_made_anew_under_a_new_key(counter: Counter) -> None:
    counter.first()
    counter.fault("down", path="/payments", method="POST")
    call = counter.ask("payment.create", charge=counter.charge("60.50").public_id, sequence="first", mandate="")
    key = call.key
    counter.sweep(minutes=56)
    call.refresh_from_db()
    assert call.state == CallState.DONE and call.key != key
    assert call.answer_id in counter.simulator.world.payments


def test_looking_is_repeated_before_anything_is_made(counter: Counter) -> None:
    """Killed, or Mollie away, between finding the key too old and having looked."""
    counter.first()
    counter.fault("lost", path="/payments", method="POST")
    call = counter.ask("payment.create", charge=counter.charge("60.50").public_id, sequence="first", mandate="")
    counter.fault("down", path="/payments", method="GET")
    counter.sweep(minutes=56)
    call.refresh_from_db()
    assert call.state == CallState.LOOKING
    counter.sweep(minutes=90)
    call.refresh_from_db()
    made = [one for one in counter.simulator.world.payments.values() if one.metadata["bursar"] == call.public_id]
    assert call.state == CallState.DONE and len(made) == 1


def test_a_repeat_says_the_same_although_more_is_wanted_now(counter: Counter) -> None:
    """Mollie refuses another body under the same key."""
    payment = counter.pay(counter.first())
    ours = counter.subscription()
    counter.fault("lost", path="/subscriptions", method="POST")
    counter.put("subscription.create", subscription=ours.public_id)
    counter.work()
    counter.want(ours, "242.00")
    counter.put("subscription.update", subscription=ours.public_id)
    counter.sweep(minutes=3)
    counter.sweep(minutes=6)
    ours.refresh_from_db()
    (there,) = counter.simulator.world.subscriptions.values()
    assert (there.id, there.amount.value) == (ours.mollie_id, Decimal("242.00")) and ours.amount == there.amount.value
    assert ours.mollie_mandate_id == payment.mollie_mandate_id and ours.status == "active"


def test_a_replayed_answer_does_not_undo_what_happened_since(counter: Counter) -> None:
    counter.first()
    charge = counter.charge("60.50")
    counter.fault("lost", path="/payments", method="POST")
    call = counter.ask("payment.create", charge=charge.public_id, sequence="first", mandate="")
    there = next(one for one in counter.simulator.world.payments.values() if one.metadata["bursar"] == call.public_id)
    clock.set_fixed(clock.now() + timedelta(minutes=1))
    HTTP.post(f"{counter.simulator.base}/control/payments/{there.id}", json={"outcome": "paid", "method": "ideal"})
    counter.tell()
    assert Payment.objects.get(charge=charge).status == "paid"
    counter.sweep(minutes=3)
    call.refresh_from_db()
    assert call.state == CallState.DONE and Payment.objects.get(charge=charge).status == "paid"


def test_what_mollie_refuses_for_good_is_not_tried_again(counter: Counter) -> None:
    counter.first()
    call = counter.ask(
        "payment.create", charge=counter.charge("60.50").public_id, sequence="recurring", mandate="mdt_nobody"
    )
    assert call.state == CallState.REFUSED and "mandate" in call.problem
    row = OutboxRow.objects.get(key=call.public_id)
    assert row.state == OutboxState.FAILED and not Payment.objects.filter(charge__gross=Decimal("60.50")).exists()
    after = counter.ask("payment.create", charge=counter.charge("30.25").public_id, sequence="first", mandate="")
    assert after.state == CallState.DONE


def test_mollie_says_for_how_long_it_is_left_alone(counter: Counter) -> None:
    counter.first()
    counter.fault("limited", seconds=200, path="/payments", method="POST")
    call = counter.ask("payment.create", charge=counter.charge("60.50").public_id, sequence="first", mandate="")
    row = OutboxRow.objects.get(key=call.public_id)
    assert row.state == OutboxState.WAITING and row.attempts == 0 and "slow down" in call.problem
    assert row.due_at == clock.now() + timedelta(seconds=200)


def test_calls_of_one_account_go_in_order(counter: Counter) -> None:
    counter.first()
    counter.fault("down", path="/payments", method="POST")
    calls = [
        counter.put("payment.create", charge=counter.charge(gross).public_id, sequence="first", mandate="")
        for gross in ("60.50", "30.25")
    ]
    counter.work()
    assert [Call.objects.get(pk=call.pk).first_tried_at is None for call in calls] == [False, True]
    counter.sweep(minutes=3)
    made = [Call.objects.get(pk=call.pk).answer_id for call in calls]
    assert made == list(counter.simulator.world.payments)[1:]


def test_a_payment_is_called_off_and_one_that_is_over_stays(counter: Counter) -> None:
    charge = counter.charge()
    counter.pay(counter.first())
    mandate = next(iter(counter.simulator.world.mandates))
    counter.ask("payment.create", charge=charge.public_id, sequence="recurring", mandate=mandate)
    payment = Payment.objects.get(charge=charge)
    assert (payment.method, payment.status) == ("directdebit", "pending")
    call = counter.ask("payment.cancel", payment=payment.mollie_id)
    payment.refresh_from_db()
    assert call.state == CallState.DONE and payment.status == "canceled"
    assert counter.ask("payment.cancel", payment=payment.mollie_id).state == CallState.DONE
    still_open = counter.first()
    left = counter.ask("payment.cancel", payment=still_open.mollie_id)
    still_open.refresh_from_db()
    assert left.state == CallState.DONE and still_open.status == "open", "a checkout is left to expire"
    counter.pay(still_open, "pending", "creditcard")
    refused = counter.ask("payment.cancel", payment=still_open.mollie_id)
    assert refused.state == CallState.REFUSED


def subscribed(counter: Counter) -> Any:
    counter.pay(counter.first())
    ours = counter.subscription()
    counter.ask("subscription.create", subscription=ours.public_id)
    ours.refresh_from_db()
    return ours


def test_a_subscription_is_made_as_wanted_and_brought_to_what_is_wanted_later(counter: Counter) -> None:
    ours = subscribed(counter)
    (there,) = counter.simulator.world.subscriptions.values()
    assert (ours.mollie_id, ours.status, ours.next_date) == (there.id, "active", ours.start_date)
    assert (there.amount.value, str(there.interval), there.metadata["subscription"]) == (121, "1 month", ours.public_id)
    counter.want(ours, "1331.00", then_cadence="yearly")
    counter.ask("subscription.update", subscription=ours.public_id)
    ours.refresh_from_db()
    assert (ours.amount, ours.interval, ours.next_date) == (Decimal("1331.00"), "12 months", ours.start_date)
    assert there.amount.value == 1331 and there.next_date == ours.start_date
    call = counter.ask("subscription.cancel", subscription=ours.public_id)
    again = counter.ask("subscription.cancel", subscription=ours.public_id)
    ours.refresh_from_db()
    assert (call.state, again.state, ours.status) == (CallState.DONE.value, CallState.DONE.value, "canceled")


@pytest.mark.parametrize("kind", ["lost", "garbled", "down", "limited"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "GET"])
def test_every_call_about_a_subscription_survives(counter: Counter, kind: str, method: str) -> None:
    counter.pay(counter.first())
    ours = counter.subscription()
    counter.fault(kind, 2, path="/subscriptions", method=method)
    counter.put("subscription.create", subscription=ours.public_id)
    counter.want(ours, "242.00")
    counter.put("subscription.update", subscription=ours.public_id)
    counter.put("subscription.cancel", subscription=ours.public_id)
    counter.work()
    for _ in range(6):
        counter.sweep(minutes=30)
    ours.refresh_from_db()
    (there,) = counter.simulator.world.subscriptions.values()
    assert not Call.objects.exclude(state=CallState.DONE.value).exists()
    assert (ours.mollie_id, ours.status, there.status) == (there.id, "canceled", "canceled")


def test_a_mandate_by_which_something_charges_is_not_revoked(counter: Counter) -> None:
    ours = subscribed(counter)
    old = ours.mollie_mandate_id
    refused = counter.ask("mandate.revoke", mandate=old, after="")
    assert refused.state == CallState.REFUSED and "still charges" in refused.problem
    assert counter.simulator.world.mandates[old].status == "valid"
    new = counter.pay(counter.first(), method="creditcard").mollie_mandate_id
    counter.put("subscription.update", subscription=ours.public_id, mandate=new)
    call = counter.ask("mandate.revoke", mandate=old, after=new)
    ours.refresh_from_db()
    assert call.state == CallState.DONE and (ours.mollie_mandate_id, ours.status) == (new, "active")
    assert counter.simulator.world.mandates[old].status == "invalid"
    assert counter.ask("mandate.revoke", mandate=old, after=new).state == CallState.DONE
    assert {one.mollie_id: one.status for one in ours.customer.mandates.all()} == {old: "invalid", new: "valid"}


@pytest.mark.parametrize("kind", ["", "lost", "garbled", "down", "limited"])
def test_a_refund_is_made_once_and_seen_on_its_payment(counter: Counter, kind: str) -> None:
    payment = counter.pay(counter.first())
    now = clock.now()
    ours = Refund.objects.create(
        payment=payment, amount=Decimal("21.00"), state=RefundState.SENDING.value, mode="test", created_at=now,
        learned_at=now, reason="too much",
    )  # fmt: skip
    if kind:
        counter.fault(kind, 2, path="/refunds", method="POST")
    counter.put("refund.create", refund=ours.public_id)
    counter.work()
    for _ in range(3):
        counter.sweep(minutes=10)
    ours.refresh_from_db()
    payment.refresh_from_db()
    (there,) = counter.simulator.world.refunds.values()
    assert (ours.mollie_id, ours.amount, ours.reason) == (there.id, Decimal("21.00"), "too much")
    assert payment.refunded == Decimal("21.00") and payment.refunds.count() == 1
    assert payment.applied_refunded == Decimal("21.00")


def test_nothing_is_charged_by_a_charge_twice_at_once(counter: Counter) -> None:
    """Two jobs of one account at the same time do not meet: the outbox keeps the order."""
    charge = counter.charge(kind=ChargeKind.UPGRADE)
    counter.put("payment.create", charge=charge.public_id, sequence="first", mandate="")
    counter.put("payment.create", is_awaited=True, charge=counter.charge().public_id, sequence="first", mandate="")
    counter.work()
    assert len(counter.simulator.world.payments) == 2 and len(counter.simulator.world.customers) == 1


def test_what_is_asked_of_mollie_is_named_by_its_account_and_for_what(counter: Counter) -> None:
    """Among the deliveries, where a call stood by its id alone; in a number of statements that no row adds to."""
    page, account = sign_in("iris@agora.example"), counter.account
    counter.put("payment.create", charge=counter.charge().public_id, sequence="first", mandate="")
    counter.put("subscription.create", subscription=counter.subscription("48.40").public_id)
    text = page.get("/panel/deliveries/?state=waiting").content.decode()
    named = [f"New customer at Mollie: {account}", f"Payment of € 121.00, seats that came: {account}",
             f"New subscription of € 48.40: {account}"]  # fmt: skip
    assert [one for one in named if one not in text] == []
    row = OutboxRow.objects.filter(kind="mollie").latest("id")
    one = page.get(f"/panel/deliveries/{row.public_id}").content.decode()
    assert named[2] in one and f'href="/panel/accounts/{account.public_id}"' in one
    few = list(OutboxRow.objects.filter(kind="mollie"))
    with CaptureQueriesContext(connection) as before:
        describe_rows(few)
    counter.put("payment.create", charge=counter.charge().public_id, sequence="oneoff", mandate="")
    counter.put("subscription.update", subscription=counter.subscription("96.80").public_id)
    with CaptureQueriesContext(connection) as after:
        assert len(describe_rows(list(OutboxRow.objects.filter(kind="mollie")))) == len(few) + 2
    assert len(after) - 1 == len(before)


def test_every_call_has_its_words() -> None:
    account = BillingAccount()
    said = say_calls([Call(public_id=f"call_{op}", account=account, op=op.value) for op in CallOp])
    assert len(set(said.values())) == len(CallOp) and not any("{" in one for one in said.values())
