"""On which days subscriptions charge: by the rule alone, and by a clock that is moved for years."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.mollie_sim.charging import anchor
from bursar.mollie_sim.objects import Customer, Money, Subscription
from bursar.mollie_sim.outcomes import make_mandate
from bursar.mollie_sim.schedule import Interval, MonthEnds, calc_charge_day
from bursar.mollie_sim.simulator import Simulator
from bursar.mollie_sim.standing import end_subscription
from tests.payments.till import Till, euros, new_key

DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
MONTHS = st.integers(1, 12)
READINGS = st.sampled_from(MonthEnds)


def last_of(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


# The rule


@pytest.mark.parametrize(
    ("start", "same_day", "last_day"),
    [
        (date(2026, 4, 30), [date(2026, 5, 30), date(2026, 6, 30)], [date(2026, 5, 31), date(2026, 6, 30)]),
        (date(2026, 1, 31), [date(2026, 2, 28), date(2026, 3, 31)], [date(2026, 2, 28), date(2026, 3, 31)]),
        (date(2026, 1, 30), [date(2026, 2, 28), date(2026, 3, 30)], [date(2026, 2, 28), date(2026, 3, 30)]),
        (date(2026, 2, 28), [date(2026, 3, 28), date(2026, 4, 28)], [date(2026, 3, 31), date(2026, 4, 30)]),
        (date(2026, 1, 15), [date(2026, 2, 15), date(2026, 3, 15)], [date(2026, 2, 15), date(2026, 3, 15)]),
    ],
)
def test_both_readings_of_month_ends(start: date, same_day: list[date], last_day: list[date]) -> None:
    monthly = Interval(1, "month")
    for reading, days in ((MonthEnds.SAME_DAY, same_day), (MonthEnds.LAST_DAY, last_day)):
        assert [calc_charge_day(start, monthly, number, reading) for number in (0, 1, 2)] == [start, *days]


@given(DAYS, MONTHS, READINGS)
def test_a_month_is_never_skipped_nor_charged_twice(start: date, months: int, reading: MonthEnds) -> None:
    days = [calc_charge_day(start, Interval(months, "month"), number, reading) for number in range(40)]
    for earlier, later in pairwise(days):
        assert (later.year * 12 + later.month) - (earlier.year * 12 + earlier.month) == months
    for day in days:
        short = day == last_of(day) and day.day < start.day
        on_last = reading is MonthEnds.LAST_DAY and start == last_of(start) and day == last_of(day)
        assert day.day == start.day or short or on_last


@given(DAYS, st.sampled_from([("day", 1), ("week", 7)]), st.integers(1, 52))
def test_days_and_weeks_are_even(start: date, unit: tuple[str, int], count: int) -> None:
    days = [calc_charge_day(start, Interval(count, unit[0]), number, MonthEnds.SAME_DAY) for number in range(5)]
    assert {later - earlier for earlier, later in pairwise(days)} == {timedelta(days=count * unit[1])}


@pytest.mark.parametrize(
    "text", ["13 months", "0 days", "month", "1 year", "366 days", "53 weeks", "1 month ", "-1 day"]
)
def test_intervals_that_mollie_does_not_take(text: str) -> None:
    with pytest.raises(ValueError):
        Interval.parse(text)
    assert [str(Interval.parse(one)) for one in ("1 month", "12 months", "14 days")] == [
        "1 month",
        "12 months",
        "14 days",
    ]


# The clock


@contextmanager
def subscribed(
    start: date, interval: Interval, reading: MonthEnds, **values: Any
) -> Iterator[tuple[Simulator, Subscription]]:
    """A subscription by card whose first charge is on `start`, made at that day's midnight, without any HTTP."""
    simulator = Simulator(datetime.combine(start, time.min, tzinfo=UTC), send=lambda parcel: 200)
    simulator.configure(month_ends=reading.value)
    world = simulator.world
    world.customers["cst_1"] = customer = Customer("cst_1", "test", world.now())
    make_mandate(world, "test", "cst_1", "creditcard", "Ann")
    subscription = Subscription(
        "sub_1", "test", "cst_1", world.now(), Money(euros("10.00").value, "EUR"), interval, start, "Bursar", start, start,
        **values,
    )  # fmt: skip
    world.subscriptions[subscription.id] = subscription
    customer.subscriptions.append(subscription)
    anchor(world, subscription, start)
    yield simulator, subscription


def days_of(subscription: Subscription) -> list[date]:
    return [payment.created_at.date() for payment in subscription.payments]


