"""The gateway before the simulator, over HTTP: what it reads, what it refuses to ask, and what it makes of every failure."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings

from bursar.config.deployment import list_findings
from bursar.core import clock
from bursar.mollie_sim.posting import signed
from bursar.mollie_sim.simulator import Simulator
from bursar.payments.errors import (
    Away,
    KeyRefused,
    KeyTooOld,
    MollieProblem,
    Nonsense,
    NotAnId,
    NotSetUp,
    NotThere,
    RateLimited,
    RefusedThere,
    WrongMode,
)
from bursar.payments.gateway import Gateway, caller, get_gateway, get_mode
from bursar.payments.gateway.links import NewLink
from bursar.payments.gateway.payments import NewPayment, Sequence
from bursar.payments.gateway.subscriptions import NewSubscription
from bursar.payments.ids import IdKind, is_id
from bursar.payments.keys import Mode, StoredKey
from bursar.payments.objects import Amount
from tests.payments.till import BACK, HTTP, KEY, START, Till, euros, new_key
from tests.waiting import until

NEVER = "tr_neverMade"


def state_of(simulator: Simulator) -> dict[str, Any]:
    return simulator.world.counts()


# What is read


def test_a_payment_is_read_with_its_amounts_instants_and_raw_json(till: Till) -> None:
    paid = till.paid_first("creditcard")
    assert (paid.amount, paid.status, paid.method, paid.mode) == (euros("121.00"), "paid", "creditcard", Mode.TEST)
    assert paid.paid_at == START and paid.paid_at.tzinfo is not None
    assert paid.sequence == "first" and paid.customer_id.startswith("cst_") and is_id(paid.mandate_id, IdKind.MANDATE)
    assert (paid.refunded, paid.charged_back, paid.remaining) == (Decimal(0), Decimal(0), Decimal("121.00"))
    assert paid.settled == euros("121.00") and "settlementAmount" in paid.raw  # the SDK's model drops it
    assert paid.checkout == "" and not paid.is_cancelable


def test_a_refund_and_a_chargeback_leave_a_payment_paid(till: Till) -> None:
    paid = till.paid_first()
    refund = till.gateway.refunds.create(new_key(), paid.id, amount=euros("21.00"), description="Too much")
    till.control(f"payments/{paid.id}/chargeback", value="50.00")
    again = till.gateway.payments.get(paid.id)
    assert (again.status, again.refunded, again.charged_back) == ("paid", Decimal("21.00"), Decimal("50.00"))
    assert again.remaining == Decimal("100.00")
    [listed] = till.gateway.refunds.list_of_payment(paid.id).items
    assert listed == refund == till.gateway.refunds.get(paid.id, refund.id)
    [chargeback] = till.gateway.chargebacks.list_of_payment(paid.id).items
    assert chargeback == till.gateway.chargebacks.get(paid.id, chargeback.id)
    assert (chargeback.amount, chargeback.settled) == (euros("50.00"), Amount(Decimal("-50.00"), "EUR"))
    assert [one.id for one in till.gateway.refunds.list().items] == [refund.id]
    assert [one.id for one in till.gateway.chargebacks.list().items] == [chargeback.id]
    till.gateway.refunds.cancel(paid.id, refund.id)
    assert till.gateway.payments.get(paid.id).refunded == Decimal(0)


def test_a_customer_keeps_metadata_and_can_be_changed(till: Till) -> None:
    made = till.customer()
    assert made.metadata == {"account": "a1"} and made.dashboard.startswith("http")
    changed = till.gateway.customers.update(made.id, name="Ann Bos", email="ann@bos.example")
    assert (changed.name, changed.email, changed.metadata) == ("Ann Bos", "ann@bos.example", {"account": "a1"})
    assert till.gateway.customers.list().items == (changed,)


def test_a_subscription_is_made_changed_and_cancelled_once(till: Till) -> None:
    first = till.paid_first()
    made = till.subscribe(first, date(2026, 4, 2))
    assert (made.status, made.interval, made.next_date) == ("active", "1 month", date(2026, 4, 2))
    changed = till.gateway.subscriptions.update(first.customer_id, made.id, amount=euros("90.00"))
    assert (changed.amount, changed.next_date, changed.metadata) == (euros("90.00"), made.next_date, made.metadata)
    gone = till.gateway.subscriptions.cancel(first.customer_id, made.id)
    assert (gone.status, gone.next_date) == ("canceled", None) and gone.canceled_at == START
    assert till.gateway.subscriptions.cancel(first.customer_id, made.id) == gone
    assert till.gateway.subscriptions.list_of_customer(first.customer_id).items == (gone,)
    assert till.gateway.subscriptions.list().items == (gone,)


def test_a_cancel_that_is_refused_for_another_cause_stays_refused(till: Till) -> None:
    first = till.paid_first()
    new = NewSubscription(euros("10.00"), "1 day", date(2026, 3, 2), "Once", first.mandate_id, till.shop.url)
    body = {**new.body, "times": 1}
    made = till.gateway.subscriptions._caller.make(
        "subscriptions.create", new_key(), ("subscription_request", body), customer_id=first.customer_id
    )
    till.wait(days=1)
    with pytest.raises(RefusedThere, match="completed"):
        till.gateway.subscriptions.cancel(first.customer_id, made["id"])


def test_mandates_are_given_read_and_revoked(till: Till) -> None:
    first = till.paid_first()
    customer = first.customer_id
    written = till.gateway.mandates.create(
        new_key(), customer, holder="Ann", iban="NL55INGB0000000000", signed_on=date(2026, 3, 1), reference="M-1"
    )
    assert (written.method, written.status, written.account) == ("directdebit", "valid", "NL55INGB0000000000")
    assert [one.id for one in till.gateway.mandates.list(customer).items] == [written.id, first.mandate_id]
    till.gateway.mandates.revoke(customer, first.mandate_id)
    assert till.gateway.mandates.get(customer, first.mandate_id).status == "invalid"
    with pytest.raises(NotThere):
        till.gateway.mandates.revoke(customer, first.mandate_id)


def test_a_link_becomes_a_payment_when_it_is_opened(till: Till) -> None:
    expires = datetime(2026, 4, 1, tzinfo=UTC)
    new = NewLink(euros("75.00"), "Workshop", till.shop.url, BACK, expires)
    link = till.gateway.links.create(new_key(), new)
    assert (link.amount, link.expires_at, link.paid_at, link.is_reusable) == (euros("75.00"), expires, None, False)
    assert till.gateway.links.list_payments(link.id).items == ()
    opened = HTTP.get(link.url)
    assert opened.status_code == 303
    [payment] = till.gateway.links.list_payments(link.id).items
    till.pay(payment)
    assert till.gateway.links.get(link.id).paid_at == START
    assert till.gateway.links.archive(link.id).is_archived
    assert till.gateway.links.list().items[0].id == link.id


def test_methods_say_their_least_and_most(till: Till) -> None:
    everything = {one.id: one for one in till.gateway.methods.list(Sequence.FIRST)}
    assert everything["bancontact"].minimum == euros("0.02") and "directdebit" not in everything
    least = {one.id for one in till.gateway.methods.list(Sequence.FIRST, euros("0.01"))}
    assert "ideal" in least and "bancontact" not in least


def test_lists_go_on_where_they_stopped(till: Till) -> None:
    customer = till.customer()
    made = [till.first(customer).id for _ in range(5)]
    page = till.gateway.payments.list(limit=2)
    found = [one.id for one in page.items]
    while page.next_id:
        page = till.gateway.payments.list(page.next_id, limit=2)
        found += [one.id for one in page.items]
    assert found == made[::-1]
    assert [one.id for one in till.gateway.payments.list_of_customer(customer.id).items] == found


# What is not asked


@pytest.mark.parametrize(
    "bad", ["../customers", "tr_", "tr_a/b", "cst_abc", "", "tr_a b", "TR_abc", "tr_" + "a" * 65, "tr_é"]
)
def test_what_is_no_id_is_never_part_of_an_address(simulator: Simulator, gateway: Gateway, bad: str) -> None:
    simulator.records = True
    with pytest.raises(NotAnId):
        gateway.payments.get(bad)
    with pytest.raises(NotAnId):
        gateway.refunds.create(new_key(), bad, amount=euros("1.00"), description="x")
    assert simulator.exchanges == []


def test_a_key_that_mollie_has_forgotten_makes_nothing(simulator: Simulator, gateway: Gateway) -> None:
    fresh, stale = (StoredKey("k", clock.now() - timedelta(minutes=minutes)) for minutes in (54, 55))
    gateway.customers.create(fresh, name="A", email="a@b.example")
    before = state_of(simulator)
    with pytest.raises(KeyTooOld):
        gateway.customers.create(stale, name="A", email="a@b.example")
    assert state_of(simulator) == before


def test_a_part_of_a_cent_is_our_own_fault() -> None:
    with pytest.raises(ValueError):
        Amount(Decimal("1.005"), "EUR").wire  # noqa: B018
    assert Amount(Decimal("1"), "EUR").wire == {"currency": "EUR", "value": "1.00"}


def test_a_field_that_the_sdk_would_drop_stops_the_call(simulator: Simulator, gateway: Gateway) -> None:
    body = {"name": "A", "emial": "a@b.example"}
    with pytest.raises(ValueError, match="emial"):
        gateway.customers._caller.make("customers.create", new_key(), ("entity_customer", body))
    assert state_of(simulator)["customers"] == 0


# One thing once, however often it is tried


@pytest.mark.parametrize("fault", ["lost", "down"])
def test_a_retried_call_makes_one_thing(till: Till, fault: str) -> None:
    """The first answer never came: the retry carries the same key."""
    patient = Gateway(till.simulator.base, KEY, patient=True)
    customer = till.customer()
    till.simulator.fail(fault, times=1, method="POST")
    new = NewPayment(euros("1.00"), "One", Sequence.FIRST, customer.id, till.shop.url, redirect_url=BACK)
    made = patient.payments.create(new_key(), new)
    assert [one.id for one in till.gateway.payments.list().items] == [made.id]


def test_a_job_sleeps_for_nobody_elses_word(till: Till) -> None:
    """A Retry-After of a day: the SDK would keep the worker for as long."""
    patient = Gateway(till.simulator.base, KEY, patient=True)
    till.simulator.fail("down", times=1, seconds=86_400)
    assert patient.customers.list().items == ()
    till.simulator.fail("limited", times=1, seconds=86_400)
    with pytest.raises(RateLimited) as caught:
        patient.customers.list()
    assert caught.value.seconds == 86_400 and caught.value.may_pass


def test_what_a_person_waits_for_is_tried_once(till: Till) -> None:
    till.simulator.records = True
    till.simulator.fail("down")
    with pytest.raises(Away):
        till.gateway.methods.list(Sequence.FIRST)
    till.simulator.heal()
    assert len(till.simulator.exchanges) == 1


def test_the_same_key_later_gives_the_first_answer(till: Till) -> None:
    key = new_key()
    made = till.gateway.customers.create(key, name="A", email="a@b.example")
    assert till.gateway.customers.create(key, name="A", email="a@b.example") == made
    with pytest.raises(RefusedThere, match="another request"):
        till.gateway.customers.create(key, name="B", email="a@b.example")
    assert len(till.gateway.customers.list().items) == 1


# What goes wrong


def test_what_mollie_does_not_know(gateway: Gateway) -> None:
    with pytest.raises(NotThere) as caught:
        gateway.payments.get(NEVER)
    assert caught.value.status == 404 and not caught.value.may_pass and NEVER in caught.value.sentence


def test_a_refusal_names_the_field_and_the_cause(till: Till) -> None:
    customer = till.customer()
    before = state_of(till.simulator)
    new = NewPayment(euros("0.00"), "None", Sequence.FIRST, customer.id, till.shop.url, redirect_url=BACK)
    with pytest.raises(RefusedThere) as caught:
        till.gateway.payments.create(new_key(), new)
    assert caught.value.field == "amount" and "lower than the minimum" in caught.value.sentence
    assert not caught.value.may_pass and state_of(till.simulator) == before


def test_the_other_mode_is_told_apart(till: Till, address: str) -> None:
    live = Gateway(address, "live_ofTheTill")
    payment = till.first()
    with pytest.raises(WrongMode):
        live.payments.get(payment.id)
    assert live.payments.list().items == () and (till.gateway.mode, live.mode) == (Mode.TEST, Mode.LIVE)


def test_an_answer_of_the_other_mode_is_refused(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Mollie thinks: what a test key reads is never taken for live."""
    payment = till.first()
    monkeypatch.setattr(till.gateway.payments._caller, "_mode", Mode.LIVE)
    with pytest.raises(WrongMode):
        till.gateway.payments.get(payment.id)


