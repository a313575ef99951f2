"""Random lives before a simulator of Mollie: customers, staff, banks, webhooks and clocks as they come. The same few in
`test`; thousands of steps in `soak` (SOAK_STEPS, SOAK_SEED). What fails says its seed, and tells the whole life.
"""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import transaction

from bursar.core import clock
from bursar.payments.models import Payment, Refund
from tests.cast import NOW, Cast
from tests.payments.life import ADDRESSES, DONE, GUESTS, PLACES, Life

TIERS = ("changemaker", "guardian", "innovator")
METHODS = ("creditcard", "creditcard", "ideal", "paypal", "bancontact")
AT_CHECKOUT = ("paid", "paid", "paid", "paid", "failed:card_declined", "canceled", "expired", "pending", "open")
FAILS = ("failed:AM04", "failed:AC04", "failed:MS02", "failed:insufficient_funds", "failed:card_expired")
BY_BANK = ("paid", "paid", "pending", *FAILS)
SPANS = (timedelta(hours=5), timedelta(days=1), timedelta(days=4), timedelta(days=16), timedelta(days=32))
GRAINS = (timedelta(days=1), timedelta(days=1), timedelta(days=3), timedelta(days=40))
WEIGHTS = {
    "later": 14, "pay": 8, "shop": 8, "fails": 8, "seat": 6, "change": 6, "offer": 4, "cancel": 3, "resume": 6,
    "buy": 6, "method": 4, "withdraw": 2, "retry": 5, "refund": 4, "decide": 4, "stop": 2, "discount": 3, "full": 3,
    "managed": 1, "self_serve": 2, "bank": 4, "take_back": 4, "give_back": 3, "refund_there": 2, "fail_refund": 1,
    "ends": 2, "spoil": 2, "post": 4, "fault": 3, "work": 4, "rest": 3, "refresh": 1,
    "move": 3, "accept": 2, "close": 2, "open": 3,
}  # fmt: skip


