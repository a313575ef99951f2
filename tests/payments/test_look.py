"""How news come in: late, twice, shuffled, lost, from anybody, and while somebody else looks too."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.core import clock
from bursar.core.errors import Unavailable
from bursar.core.ticks import TICKS
from bursar.mollie_sim import posting
from bursar.payments import look
from bursar.payments.models import Chargeback, Hint, Mandate, MollieCustomer, Payment, Subscription
from bursar.payments.phrases import name_mandate
from bursar.payments.states import ChargeState, PaymentKind
from bursar.payments.store import hints
from tests.payments.counter import PATH, SOON, Counter
from tests.payments.till import HTTP, Shop, Till, euros, new_key

TRY = look._try
FORM = "application/x-www-form-urlencoded"


def post(body: str, kind: str = FORM, **headers: str) -> int:
    return Client(enforce_csrf_checks=True).post(PATH, body, kind, headers=headers).status_code


def count_jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM procrastinate_jobs WHERE task_name = 'payments.look'")
        return int(cursor.fetchone()[0])


def test_a_hook_stores_the_id_and_one_job_and_asks_nothing(counter: Counter) -> None:
    counter.fault("down", 1000)
    with CaptureQueriesContext(connection) as asked:
        assert post("id=tr_abc123") == 200
    assert len(asked) <= 10
    for _ in range(3):
        assert post("id=tr_abc123&anything=else") == 200
    assert Hint.objects.get().mollie_id == "tr_abc123" and count_jobs() == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "id=",
        "id=../customers",
        "id=tr_",
        "id=cst_abc",
        "id=tr_abc%00",
        "x",
        "id=" + "t" * 5000,
        "%ff=%fe",
        "id=tr_é",
    ],
)
def test_what_is_no_id_is_answered_alike_and_kept_nowhere(counter: Counter, body: str) -> None:
    assert post(body) == 200
    assert not Hint.objects.exists() and not count_jobs()


def test_other_ways_of_asking_are_refused_quietly(counter: Counter) -> None:
    client = Client()
    assert client.get(PATH).status_code == 405 and client.put(PATH).status_code == 405
    assert post("id=tr_abc" + "&x=1" * 60_000) == 413
    assert post("id=tr_abc", "text/plain") == 200 and post("--x", "multipart/form-data; boundary=x") == 200
    assert post("{}", "application/json") == 403
    assert not Hint.objects.exists()


def test_an_id_that_mollie_does_not_know_changes_nothing_and_is_forgotten(counter: Counter) -> None:
    post("id=tr_nobodyKnowsThis")
    counter.work()
    assert not Hint.objects.exists() and not Payment.objects.exists()


def test_a_payment_of_the_other_mode_changes_nothing(counter: Counter) -> None:
    payment = counter.first()
    counter.simulator.world.payments[payment.mollie_id].mode = "live"
    before = Payment.objects.values().get()
    assert look.look_at(payment.mollie_id) is None
    assert Payment.objects.values().get() == before


def test_our_own_id_that_mollie_does_not_know_yet_is_looked_for_again(counter: Counter) -> None:
    payment = counter.first()
    there = counter.simulator.world.payments.pop(payment.mollie_id)
    clock.set_fixed(clock.now() + SOON)
    post(f"id={payment.mollie_id}")
    counter.work()
    assert hints.is_waiting(payment.mollie_id)
    counter.simulator.world.payments[there.id] = there
    counter.sweep(minutes=2)
    assert not hints.is_waiting(payment.mollie_id)


def test_a_paid_first_payment_is_copied_with_its_mandate(counter: Counter) -> None:
    payment = counter.pay(counter.first())
    assert (payment.status, payment.method, payment.applied_status) == ("paid", "ideal", "paid")
    assert not payment.to_apply and payment.charge and payment.charge.state == ChargeState.PAID
    assert payment.paid_at == counter.simulator.world.payments[payment.mollie_id].paid_at
    mandate = Mandate.objects.get()
    assert (mandate.mollie_id, mandate.status, mandate.method) == (payment.mollie_mandate_id, "valid", "directdebit")
    assert len(mandate.account_end) == 4 and mandate.customer.account == counter.account


def test_of_a_mail_address_no_end_is_shown(counter: Counter) -> None:
    """PayPal's mandate names one as its account: “PayPal ending mple” told nobody anything."""
    counter.pay(counter.first(), method="paypal")
    mandate = Mandate.objects.get()
    assert "@" in str(mandate.raw) and mandate.account_end == "" and name_mandate(mandate) == "PayPal"


