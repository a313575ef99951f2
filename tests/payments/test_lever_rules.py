"""Which levers of paying an account has, and what of a payment may go back: the rules alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.payments.rules import levers, refunds
from bursar.payments.rules.levers import Owed, Plan, Standing
from bursar.payments.rules.refunds import Paid, Sent
from bursar.payments.states import ChargeKind, ChargeState, RefundState
from bursar.plans.rules import NO_TERMS
from bursar.plans.states import Mode, Status

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)
AHEAD, PAST = NOW + timedelta(days=90), NOW - timedelta(days=3)
FAILED = Owed(ChargeKind.RENEWAL, ChargeState.FAILED, Decimal("90.75"), made_at=PAST)
UNDER_WAY = Owed(ChargeKind.UPGRADE, ChargeState.UNDER_WAY, Decimal("60.50"), made_at=PAST)
EVERY = {
    "check_out": levers.why_not_check_out,
    "pay_now": levers.why_not_pay_now,
    "retry": levers.why_not_retry,
    "cancel": levers.why_not_cancel,
    "resume": levers.why_not_resume,
    "change_method": levers.why_not_change_method,
    "change_plan": levers.why_not_change_plan,
    "withdraw": levers.why_not_withdraw,
    "offer": levers.why_not_offer,
}


def standing(status: Status = Status.NONE, *, paid_until: datetime | None = None, mode: Mode = Mode.SELF_SERVE,
             **more: Any) -> Standing:  # fmt: skip
    is_live = status in (Status.ACTIVE, Status.PAST_DUE)
    terms = NO_TERMS._replace(status=status.value, cadence="yearly", paid_until=paid_until, mode=mode.value)
    made = Standing(
        terms=terms, is_set_up=True, has_workspace=True, has_details=True, has_mandate=True, has_subscription=is_live,
        is_alive_there=is_live, then=False, owed=(), now=NOW,
    )  # fmt: skip
    return made._replace(**more)


def open_levers(**how: Any) -> set[str]:
    made = standing(**how)
    return {name for name, why_not in EVERY.items() if why_not(made) is None}


@pytest.mark.parametrize(
    ("how", "opened"),
    [
        ({}, {"check_out", "offer"}),
        ({"has_details": False}, {"offer"}),
        ({"has_workspace": False}, set()),
        ({"is_set_up": False}, set()),
        ({"mode": Mode.MANAGED}, set()),
        ({"status": Status.PENDING, "owed": (UNDER_WAY._replace(kind=ChargeKind.FIRST),)}, set()),
        ({"status": Status.ACTIVE, "paid_until": AHEAD}, {"cancel", "change_method", "change_plan", "offer"}),
        ({"status": Status.ACTIVE, "paid_until": AHEAD, "then": True},
         {"cancel", "change_method", "change_plan", "withdraw", "offer"}),
        ({"status": Status.ACTIVE, "paid_until": PAST}, {"cancel", "change_method"}),
        ({"status": Status.ACTIVE, "paid_until": AHEAD, "has_subscription": False, "is_alive_there": False},
         {"change_method"}),
        ({"status": Status.ACTIVE, "paid_until": AHEAD, "is_alive_there": False}, {"cancel", "change_method"}),
        ({"status": Status.ACTIVE, "paid_until": AHEAD, "owed": (UNDER_WAY,)}, {"cancel", "change_method"}),
        ({"status": Status.PAST_DUE, "paid_until": PAST, "owed": (FAILED,)},
         {"pay_now", "retry", "cancel", "change_method"}),
        ({"status": Status.PAST_DUE, "paid_until": PAST, "owed": (FAILED._replace(tries=4),)},
         {"pay_now", "cancel", "change_method"}),
        ({"status": Status.PAST_DUE, "paid_until": PAST, "owed": (FAILED._replace(is_disputed=True),)},
         {"pay_now", "cancel", "change_method"}),
        ({"status": Status.PAST_DUE, "paid_until": PAST, "owed": (FAILED,), "has_mandate": False},
         {"pay_now", "cancel", "change_method"}),
        ({"status": Status.PAST_DUE, "paid_until": PAST, "owed": (FAILED,), "has_workspace": False},
         {"pay_now", "cancel", "change_method"}),
        ({"status": Status.CANCELLED, "paid_until": AHEAD}, {"resume", "change_method"}),
        ({"status": Status.CANCELLED, "paid_until": AHEAD, "has_mandate": False}, {"change_method"}),
        ({"status": Status.CANCELLED, "paid_until": AHEAD, "owed": (FAILED,)}, {"pay_now", "resume", "change_method"}),
        ({"status": Status.CANCELLED, "paid_until": PAST}, {"check_out", "offer"}),
    ],
)  # fmt: skip
def test_each_standing_has_its_levers(how: dict[str, Any], opened: set[str]) -> None:
    assert open_levers(**how) == opened


def test_every_refusal_is_a_sentence() -> None:
    """Whatever is true of an account at once."""
    statuses, flags = list(Status), (True, False)
    for status, until, owed, alive, mandate in product(statuses, (AHEAD, PAST, None), ((), (FAILED,)), flags, flags):
        made = standing(status, paid_until=until, owed=owed, is_alive_there=alive, has_mandate=mandate)
        for name, why_not in EVERY.items():
            sentence = why_not(made)
            assert sentence is None or (sentence.endswith(".") and sentence[0].isupper()), (name, sentence)


def test_nobody_buys_twice() -> None:
    """While something lives, is owed, or is still paid for, a whole first interval is not for sale."""
    for status, until in product(Status, (AHEAD, PAST, None)):
        may = "check_out" in open_levers(status=status, paid_until=until)
        lives = status in (Status.ACTIVE, Status.PAST_DUE)
        assert may == (not lives and not (status is Status.CANCELLED and until == AHEAD)) or status is Status.PENDING


@pytest.mark.parametrize(
    ("tier", "cadence", "present", "at_once"),
    [
        ("guardian", "yearly", Plan("changemaker", "changemaker", "yearly"), True),
        ("guardian", "monthly", Plan("changemaker", "changemaker", "yearly"), False),
        ("innovator", "yearly", Plan("changemaker", "changemaker", "yearly"), False),
        ("changemaker", "yearly", Plan("free", "changemaker", "yearly"), True),
        ("changemaker", "yearly", Plan("free", "guardian", "yearly"), False),
    ],
)
def test_what_holds_at_once(tier: str, cadence: str, present: Plan, at_once: bool) -> None:
    assert levers.is_at_once(tier, cadence, present) is at_once
    assert levers.why_not_this_plan(tier, cadence, present, ("", "")) is None


def test_the_present_plan_is_no_change() -> None:
    present = Plan("changemaker", "changemaker", "yearly")
    assert "already" in str(levers.why_not_this_plan("changemaker", "yearly", present, ("", "")))
    assert "Withdraw" in str(levers.why_not_this_plan("changemaker", "yearly", present, ("innovator", "")))
    assert "already" in str(levers.why_not_this_plan("innovator", "yearly", present, ("innovator", "")))


def paid(amount: str = "100.00", **more: object) -> Paid:
    made = Paid("paid", Decimal(amount), Decimal(0), Decimal(0), "ideal", NOW - timedelta(days=9))
    return made._replace(**more)  # type: ignore[arg-type]  # one field of its own type each


AMOUNTS = st.decimals(min_value="0.01", max_value="500", places=2)


@given(AMOUNTS, AMOUNTS, st.lists(st.tuples(st.sampled_from(RefundState), AMOUNTS)), AMOUNTS)
def test_never_more_goes_back_than_is_there(
    amount: Decimal, back: Decimal, rows: list[tuple[RefundState, Decimal]], at_mollie: Decimal
) -> None:
    sent = [Sent(state.value, one) for state, one in rows]
    left = refunds.calc_left(paid(str(amount), charged_back=back, refunded=at_mollie), sent)
    live = sum((one for state, one in rows if state not in refunds.DEAD), Decimal(0))
    assert 0 <= left <= max(Decimal(0), amount - back - max(live, at_mollie))
    again = [*sent, Sent(RefundState.ASKED, left)]
    assert not left or refunds.calc_left(paid(str(amount), charged_back=back, refunded=at_mollie), again) == 0


def test_what_was_denied_or_failed_is_free_again() -> None:
    sent = [Sent(state, Decimal(40)) for state in ("denied", "failed", "canceled", "asked", "refunded")]
    assert refunds.calc_left(paid(), sent) == 20
    assert refunds.calc_left(paid(refunded=Decimal(40)), sent) == 20
    assert refunds.calc_left(paid(refunded=Decimal(55)), sent) == 5
    assert "at most" in str(refunds.why_not_amount(Decimal(21), Decimal(20))).lower()
    assert refunds.why_not_refund(paid(status="open"), []) == "No money has arrived by this payment."


def test_a_direct_debit_may_leave_twice_for_eight_weeks() -> None:
    debit = paid(method="directdebit", paid_at=NOW)
    end = NOW + timedelta(weeks=8)
    assert refunds.until_taken_back(debit, NOW) == end and refunds.until_taken_back(debit, end) is None
    assert refunds.until_taken_back(paid(paid_at=NOW), NOW) is None
    assert "19 January 2027" in refunds.warn_of_twice(end)
