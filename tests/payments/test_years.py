"""Accounts that pay for months and years, before a simulator of Mollie: both clocks go on together."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.errors import Refusal
from bursar.payments import look, timed
from bursar.payments.actions.apply import apply_payment, apply_subscription
from bursar.payments.models import Charge, Payment, Subscription
from bursar.payments.queries import get_meant
from bursar.payments.rules.table import INTERVALS
from bursar.payments.store.hints import hint
from bursar.plans.models import PaidPeriod
from bursar.plans.queries import load_account
from bursar.plans.rules import effective_tier
from tests.cast import Cast, bring_all, fact, prove, seat
from tests.payments import mirrored
from tests.payments.counter import Counter
from tests.payments.till import HTTP

TICKS = (
    timed.arrive,
    timed.follow,
    timed.charge_seats,
    timed.announce,
    timed.try_again,
    timed.ask_again,
    timed.catch_up,
)


class Shop:
    """A Bursar with a worker that never rests, and an account whose life goes on."""

    def __init__(self, counter: Counter) -> None:
        self.counter, self.account = counter, counter.account

    def settle(self) -> None:
        """Until nothing is left to do: calls go out, news come in, accounts are moved."""
        for _ in range(20):
            self.counter.tell()
            for pk in Payment.objects.filter(to_apply=True).order_by("id").values_list("pk", flat=True):
                apply_payment(pk, clock.now())
            for pk in Subscription.objects.filter(is_meant=True).values_list("pk", flat=True):
                apply_subscription(pk, clock.now())
            if not self.counter.work() and not Payment.objects.filter(to_apply=True).exists():
                return
        raise AssertionError("it never comes to rest")

    def sync(self) -> None:
        """What no webhook told: every payment is hinted, every subscription is asked for."""
        for mollie_id in self.counter.simulator.world.payments:
            hint(mollie_id, clock.now())
        for row in Subscription.objects.exclude(mollie_id="").select_related("customer"):
            assert row.customer is not None
            look.look_at_subscription(self.counter.gateway, row.customer, row.mollie_id)
        self.settle()

    def minute(self) -> None:
        for work in TICKS:
            work(clock.now())
        self.settle()

    def go_on(self, *, days: int, hours: tuple[int, ...] = (0, 3, 7)) -> None:
        """Day by day: at midnight, after the seats were looked at, and after Mollie has charged."""
        for _ in range(days):
            midnight = datetime.combine(clock.now().date() + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
            for hour in hours:
                self.counter.wait(seconds=int((midnight + timedelta(hours=hour) - clock.now()).total_seconds()))
                self.minute()

    def buy(self, tier: str = "changemaker", cadence: str = "monthly", method: str = "ideal") -> Subscription:
        charge = mirrored.check_out(self.account, tier, cadence)
        self.counter.put("payment.create", charge=charge.public_id, sequence="first", mandate="")
        self.settle()
        self.counter.pay(Payment.objects.get(charge=charge), "paid", method)
        self.settle()
        meant = get_meant(self.account.pk)
        assert meant is not None and meant.status == "active"
        return meant

    def next_outcomes(self, *outcomes: str) -> None:
        meant = get_meant(self.account.pk)
        assert meant is not None
        self.counter.simulator.world.mandates[meant.mollie_mandate_id].next = list(outcomes)

    def tier(self) -> str:
        state = load_account(self.account.pk)
        return effective_tier(state.workspaces[0], mirrored.terms(self.account), clock.now()).tier

    def check(self) -> None:
        """Nobody was charged twice for an interval; what is planned is what Mollie has; verify is silent."""
        paid = Charge.objects.filter(account=self.account, kind__in=list(INTERVALS), state="paid")
        spans = sorted((one.interval_from, one.interval_until) for one in paid if one.interval_from)
        assert all(before[1] and before[1] <= after[0] for before, after in pairwise(spans)), spans
        for charge in paid:
            arrived = [one for one in charge.payments.all() if one.status == "paid" and not one.charged_back]
            assert len(arrived) == 1, charge
        meant = get_meant(self.account.pk)
        if meant and meant.end_asked_at is None and meant.broken_at is None and not meant.ends_at_paid_end:
            there = self.counter.simulator.world.subscriptions[meant.mollie_id]
            planned = mirrored.planned(self.account)
            assert (planned.due_on, planned.gross) == (there.next_date, there.amount.value)
            assert there.amount.value == meant.wanted
        prove()


@pytest.fixture
def shop(counter: Counter) -> Shop:
    return Shop(counter)


@pytest.mark.parametrize("month_ends", ["same_day", "last_day"])
def test_a_subscription_from_a_months_last_day_is_paid_to_the_day_that_mollie_charges(
    shop: Shop, month_ends: str
) -> None:
    shop.counter.simulator.configure(month_ends=month_ends)
    shop.counter.wait(days=68)  # 31 January: it charges on 28 February first, the last day of its month
    shop.buy()
    shop.counter.wait(days=27)
    shop.minute()
    shop.go_on(days=4)
    day = {"same_day": 28, "last_day": 31}[month_ends]
    assert mirrored.terms(shop.account).paid_until == datetime(2027, 3, day, tzinfo=UTC)
    assert PaidPeriod.objects.filter(account=shop.account, source="mollie").count() == 2
    shop.check()


def test_a_debit_fails_is_tried_again_and_paid(shop: Shop) -> None:
    shop.buy()
    shop.next_outcomes("failed:AM04", "failed:AM04", "paid")
    shop.counter.wait(days=29)
    shop.minute()
    shop.go_on(days=1)
    assert mirrored.terms(shop.account).status == "active", "the debit is under way"
    shop.go_on(days=14)
    assert mirrored.terms(shop.account).status == "active"
    charge = Charge.objects.get(kind="renewal", state="paid")
    assert [one.status for one in charge.payments.order_by("at")] == ["failed", "failed", "paid"] and charge.tries == 2
    assert {one.amount for one in charge.payments.all()} == {charge.gross}
    shop.check()


def test_seats_are_charged_and_the_next_charge_follows(shop: Shop) -> None:
    shop.buy()
    shop.go_on(days=2)
    bring_all(seat("panel", "ali", "member", clock.now()))
    shop.go_on(days=4)
    charge = Charge.objects.get(kind="seat")
    assert charge.state == "paid" and charge.payments.get().amount == charge.gross
    shop.check()
    assert mirrored.planned(shop.account).net == Decimal("172.00") and fact(shop.account).mrr == 172


def test_mollie_gives_up_and_a_new_method_brings_it_back(shop: Shop) -> None:
    """Two debits in a row fail for good: Mollie cancels the subscription by itself."""
    shop.buy()
    shop.next_outcomes("failed:MS02", "failed:MS02")
    shop.counter.wait(days=29)
    shop.minute()
    shop.go_on(days=36)
    meant = get_meant(shop.account.pk)
    assert meant and meant.broken_at and mirrored.terms(shop.account).status == "past_due"
    owed = Charge.objects.filter(state="failed").latest("interval_from")
    shop.counter.put("payment.create", charge=owed.public_id, sequence="first", mandate="")
    shop.settle()
    shop.counter.pay(Payment.objects.filter(charge=owed).latest("id"), "paid", "creditcard")
    shop.settle()
    newer = get_meant(shop.account.pk)
    assert newer and newer != meant and newer.status == "active" and mirrored.terms(shop.account).status == "active"
    assert mirrored.terms(shop.account).paid_until == owed.interval_until
    shop.check()


def test_a_charge_back_ends_a_card_and_its_reversal_is_known(shop: Shop) -> None:
    shop.buy(method="creditcard")
    first = Payment.objects.get()
    shop.go_on(days=3)
    answer = HTTP.post(f"{shop.counter.simulator.base}/control/payments/{first.mollie_id}/chargeback", json={})
    assert answer.status_code == 200
    shop.settle()
    shop.sync()
    assert mirrored.terms(shop.account).status == "past_due" and fact(shop.account).status == "past_due"
    shop.check()


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_nobody_is_charged_twice(shop: Shop, cast: Cast, seed: int) -> None:
    live_at_random(shop, cast, Random(seed), steps=5)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 14))
def test_whatever_happens_for_years_nobody_is_charged_twice(shop: Shop, cast: Cast, seed: int) -> None:
    live_at_random(shop, cast, Random(seed), steps=60)


def live_at_random(shop: Shop, cast: Cast, random: Random, *, steps: int) -> None:
    """Weeks at random: seats come and go, debits fail, discounts are set, webhooks are lost, doubled and shuffled."""
    shop.counter.simulator.configure(
        month_ends=random.choice(["same_day", "last_day"]), twice=0.3, shuffled=True, lost=0.2
    )
    shop.counter.wait(days=random.randrange(8))
    shop.buy(random.choice(["changemaker", "guardian"]))
    guests = ["ali", "maud", "jan"]
    for _ in range(steps):
        step = random.randrange(7)
        if step == 0:
            who = random.choice(guests)
            until = {"until": clock.now() + timedelta(days=random.randrange(1, 40))} if random.random() < 0.5 else {}
            bring_all({**seat("panel", who, "member", clock.now()), **until})
        elif step == 1 and get_meant(shop.account.pk):  # a discount of all of it ends the subscription
            shop.next_outcomes(*random.choices(["paid", "failed:AM04", "failed:MS02", "pending"], k=2))
        elif step == 2:
            percent = random.choice(["20", "100"])
            data = {"kind": "scholarship", "percent": percent, "end_date": ""}
            with suppress(Refusal):  # it holds already
                run("plans.account.set_discount", cast.ties, shop.account.public_id, data, reason="x")
        elif step == 3 and load_account(shop.account.pk).discounts:
            _remove(shop, cast)
        shop.go_on(days=random.choice([1, 3, 9]), hours=(3, 7))
        shop.sync()
        shop.check()


def _remove(shop: Shop, cast: Cast) -> None:
    with suppress(Refusal):
        run("plans.account.remove_discount", cast.ties, shop.account.public_id, reason="x")