def subscribe(counter: Counter) -> Subscription:
    counter.pay(counter.first())
    ours = counter.subscription()
    counter.ask("subscription.create", subscription=ours.public_id)
    ours.refresh_from_db()
    return ours


def test_a_renewal_brings_its_subscription_with_the_next_day(counter: Counter) -> None:
    ours = subscribe(counter)
    before = ours.next_date
    counter.wait(days=31)
    renewal = Payment.objects.get(kind=PaymentKind.RENEWAL.value)
    ours.refresh_from_db()
    assert renewal.subscription == ours and renewal.account == counter.account
    assert renewal.charge and (renewal.charge.kind, renewal.charge.state) == ("renewal", "paid")
    assert before and ours.next_date and ours.next_date > before
    assert renewal.status == "paid" and renewal.amount == Decimal("121.00")


def test_money_that_goes_back_is_copied_and_comes_again(counter: Counter) -> None:
    payment = counter.pay(counter.first())
    base = counter.simulator.base
    HTTP.post(f"{base}/control/payments/{payment.mollie_id}/chargeback", json={"value": "100.00"})
    counter.gateway.refunds.create(new_key(), payment.mollie_id, amount=euros("20.00"), description="made at Mollie")
    counter.tell()
    look.look_at(payment.mollie_id)
    payment.refresh_from_db()
    assert (payment.status, payment.charged_back, payment.refunded) == ("paid", Decimal("100.00"), Decimal("20.00"))
    refund = payment.refunds.get()
    assert (refund.state, refund.asked_by, refund.description) == ("pending", None, "made at Mollie")
    chargeback = Chargeback.objects.get()
    HTTP.post(f"{base}/control/chargebacks/{chargeback.mollie_id}/reverse")
    clock.set_fixed(clock.now() + SOON)
    look.look_at(payment.mollie_id)
    payment.refresh_from_db()
    chargeback.refresh_from_db()
    assert payment.charged_back == 0 and chargeback.reversed_at is not None


def test_money_of_nobody_here_is_copied_without_an_account(counter: Counter) -> None:
    till = Till(counter.simulator, counter.gateway, Shop(url="http://127.0.0.1:9/x"))
    payment = till.paid_first()
    post(f"id={payment.id}")
    counter.work()
    row = Payment.objects.get()
    assert (row.account, row.kind, row.to_apply) == (None, PaymentKind.OTHER.value, False)
    assert MollieCustomer.objects.get().account is None and Mandate.objects.get().status == "valid"


def test_a_look_that_tells_nothing_new_writes_nothing_new(counter: Counter) -> None:
    payment = counter.pay(counter.first())
    before: dict[str, Any] = dict(Payment.objects.values().get())
    clock.set_fixed(clock.now() + SOON)
    look.look_at(payment.mollie_id)
    after: dict[str, Any] = dict(Payment.objects.values().get())
    moved = {name for name in before if before[name] != after[name]}
    assert moved == {"asked_at", "answered_at"}