@settings(max_examples=60, deadline=None)
@given(DAYS, MONTHS, READINGS, st.lists(st.integers(0, 200), min_size=1, max_size=8))
def test_however_the_clock_is_moved_it_charges_on_the_days_of_the_rule(
    start: date, months: int, reading: MonthEnds, steps: list[int]
) -> None:
    interval = Interval(months, "month")
    with subscribed(start, interval, reading) as (simulator, subscription):
        for step in steps:
            simulator.advance(timedelta(days=step))
        today = simulator.clock.now()
        days = (calc_charge_day(start, interval, number, reading) for number in range(200))
        due = [day for day in days if datetime.combine(day, time(6), tzinfo=UTC) <= today]
        assert days_of(subscription) == due
        assert subscription.next_date == calc_charge_day(start, interval, len(due), reading)
        assert all(payment.status == "paid" for payment in subscription.payments)


@settings(max_examples=30, deadline=None)
@given(DAYS, READINGS, st.integers(1, 15), st.integers(0, 20))
def test_it_charges_as_many_times_as_it_may(start: date, reading: MonthEnds, times: int, months: int) -> None:
    with subscribed(start, Interval(1, "month"), reading, times=times) as (simulator, subscription):
        simulator.advance(timedelta(days=31 * months + 1))
        made = len(subscription.payments)
        assert made <= times and subscription.times_left == times - made
        assert (subscription.status == "completed") == (made == times) == (subscription.next_date is None)


@settings(max_examples=30, deadline=None)
@given(DAYS, READINGS, st.integers(0, 400), st.integers(0, 400))
def test_one_that_ended_never_charges_again(start: date, reading: MonthEnds, before: int, after: int) -> None:
    with subscribed(start, Interval(1, "month"), reading) as (simulator, subscription):
        simulator.advance(timedelta(days=before))
        made = days_of(subscription)
        end_subscription(simulator.world, subscription, "canceled")
        simulator.advance(timedelta(days=after))
        assert days_of(subscription) == made and subscription.next_date is None


# Over HTTP


def test_an_amount_changed_by_patch_counts_from_the_next_charge(till: Till) -> None:
    subscription = till.subscribe(till.paid_first("creditcard"), date(2026, 4, 2))
    till.wait(days=35)
    till.gateway.subscriptions.update(subscription.customer_id, subscription.id, amount=euros("242.00"))
    till.wait(days=31)
    assert [one.amount for one in till.charges(subscription)] == [euros("121.00"), euros("242.00")]


def test_a_start_changed_by_patch_is_the_next_charge_and_counts_from_there(till: Till) -> None:
    subscription = till.subscribe(till.paid_first("creditcard"), date(2026, 4, 2))
    till.wait(days=35)
    moved = till.gateway.subscriptions.update(subscription.customer_id, subscription.id, start=date(2026, 4, 20))
    assert moved.next_date == moved.start_date == date(2026, 4, 20)
    till.wait(days=60)
    days = [one.created_at.date() for one in till.charges(subscription)]
    assert days == [date(2026, 4, 2), date(2026, 4, 20), date(2026, 5, 20)]


def test_an_interval_changed_by_patch_counts_from_the_day_that_was_planned(till: Till) -> None:
    subscription = till.subscribe(till.paid_first("creditcard"), date(2026, 4, 2))
    till.wait(days=35)
    changed = till.gateway.subscriptions.update(subscription.customer_id, subscription.id, interval="12 months")
    assert (changed.interval, changed.next_date) == ("12 months", date(2026, 5, 2))
    till.wait(days=380)
    days = [one.created_at.date() for one in till.charges(subscription)]
    assert days == [date(2026, 4, 2), date(2026, 5, 2)] and till.read(subscription).next_date == date(2027, 5, 2)


def test_without_a_start_it_charges_today(till: Till) -> None:
    """A trap of Mollie's: after a paid first payment the first charge has to be an interval away."""
    first = till.paid_first("creditcard")
    body = {"amount": euros("9.00").wire, "interval": "1 month", "description": "Too soon"}
    made = till.gateway.subscriptions._caller.make(
        "subscriptions.create", new_key(), ("subscription_request", body), customer_id=first.customer_id
    )
    till.simulator.tick()
    [charge] = till.gateway.subscriptions.list_payments(first.customer_id, made["id"]).items
    assert charge.created_at.date() == first.created_at.date()


def test_the_switch_of_month_ends_is_a_control(till: Till) -> None:
    till.control("config", month_ends="last_day")
    subscription = till.subscribe(till.paid_first("creditcard"), date(2026, 4, 30))
    till.wait(days=70)
    assert till.read(subscription).next_date == date(2026, 5, 31)
