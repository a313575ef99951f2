"""Random lives before a simulator of Mollie: customers, staff, banks, webhooks and clocks as they come. The same few in
`test`; thousands of steps in `soak` (SOAK_STEPS, SOAK_SEED).
"""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from bursar.core import clock
from bursar.payments.models import Payment, Refund
from tests.cast import NOW, Cast
from tests.payments.life import DONE, GUESTS, PLACES, Life

PICK = st.integers(0, 7)
CADENCES = st.sampled_from(["yearly", "monthly", "monthly"])
TIERS = st.sampled_from(["changemaker", "guardian", "innovator"])
METHODS = st.sampled_from(["creditcard", "ideal", "paypal", "bancontact"])
AT_CHECKOUT = st.sampled_from(
    ["paid", "paid", "paid", "failed:card_declined", "canceled", "expired", "pending", "open"]
)
BY_BANK = st.sampled_from(
    [
        "paid",
        "paid",
        "failed:AM04",
        "failed:AC04",
        "failed:MS02",
        "failed:insufficient_funds",
        "failed:card_expired",
        "pending",
    ]
)
SPANS = st.sampled_from(
    [timedelta(hours=5), timedelta(days=1), timedelta(days=4), timedelta(days=16), timedelta(days=32)]
)
GRAINS = st.sampled_from([timedelta(days=1), timedelta(days=3), timedelta(days=40)])
PARTS = st.sampled_from([Decimal("0.1"), Decimal("0.5"), Decimal(1)])
THEN = st.sampled_from(["nothing", "nothing", "at_paid_end", "now"])


