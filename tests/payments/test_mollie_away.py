"""Mollie is down, slow, out of its mind, or does what it says it did not: pages work, what is asked for waits or is
refused with a sentence, and nothing is ever half done.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.ticks import TICKS
from bursar.payments import gateway as gateways
from bursar.payments.gateway import caller
from bursar.payments.models import Call, Payment, Refund, Subscription
from bursar.payments.store import hints
from tests.cast import Cast, prove, sign_in
from tests.payments.buying import DETAILS, Buyer, set_details
from tests.payments.counter import Counter
from tests.payments.till import HTTP

YEAR = {"tier": "changemaker", "cadence": "yearly", "agrees": True}
A_LITTLE, LONG = (1,), (1, 5, 20)
"""Hours between two minutes in which the worker wakes. Mollie forgets a key after one."""


class Away:
    """`begin`: from now on Mollie answers in this way alone; `end`: it is well again."""

    def __init__(self, kind: str, counter: Counter, settings: Any, patch: pytest.MonkeyPatch) -> None:
        self.kind, self.counter, self.settings, self.patch = kind, counter, settings, patch
        self.address = settings.BURSAR_MOLLIE_URL

    def begin(self) -> None:
        if self.kind == "gone":
            self._move("http://127.0.0.1:9")
        elif self.kind == "slow":
            self.patch.setattr(caller, "TIMEOUT", httpx.Timeout(0.05))
            self._move(self.address)
            self.counter.fault("hanging", None, seconds=0.2)  # type: ignore[arg-type]  # for good
        else:
            self.counter.fault(self.kind, None)  # type: ignore[arg-type]  # for good

    def end(self) -> None:
        self.counter.simulator.heal()
        if self.kind == "slow":
            self.patch.setattr(caller, "TIMEOUT", httpx.Timeout(10, connect=2))
        if self.kind in ("gone", "slow"):
            self._move(self.address)

    def _move(self, address: str) -> None:
        self.settings.BURSAR_MOLLIE_URL = address
        gateways.forget()
        self.counter.gateway = gateways.get_gateway(patient=True)


@pytest.fixture
def buyer(cast: Cast, counter: Counter, settings: Any) -> Buyer:
    settings.BURSAR_TERMS_VERSION = "2026-11"
    made = Buyer(cast, counter)
    set_details({made.account.pk: DETAILS}, clock.now())
    return made


@pytest.fixture
def away(request: Any, counter: Counter, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Away:
    return Away(request.param, counter, settings, monkeypatch)


def live(buyer: Buyer, hours: tuple[int, ...] = LONG) -> None:
    """What is left is swept up."""
    for hour in hours:
        buyer.counter.sweep(hours=hour)


def away_by(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("away", kinds, indirect=True)


def payments_there(buyer: Buyer) -> list[Any]:
    return list(buyer.counter.simulator.world.payments.values())


@away_by("down", "limited", "nonsense", "garbled", "lost", "slow", "gone")
def test_a_checkout_waits_and_is_made_once(buyer: Buyer, away: Away) -> None:
    away.begin()
    buyer.do("check_out", YEAR)
    live(buyer, A_LITTLE)
    charge = buyer.newest()
    assert (charge.state, charge.checkout, Payment.objects.count()) == ("asked", "", 0)
    assert buyer.tier() == "free" and not Subscription.objects.exists()
    page = sign_in("lotte@client.example").get(f"/pay/{charge.public_id}").content.decode()
    waits = Call.objects.filter(op="payment.create").get()
    assert waits.state in ("waiting", "looking") and Call.objects.exclude(problem="").exists()
    assert "What you asked for is kept" in page and ("Mollie" in page or "payment provider" in page)
    away.end()
    live(buyer)
    charge.refresh_from_db()
    open_ones = [one for one in payments_there(buyer) if one.metadata["charge"] == charge.public_id]
    assert len(open_ones) == 1 and len(buyer.counter.simulator.world.customers) == 1
    assert charge.payments.get().mollie_id == open_ones[0].id
    prove()


@away_by("down", "lost")
def test_a_plan_that_is_bought_and_a_try_go_on_once_mollie_is_back(buyer: Buyer, away: Away) -> None:
    """The first payment is known; its subscription cannot be made. Then a renewal fails, and the try cannot be made."""
    buyer.do("check_out", {**YEAR, "cadence": "monthly"})
    charge = buyer.newest()
    HTTP.post(charge.payments.get().checkout, data={"method": "creditcard", "outcome": "paid"})
    away.begin()
    buyer.counter.tell()
    live(buyer, A_LITTLE)
    charge.refresh_from_db()
    assert charge.state == "open" and buyer.tier() == "free" and hints.list_waiting().exists()
    away.end()
    live(buyer)
    charge.refresh_from_db()
    assert charge.state == "paid" and buyer.tier() == "changemaker"
    assert len(buyer.counter.simulator.world.subscriptions) == 1 and buyer.meant().status == "active"
    for mandate in buyer.counter.simulator.world.mandates.values():
        mandate.next = ["failed:insufficient_funds"]
    buyer.counter.wait(days=31)
    renewal = buyer.newest(kind="renewal", state="failed")
    before = len(payments_there(buyer))
    away.begin()
    buyer.do("retry_charge", who=buyer.cast.ties)
    live(buyer, A_LITTLE)
    renewal.refresh_from_db()
    assert renewal.state == "asked"
    away.end()
    live(buyer)
    renewal.refresh_from_db()
    assert renewal.state == "paid" and len(payments_there(buyer)) == before + 1, "one try, not one for each answer lost"
    prove()


@away_by("nonsense", "garbled", "lost")
def test_a_refund_leaves_once(buyer: Buyer, away: Away) -> None:
    buyer.buy(cadence="monthly", method="creditcard")
    paid = Payment.objects.get()
    away.begin()
    data = {"amount": "20.00"}
    run("payments.payment.refund", buyer.cast.iris, paid.public_id, data, reason="Goodwill")
    buyer.counter.work()
    live(buyer, A_LITTLE)
    assert Refund.objects.get().state == "sending"
    away.end()
    live(buyer)
    assert len(buyer.counter.simulator.world.refunds) == 1
    paid.refresh_from_db()
    assert paid.refunded == Decimal("20.00") and Refund.objects.get().state in ("pending", "processing", "refunded")


@away_by("gone", "lost")
def test_an_end_is_an_end_here_and_told_there_as_soon_as_that_works(buyer: Buyer, away: Away) -> None:
    buyer.buy(cadence="monthly", method="creditcard")
    away.begin()
    buyer.do("cancel_plan")
    assert buyer.terms().status == "cancelled" and buyer.tier() == "changemaker"
    live(buyer, A_LITTLE)
    away.end()
    live(buyer)
    assert [one.status for one in buyer.counter.simulator.world.subscriptions.values()] == ["canceled"]
    buyer.counter.wait(days=40)
    assert len(payments_there(buyer)) == 1
    prove()


@away_by("down", "nonsense", "garbled", "slow")
def test_what_needs_an_answer_at_once_is_refused_with_a_sentence(buyer: Buyer, away: Away) -> None:
    buyer.buy(cadence="monthly", method="creditcard")
    away.begin()
    sentence = buyer.refused("change_method")
    assert "Mollie" in sentence and "ry again" in sentence, sentence
    away.end()
    assert buyer.do("change_method").next.startswith("/pay/")


@away_by("down", "garbled")
def test_webhooks_are_taken_and_looked_up_later(buyer: Buyer, away: Away) -> None:
    buyer.do("check_out", YEAR)
    charge = buyer.newest()
    HTTP.post(charge.payments.get().checkout, data={"method": "ideal", "outcome": "paid"})
    away.begin()
    told = len(buyer.counter.parcels)
    buyer.counter.tell()
    assert len(buyer.counter.parcels) == told + 1 and hints.list_waiting().count() == 1, "heard, though Mollie is away"
    away.end()
    live(buyer, A_LITTLE)
    assert not hints.list_waiting().exists() and buyer.terms().status == "active"


@away_by("limited", "nonsense")
def test_the_sync_says_so_and_goes_on_where_it_was(buyer: Buyer, away: Away) -> None:
    buyer.buy(cadence="monthly")
    away.begin()
    with pytest.raises(CommandError, match="Mollie"):
        call_command("payments", "sync")
    TICKS["payments.sync"](clock.now())
    buyer.counter.work()
    away.end()
    call_command("payments", "sync")


@away_by("down")
def test_no_page_asks_mollie(buyer: Buyer, away: Away) -> None:
    """So none of them can be slow or broken because Mollie is."""
    buyer.buy(cadence="monthly", method="creditcard")
    Refund.objects.create(
        payment=Payment.objects.get(), amount=Decimal("1.00"), state="asked", mode="test", created_at=clock.now(),
        learned_at=clock.now(), asked_by_id=buyer.cast.ties.staff_id,
    )  # fmt: skip
    away.begin()
    buyer.counter.simulator.records = True
    staff, own = sign_in("iris@agora.example"), sign_in("lotte@client.example")
    account, charge = buyer.account.public_id, buyer.newest()
    for client, path in (
        (staff, "/panel/payments/"), (staff, "/panel/payments/gap/"), (staff, "/panel/payments/drift/"),
        (staff, "/panel/to-approve/"), (staff, f"/panel/accounts/{account}"), (staff, "/api/v1/payments"),
        (staff, "/panel/usage/"), (staff, "/panel/at-risk/"), (own, f"/billing/{account}"),
        (own, f"/pay/{charge.public_id}"),
    ):  # fmt: skip
        assert answers(client, path) == 200, path
    assert not buyer.counter.simulator.exchanges, "a page asked Mollie"
    buyer.refused("change_method")
    assert buyer.counter.simulator.exchanges, "that would have been seen"


def answers(client: Client, path: str) -> int:
    return client.get(path).status_code