class Chance:
    """What happens is drawn from one seed alone; what of it is possible, the doors say."""

    def __init__(self, life: Life, cast: Cast, seed: int) -> None:
        self.life, self.cast, self.random = life, cast, Random(seed)

    def begin(self) -> None:
        self.life.simulator.configure(month_ends=self.one("same_day", "last_day"), debit_days=self.random.randrange(4))
        self.life.wait(timedelta(days=self.random.randrange(9)))
        self.buy("changemaker")
        self.life.shop(0, "paid", self.one(*METHODS))
        self.life.work()

    def live(self, steps: int) -> None:
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        for name in self.random.choices(names, weights, k=steps):
            getattr(self, name)()
            if self.random.random() < 0.6:
                self.life.counter.work()

    def one(self, *of: Any) -> Any:
        return self.random.choice(of)

    def plan(self, tier: str = "") -> dict[str, Any]:
        return {"tier": tier or self.one(*TIERS), "cadence": self.one("yearly", "monthly", "monthly")}

    def number(self) -> int:
        return self.random.randrange(4)

    def buy(self, tier: str = "") -> None:
        self.life.do("check_out", {**self.plan(tier or self.one("changemaker", "guardian")), "agrees": True})
        self.life.counter.work()

    def shop(self) -> None:
        self.life.shop(self.number(), self.one(*AT_CHECKOUT), self.one(*METHODS))

    def cancel(self) -> None:
        self.life.do("cancel_plan")

    def resume(self) -> None:
        self.life.do("resume_plan")

    def method(self) -> None:
        if self.life.do("change_method"):
            self.life.counter.work()
            self.shop()

    def withdraw(self) -> None:
        self.life.do("withdraw_change")

    def pay(self) -> None:
        self.life.do("pay_now", self.one({}, {"how": "checkout"}))

    def change(self) -> None:
        self.life.do("change_plan", self.plan())

    def offer(self) -> None:
        self.life.do("send_checkout", self.plan(), self.cast.noor)
        if self.one(True, False):
            self.change()

    def retry(self) -> None:
        self.life.do("retry_charge", {}, self.cast.ties)

    def refresh(self) -> None:
        self.life.do("refresh", {}, self.cast.ties)

    def stop(self) -> None:
        self.life.do("cancel_subscription", {}, self.cast.ties)

    def refund(self) -> None:
        paid = list(Payment.objects.filter(status="paid").order_by("-id"))
        if paid:
            one = paid[self.number() % len(paid)]
            amount = one.amount * self.one(Decimal("0.1"), Decimal("0.5"), Decimal(1))
            then = self.one("nothing", "nothing", "nothing", "at_paid_end", "now")
            data = {"amount": f"{amount:.2f}", "then_end": then, "accepts_twice": "on"}
            self.life.do("payments.payment.refund", data, self.one(self.cast.ties, *self.life.finance), one)

    def decide(self) -> None:
        waiting = Refund.objects.filter(state="asked").order_by("id").first()
        if waiting:
            verb, data = self.one(("approve", {}), ("approve", {}), ("deny", {"note": "No"}))
            self.life.do(f"payments.refund.{verb}", data, self.one(*self.life.finance), waiting)

    def discount(self) -> None:
        days = self.one(None, 5, 40)
        end = "" if days is None else (clock.now() + timedelta(days=days)).date().isoformat()
        data = {"kind": "scholarship", "percent": self.one("10", "33", "50", "100"), "end_date": end}
        self.life.do("plans.account.set_discount", data, self.cast.iris)

    def full(self) -> None:
        if self.life.percent():
            self.life.do("plans.account.remove_discount", {}, self.cast.iris)

    def managed(self) -> None:
        cadence = self.one("yearly", "monthly")
        for data in ({"cadence": cadence, "cancel": True}, {"cadence": cadence}):
            if self.life.do("plans.account.set_managed", data, self.cast.iris):
                return

    def self_serve(self) -> None:
        days = self.one(None, 0, 40)
        until = "" if days is None else (clock.now() + timedelta(days=days)).date().isoformat()
        self.life.do("plans.account.set_self_serve", {"keep_until": until}, self.cast.iris)

    def seat(self) -> None:
        self.life.push_seat(self.one(*PLACES), self.one(*GUESTS), self.one("member", "member", None))

    def move(self) -> None:
        self.life.move_house(self.one(*ADDRESSES))

    def accept(self) -> None:
        self.life.accept_id()

    def close(self) -> None:
        self.life.push_workspace(self.one("werk", "werk", "werk", "panel"), deleted=True)

    def open(self) -> None:
        for place in sorted(self.life.gone):
            self.life.push_workspace(place, deleted=False)

    def fails(self) -> None:
        self.life.foresee(self.random.choices(BY_BANK if self.one(True, False) else FAILS, k=self.one(1, 2, 4)))

    def bank(self) -> None:
        self.life.decide(self.number(), self.one("paid", *BY_BANK))

    def take_back(self) -> None:
        self.life.take_back(self.number(), self.one(None, None, Decimal("0.3")), self.one("MD06", "AM04"))

    def give_back(self) -> None:
        self.life.give_back(self.number())

    def refund_there(self) -> None:
        self.life.refund_there(self.number(), self.one(Decimal("0.1"), Decimal("0.5"), Decimal(1)))

    def fail_refund(self) -> None:
        self.life.fail_refund(self.number())

    def ends(self) -> None:
        self.life.end_there(self.one("suspended", "canceled"))

    def spoil(self) -> None:
        self.life.spoil(self.number(), "invalid")

    def post(self) -> None:
        values = {
            "lost": self.one(0.0, 0.0, 0.5, 1.0), "twice": self.one(0.0, 0.4), "shuffled": self.one(True, False),
            "jitter": self.one(0.0, 3600.0, 400_000.0), "held": self.one(True, False, False),
        }  # fmt: skip
        self.life.simulator.configure(**values)
        self.life.tell(f"webhooks: {values}")

    def fault(self) -> None:
        kind, times = self.one("down", "lost", "garbled", "nonsense", "limited"), self.one(1, 2, 3)
        self.life.simulator.fail(kind, times=times)
        self.life.tell(f"Mollie fails: {kind} × {times}")

    def work(self) -> None:
        self.life.work()

    def later(self) -> None:
        self.life.live(self.one(*SPANS), self.one(*GRAINS))

    def rest(self) -> None:
        self.life.check()


@pytest.fixture
def lives(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.BURSAR_TERMS_VERSION = "2026-11"

    def live(seed: int, steps: int) -> None:
        """One life in a company of its own, which never was afterwards."""
        with transaction.atomic():
            clock.set_fixed(NOW)
            life = Life(cast, settings, monkeypatch)
            life.story.append(f"seed {seed}, {steps} steps")
            with life.lived():
                chance = Chance(life, cast, seed)
                try:
                    chance.begin()
                    chance.live(steps)
                except AssertionError:
                    raise
                except Exception as error:
                    raise AssertionError("\n".join(life.story)) from error
                life.check()
            transaction.set_rollback(True)
        clock.set_fixed(NOW)

    return live


def test_the_books_are_right_whatever_happens(lives: Any) -> None:
    DONE.clear()
    for seed in range(3):
        lives(seed, 12)
    assert DONE["checked"] >= 3 and DONE["documents"] >= 3 and len(DONE) > 8, DONE


@pytest.mark.soak
def test_the_books_are_right_for_thousands_of_steps(lives: Any) -> None:
    first, steps = int(os.environ.get("SOAK_SEED", "100")), int(os.environ.get("SOAK_STEPS", "3000"))
    for number in range(max(1, steps // 30)):
        lives(first + number, 30)