def test_too_many_calls(gateway: Gateway, simulator: Simulator) -> None:
    simulator.fail("limited", seconds=7, times=1)
    with pytest.raises(RateLimited) as caught:
        gateway.payments.get(NEVER)
    assert (caught.value.seconds, caught.value.may_pass, caught.value.maybe_done) == (7, True, False)
    simulator.fail("limited", times=1)
    with pytest.raises(RateLimited) as caught:
        gateway.payments.get(NEVER)
    assert caught.value.seconds is None


@pytest.mark.parametrize(
    ("kind", "problem"), [("down", Away), ("lost", Away), ("nonsense", Nonsense), ("garbled", Nonsense)]
)
def test_a_mollie_that_is_not_well(till: Till, kind: str, problem: type[MollieProblem]) -> None:
    till.customer()
    till.simulator.fail(kind)
    with pytest.raises(problem) as caught:
        till.gateway.customers.list()
    assert caught.value.may_pass and caught.value.status == 503


def test_a_mollie_that_hangs_may_have_done_it(
    till: Till, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    monkeypatch.setattr(caller, "TIMEOUT", httpx.Timeout(60, read=0.3))
    hasty = Gateway(till.simulator.base, KEY)
    till.simulator.fail("hanging", times=1)
    key = new_key()
    with pytest.raises(Away) as caught:
        hasty.customers.create(key, name="A", email="a@b.example")
    assert caught.value.maybe_done
    until(lambda: [one.answer for one in till.simulator.replays._kept.values()] not in ([], [None]), "it was not done")
    made = till.gateway.customers.create(key, name="A", email="a@b.example")
    assert [one.id for one in till.gateway.customers.list().items] == [made.id]


def test_a_mollie_that_is_not_there_has_done_nothing() -> None:
    nobody = Gateway("http://127.0.0.1:9", KEY)
    with pytest.raises(Away) as caught:
        nobody.payments.get(NEVER)
    assert caught.value.may_pass and not caught.value.maybe_done


def test_a_key_that_mollie_does_not_take(simulator: Simulator, address: str) -> None:
    stranger = Gateway(address, KEY, token="nonsense")
    with pytest.raises(KeyRefused):
        stranger.settlements.list()
    keyed = Gateway(address, KEY, token=KEY)
    with pytest.raises(KeyRefused, match="access token"):
        keyed.settlements.list()


# Settings


def test_without_a_key_there_are_no_payments(settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = ""
    with pytest.raises(NotSetUp):
        get_gateway()
    assert get_mode() is None


def test_the_settings_give_one_gateway_a_process(settings: Any, address: str) -> None:
    settings.BURSAR_MOLLIE_KEY, settings.BURSAR_MOLLIE_URL = KEY, address
    assert get_mode() is Mode.TEST
    assert get_gateway() is get_gateway() and get_gateway(patient=True) is not get_gateway()
    assert get_gateway().payments.list().items == ()
    with pytest.raises(NotSetUp, match="BURSAR_MOLLIE_TOKEN"):
        get_gateway().settlements  # noqa: B018


@pytest.mark.parametrize(
    ("key", "url", "sentence"),
    [
        ("live_abc", "http://127.0.0.1:8090", "a live key goes to https://api.mollie.com only"),
        ("live_abc", "https://api.mollie.com.evil.example", "a live key goes to https://api.mollie.com only"),
        ("secret", "https://api.mollie.com", "an API key starts with test_ or live_"),
    ],
)
def test_settings_that_cannot_be_stop_the_start(key: str, url: str, sentence: str) -> None:
    environment = {**os.environ, "BURSAR_MOLLIE_KEY": key, "BURSAR_MOLLIE_URL": url, "DATABASE_URL": "postgresql://x/y"}
    command = [sys.executable, "-m", "bursar", "actions"]
    done = subprocess.run(command, env=environment, cwd=django_settings.ROOT, capture_output=True, text=True)
    assert done.returncode != 0 and sentence in done.stderr and "Traceback" not in done.stderr


def test_signed_events_are_known_by_their_signature() -> None:
    parcel = signed("http://127.0.0.1/", "new", {"id": "event_1"})
    body, signature = parcel.body.decode(), parcel.headers["X-Mollie-Signature"]
    assert caller.is_signed(body, signature, ["old", "new"])
    assert not caller.is_signed(body, signature, ["old"])
    assert not caller.is_signed(body + " ", signature, ["new"])
    assert not caller.is_signed(body, "", ["new"]) and not caller.is_signed(body, signature, [])


def test_nothing_but_the_caller_imports_the_sdk() -> None:
    root = Path(django_settings.ROOT)
    naming = [path for path in root.glob("bursar/**/*.py") if "from mollie" in path.read_text()]
    assert naming == [root / "bursar/payments/gateway/caller.py"]


@pytest.mark.django_db
def test_check_deploy_names_a_test_key_and_a_simulator(settings: Any) -> None:
    def said() -> list[str]:
        return [one.sentence for one in list_findings() if one.is_danger and "MOLLIE" in one.sentence]

    settings.BURSAR_MOLLIE_KEY, settings.BURSAR_MOLLIE_URL = KEY, "http://127.0.0.1:8090"
    assert ["test key" in one for one in said()] == [False, True]
    settings.BURSAR_MOLLIE_KEY, settings.BURSAR_MOLLIE_URL = "live_x", "https://api.mollie.com"
    settings.BURSAR_ADDRESS = "https://bursar.agora.example"
    assert said() == []
    settings.BURSAR_MOLLIE_KEY = ""
    assert said() == []