def test_an_older_answer_is_asked_again_and_never_written_over_a_newer_one(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between asking and writing, the customer paid, and somebody else looked: as the webhook and the page do."""
    payment = counter.first()
    keep, calls = look.keep, []

    def keep_late(*values: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            clock.set_fixed(clock.now() + SOON)
            counter.pay(payment)
            clock.set_fixed(clock.now() + SOON)
        return keep(*values)

    monkeypatch.setattr(look, "keep", keep_late)
    clock.set_fixed(clock.now() + SOON)
    found = look.look_at(payment.mollie_id)
    assert found is not None and found.status == "paid" and len(calls) == 3
    payment.refresh_from_db()
    assert payment.status == "paid"


def test_webhooks_late_twice_and_shuffled_end_as_in_order(counter: Counter) -> None:
    counter.is_deaf = True
    payments = [counter.pay(counter.first(), outcome) for outcome in ("paid", "failed", "canceled", "paid")]
    assert {one.status for one in Payment.objects.all()} == {"open"}
    HTTP.post(f"{counter.simulator.base}/control/payments/{payments[0].mollie_id}/chargeback", json={})
    counter.tell()
    clock.set_fixed(clock.now() + SOON)
    for parcel in [*counter.parcels[::-1], *counter.parcels]:
        assert counter.deliver(parcel) == 200
    assert counter.work() <= 2 * len(payments)
    assert [one.status for one in Payment.objects.order_by("id")] == ["paid", "failed", "canceled", "paid"]
    assert Payment.objects.get(pk=payments[0].pk).charged_back == Decimal("121.00")
    assert not hints.list_waiting().exists()


@pytest.mark.parametrize("kind", ["down", "limited", "nonsense", "garbled"])
def test_what_cannot_be_looked_at_now_is_looked_at_later(counter: Counter, kind: str) -> None:
    payment = counter.first()
    counter.fault(kind, 3, method="GET")
    counter.pay(payment)
    assert payment.status == "open" and hints.is_waiting(payment.mollie_id)
    for _ in range(4):
        counter.sweep(minutes=10)
    payment.refresh_from_db()
    assert payment.status == "paid" and not hints.is_waiting(payment.mollie_id)


def test_a_hint_whose_job_was_lost_is_swept(counter: Counter) -> None:
    payment = counter.first()
    counter.is_deaf = True
    counter.pay(payment)
    counter.is_deaf = False
    clock.set_fixed(clock.now() + SOON)
    counter.deliver(counter.parcels[-1])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    counter.sweep(minutes=1)
    payment.refresh_from_db()
    assert payment.status == "open"
    counter.sweep(minutes=2)
    payment.refresh_from_db()
    assert payment.status == "paid"


def test_a_look_that_was_killed_before_it_was_noted_is_looked_at_again(counter: Counter) -> None:
    payment = counter.first()
    counter.is_deaf = True
    counter.pay(payment)
    clock.set_fixed(clock.now() + SOON)
    hints.hint(payment.mollie_id, clock.now())
    look.look_at(payment.mollie_id)  # and here the worker died
    assert hints.is_waiting(payment.mollie_id)
    before = Payment.objects.values("status", "to_apply", "raw").get()
    counter.sweep(minutes=3)
    assert not hints.is_waiting(payment.mollie_id)
    assert Payment.objects.values("status", "to_apply", "raw").get() == before


@pytest.mark.parametrize("fault", [Unavailable("Busy."), RuntimeError("a fault of ours")])
def test_what_was_copied_and_not_applied_is_applied_by_the_sweeper(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """Killed between the two steps, or the account was busy, or a fault was in our way."""
    payment = counter.first()

    def fail(pk: int, now: Any) -> None:
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(look, "apply_payment", fail)
        broken.setattr(look, "_try", TRY)
        counter.pay(payment)
    assert (payment.status, payment.applied_status, payment.to_apply) == ("paid", "open", True)
    assert not hints.is_waiting(payment.mollie_id)
    TICKS["payments.apply"](clock.now())
    payment.refresh_from_db()
    assert payment.to_apply
    TICKS["payments.apply"](clock.now() + timedelta(minutes=2))
    payment.refresh_from_db()
    assert payment.applied_status == "paid" and not payment.to_apply
    assert payment.charge and payment.charge.state == ChargeState.PAID


def test_the_page_and_the_webhook_may_race(counter: Counter) -> None:
    """Two jobs of one payment, one of each queue, under one lock: what a person waits for goes first."""
    payment = counter.first()
    counter.is_deaf = True
    counter.pay(payment)
    clock.set_fixed(clock.now() + SOON)
    counter.deliver(counter.parcels[-1])
    hints.hint(payment.mollie_id, clock.now(), is_awaited=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_name, lock, priority FROM procrastinate_jobs ORDER BY priority DESC")
        jobs = cursor.fetchall()
    assert [job[0] for job in jobs] == ["awaited", "mollie"] and jobs[0][1] == jobs[1][1] and jobs[0][2] > jobs[1][2]
    assert counter.work() == 2
    payment.refresh_from_db()
    assert payment.status == "paid" and Payment.objects.count() == 1


def signed(event: Any, secret: str = "s3cret") -> posting.Parcel:
    return posting.signed("http://x", secret, event)


EVENT = {"resource": "event", "id": "event_abc", "type": "payment.paid", "entityId": "tr_one"}
EVENTS: list[tuple[dict[str, Any], str]] = [
    (EVENT, "tr_one"),
    ({**EVENT, "entityId": "re_x", "_embedded": {"entity": {"id": "re_x", "paymentId": "tr_two"}}}, "tr_two"),
    ({**EVENT, "entityId": "chb_x", "_links": {"entity": {"href": "https://a/v2/payments/tr_3/chargebacks/chb_x"}}}, "tr_3"),
    ({"resource": "payment", "id": "tr_bare", "status": "paid"}, "tr_bare"),
    ({**EVENT, "entityId": "pl_x", "type": "payment-link.paid"}, ""),
    ({**EVENT, "entityId": 7, "_embedded": [], "_links": "x"}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("event", "told"), EVENTS)
def test_a_signed_event_is_a_hint(counter: Counter, settings: Any, event: dict[str, Any], told: str) -> None:
    settings.BURSAR_MOLLIE_EVENTS_SECRET = ["newer", "s3cret"]
    assert counter.deliver(signed(event)) == 200
    assert list(hints.list_waiting().values_list("mollie_id", flat=True)) == ([told] if told else [])


def test_an_event_is_heard_once_and_under_our_secrets_alone(counter: Counter, settings: Any) -> None:
    assert counter.deliver(signed(EVENT)) == 403
    settings.BURSAR_MOLLIE_EVENTS_SECRET = ["s3cret"]
    body = json.dumps(EVENT)
    assert counter.deliver(signed(EVENT, "another")) == 403
    for signature in ("", "sha256=", "sha256=é", "x" * 500):
        assert post(body, "application/json", **{"X-Mollie-Signature": signature}) == 403
    assert not Hint.objects.exists()
    for garbage in (b"\xff\xfe", b"[]", b"{", b"[" * 5000):
        parcel = signed(None, "s3cret")
        sealed = signed_bytes(garbage, "s3cret")
        assert counter.deliver(posting.Parcel(parcel.url, garbage, {**parcel.headers, **sealed})) in (200, 400)
    assert not Hint.objects.exists()
    assert counter.deliver(signed(EVENT)) == counter.deliver(signed(EVENT)) == 200
    hints.note_looked("tr_one", clock.now() + timedelta(seconds=1))
    clock.set_fixed(clock.now() + timedelta(seconds=2))
    assert counter.deliver(signed(EVENT)) == 200 and not hints.is_waiting("tr_one")


def signed_bytes(body: bytes, secret: str) -> dict[str, str]:
    return {"X-Mollie-Signature": f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"}


def test_the_simulators_events_arrive_beside_the_older_kind(counter: Counter, settings: Any) -> None:
    settings.BURSAR_MOLLIE_EVENTS_SECRET = ["s3cret"]
    counter.simulator.configure(events_url="http://127.0.0.1:8000/mollie/hook", events_secret="s3cret")
    payment = counter.pay(counter.first())
    assert payment.status == "paid" and len(counter.parcels) == 2
    assert Hint.objects.filter(mollie_id__startswith="event_").count() == 1