def machine(cast: Cast, given: Any, patch: pytest.MonkeyPatch) -> type[RuleBasedStateMachine]:
    class Lives(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.atomic = transaction.atomic()
            self.atomic.__enter__()
            clock.set_fixed(NOW)
            self.life = Life(cast, given, patch)
            self.lived = self.life.lived()
            self.lived.__enter__()

        @initialize(
            month_ends=st.sampled_from(["same_day", "last_day"]), days=st.integers(0, 8), debit_days=st.integers(0, 3),
            cadence=CADENCES, method=METHODS, is_bought=st.sampled_from([True, True, True, False]),
        )  # fmt: skip
        def begin(
            self, month_ends: str, days: int, debit_days: int, cadence: str, method: str, is_bought: bool
        ) -> None:
            self.life.simulator.configure(month_ends=month_ends, debit_days=debit_days)
            self.life.wait(timedelta(days=days))
            if is_bought:
                self.buy("changemaker", cadence, is_at_once=True)
                self.shop(0, "paid", method)
                self.work()

        def then_work(self, is_at_once: bool) -> None:
            if is_at_once:
                self.life.counter.work()

        @rule(tier=TIERS, cadence=CADENCES, is_at_once=st.booleans())
        def buy(self, tier: str, cadence: str, is_at_once: bool) -> None:
            self.life.do("check_out", {"tier": tier, "cadence": cadence, "agrees": True})
            self.then_work(is_at_once)

        @rule(number=PICK, outcome=AT_CHECKOUT, method=METHODS)
        def shop(self, number: int, outcome: str, method: str) -> None:
            self.life.counter.work()
            self.life.shop(number, outcome, method)

        @rule(
            verb=st.sampled_from(["cancel_plan", "resume_plan", "change_method", "withdraw_change"]),
            is_at_once=st.booleans(),
        )
        def pull(self, verb: str, is_at_once: bool) -> None:
            self.life.do(verb)
            self.then_work(is_at_once)

        @rule(how=st.sampled_from(["", "checkout"]), is_at_once=st.booleans())
        def pay_now(self, how: str, is_at_once: bool) -> None:
            self.life.do("pay_now", {"how": how} if how else {})
            self.then_work(is_at_once)

        @rule(tier=TIERS, cadence=CADENCES, is_at_once=st.booleans())
        def change_plan(self, tier: str, cadence: str, is_at_once: bool) -> None:
            self.life.do("change_plan", {"tier": tier, "cadence": cadence})
            self.then_work(is_at_once)

        @rule(tier=TIERS, cadence=CADENCES)
        def offer(self, tier: str, cadence: str) -> None:
            self.life.do("send_checkout", {"tier": tier, "cadence": cadence}, cast.noor)

        @rule(verb=st.sampled_from(["retry_charge", "refresh", "cancel_subscription"]), is_at_once=st.booleans())
        def staff(self, verb: str, is_at_once: bool) -> None:
            self.life.do(verb, {}, cast.ties)
            self.then_work(is_at_once)

        @rule(number=PICK, part=PARTS, then=THEN, by=st.integers(0, 2))
        def refund(self, number: int, part: Decimal, then: str, by: int) -> None:
            paid = list(Payment.objects.filter(status="paid").order_by("-id"))
            if paid:
                one = paid[number % len(paid)]
                amount = str((one.amount * part).quantize(Decimal("0.01")))
                data = {"amount": amount, "then_end": then, "accepts_twice": "on"}
                self.life.do("payments.payment.refund", data, [cast.ties, *self.life.finance][by], one)

        @rule(number=PICK, is_approved=st.booleans(), by=st.integers(0, 1))
        def decide_refund(self, number: int, is_approved: bool, by: int) -> None:
            waiting = list(Refund.objects.filter(state="asked").order_by("id"))
            if waiting:
                verb, data = ("approve", {}) if is_approved else ("deny", {"note": "No"})
                self.life.do(f"payments.refund.{verb}", data, self.life.finance[by], waiting[number % len(waiting)])

        @rule(percent=st.sampled_from(["10", "33", "50", "100"]), days=st.sampled_from([None, None, 5, 40]))
        def discount(self, percent: str, days: int | None) -> None:
            end = "" if days is None else (clock.now() + timedelta(days=days)).date().isoformat()
            data = {"kind": "scholarship", "percent": percent, "end_date": end}
            self.life.do("plans.account.set_discount", data, cast.iris)

        @rule()
        def remove_discount(self) -> None:
            self.life.do("plans.account.remove_discount", {}, cast.iris)

        @rule(cadence=CADENCES)
        def managed(self, cadence: str) -> None:
            for data in ({"cadence": cadence, "cancel": True}, {"cadence": cadence}):
                if self.life.do("plans.account.set_managed", data, cast.iris):
                    return

        @rule(days=st.sampled_from([None, 0, 40]))
        def self_serve(self, days: int | None) -> None:
            until = "" if days is None else (clock.now() + timedelta(days=days)).date().isoformat()
            self.life.do("plans.account.set_self_serve", {"keep_until": until}, cast.iris)

        @rule(
            place=st.sampled_from(PLACES), who=st.sampled_from(GUESTS), role=st.sampled_from(["member", "member", None])
        )
        def seat(self, place: str, who: str, role: str | None) -> None:
            self.life.push_seat(place, who, role)

        @rule(outcomes=st.lists(BY_BANK, min_size=1, max_size=3))
        def next_charges(self, outcomes: list[str]) -> None:
            self.life.foresee(outcomes)

        @rule(number=PICK, outcome=BY_BANK)
        def bank(self, number: int, outcome: str) -> None:
            self.life.decide(number, outcome)

        @rule(number=PICK, part=st.sampled_from([None, None, Decimal("0.3")]), code=st.sampled_from(["MD06", "AM04"]))
        def take_back(self, number: int, part: Decimal | None, code: str) -> None:
            self.life.take_back(number, part, code)

        @rule(number=PICK)
        def give_back(self, number: int) -> None:
            self.life.give_back(number)

        @rule(number=PICK, part=PARTS)
        def refund_there(self, number: int, part: Decimal) -> None:
            self.life.refund_there(number, part)

        @rule(number=PICK)
        def fail_refund(self, number: int) -> None:
            self.life.fail_refund(number)

        @rule(status=st.sampled_from(["suspended", "canceled"]))
        def mollie_ends(self, status: str) -> None:
            self.life.end_there(status)

        @rule(number=PICK)
        def spoil(self, number: int) -> None:
            self.life.spoil(number, "invalid")

        @rule(
            lost=st.sampled_from([0.0, 0.0, 0.5, 1.0]), twice=st.sampled_from([0.0, 0.4]), is_shuffled=st.booleans(),
            jitter=st.sampled_from([0.0, 3600.0, 400_000.0]), is_held=st.sampled_from([False, False, True]),
        )  # fmt: skip
        def post(self, lost: float, twice: float, is_shuffled: bool, jitter: float, is_held: bool) -> None:
            self.life.simulator.configure(lost=lost, twice=twice, shuffled=is_shuffled, jitter=jitter, held=is_held)
            self.life.tell(f"webhooks: lost {lost}, twice {twice}, late {jitter}, held {is_held}")

        @rule(kind=st.sampled_from(["down", "lost", "garbled", "nonsense", "limited"]), times=st.integers(1, 3))
        def fail(self, kind: str, times: int) -> None:
            self.life.simulator.fail(kind, times=times)
            self.life.tell(f"Mollie fails: {kind} × {times}")

        @rule()
        def work(self) -> None:
            self.life.work()

        @rule(span=SPANS, grain=GRAINS)
        def later(self, span: timedelta, grain: timedelta) -> None:
            self.life.live(span, grain)

        @rule(span=SPANS)
        def later_day_by_day(self, span: timedelta) -> None:
            self.life.live(span, timedelta(days=1))

        @rule()
        def rest(self) -> None:
            self.life.check()

        def teardown(self) -> None:
            try:
                self.life.check()
            finally:
                self.lived.__exit__(None, None, None)
                transaction.set_rollback(True)
                self.atomic.__exit__(None, None, None)
                clock.set_fixed(NOW)

    return Lives


def live_it(lives: Any, examples: int, steps: int, at: int | None) -> None:
    checks = list(HealthCheck)
    how = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, database=None,
        derandomize=at is None, phases=[Phase.generate] if at is None or os.environ.get('NOSHRINK') else [Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )  # fmt: skip
    run_state_machine_as_test(lives if at is None else seed(at)(lives), settings=how)


@pytest.fixture
def lives(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.BURSAR_TERMS_VERSION = "2026-11"
    return machine(cast, settings, monkeypatch)


def test_the_books_are_right_whatever_happens(lives: Any) -> None:
    DONE.clear()
    live_it(lives, examples=4, steps=12, at=None)
    assert DONE["checked"] >= 4 and DONE["check_out"], DONE


@pytest.mark.soak
def test_the_books_are_right_for_thousands_of_steps(lives: Any) -> None:
    steps = int(os.environ.get("SOAK_STEPS", "3000"))
    live_it(lives, examples=max(1, steps // 25), steps=25, at=int(os.environ.get("SOAK_SEED", "1")))
