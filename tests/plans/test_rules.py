from __future__ import annotations

from collections.abc import Set
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.calendar import add_months
from bursar.plans import rules
from bursar.plans.rules import (
    Base,
    DiscountRow,
    EffectiveTier,
    Grant,
    Interval,
    Member,
    Seated,
    Terms,
    WorkspaceState,
    calc_price,
    effective_tier,
    seat_people,
    seat_unit,
)

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
OLD = datetime(2025, 1, 1, tzinfo=UTC)


def terms(**more: object) -> Terms:
    values = {**rules.NO_TERMS._asdict(), "start": OLD, **more}
    return Terms(**values)


def place(tier: str, rate: int, percent: int = 0, pk: int = 1, *, people: Set[int] = frozenset()) -> Seated:
    discount = DiscountRow("scholarship", percent, OLD, None) if percent else None
    effective = EffectiveTier(tier, tier, None)
    return Seated(WorkspaceState(pk, OLD, None), effective, discount, seat_unit(Decimal(rate), discount), people)


def test_the_newest_live_grant_is_effective() -> None:
    workspace = WorkspaceState(1, OLD, None)
    workspace.bases = [Base("free", OLD, None)]
    until = AT + timedelta(days=3)
    workspace.grants = [
        Grant("changemaker", "reverse_trial", AT - timedelta(days=5), until, until),
        Grant("guardian", "approval", AT - timedelta(days=2), AT + timedelta(days=1), None),
        Grant("innovator", "approval", AT - timedelta(days=1), AT, None),
    ]
    assert effective_tier(workspace, terms(), AT).tier == "guardian"
    assert effective_tier(workspace, terms(), AT + timedelta(days=2)).tier == "changemaker"
    assert effective_tier(workspace, terms(), until).tier == "free"


def test_a_paid_tier_lapses_by_the_clock_and_a_later_one_stands() -> None:
    lapsing = terms(status="cancelled", paid_until=AT, lapses_at=AT)
    assert rules.base_tier([Base("changemaker", OLD, None)], lapsing, AT - timedelta(microseconds=1)) == "changemaker"
    assert rules.base_tier([Base("changemaker", OLD, None)], lapsing, AT) == "free"
    assert rules.base_tier([Base("guardian", AT, None)], lapsing, AT) == "guardian"
    assert rules.base_tier([Base("pilot", OLD, None)], lapsing, AT) == "pilot"


@pytest.mark.parametrize(
    ("role", "is_support", "seats"),
    [("owner", False, 1), ("billing", False, 1), ("external", False, 1), ("observer", False, 0), ("admin", True, 0)],
)
def test_who_is_a_seat(role: str, is_support: bool, seats: int) -> None:
    workspace = WorkspaceState(1, OLD, None, members=[Member(7, role, is_support, OLD, None)])
    assert len(seat_people(workspace, AT)) == seats


def test_one_person_is_one_seat_at_the_dearest_place() -> None:
    price = calc_price([place("innovator", 20, people={1, 2}), place("guardian", 150, 50, people={1})])
    assert (price.seats, price.amount) == (2, Decimal("95.00"))


def test_a_paid_account_pays_at_least_one_seat() -> None:
    assert calc_price([place("guardian", 150), place("free", 0, people={1, 2})]).amount == 150
    assert calc_price([place("free", 0, people={1})]).amount == 0
    assert calc_price([place("pilot", 0, people={1, 2, 3})]).amount == 0


@given(
    st.lists(
        st.tuples(st.sampled_from([(20, "innovator"), (75, "changemaker"), (0, "free")]), st.integers(0, 100)),
        max_size=6,
    ),
    st.lists(st.sets(st.integers(1, 8)), min_size=6, max_size=6),
)
def test_price_is_exact_and_bounded(places: list[tuple[tuple[int, str], int]], people: list[set[int]]) -> None:
    seated = [place(tier, rate, percent, pk, people=people[pk]) for pk, ((rate, tier), percent) in enumerate(places)]
    price = calc_price(seated)
    everybody = {person for seat in seated for person in seat.people}
    units = [Decimal(seat.unit) / 10_000 for seat in seated]
    dearest = max(units, default=Decimal(0))
    assert price.seats == len(everybody)
    assert price.amount == price.amount.quantize(Decimal("0.01"))
    assert price.amount <= dearest * max(1, len(everybody))
    brute = sum(
        (max(Decimal(s.unit) / 10_000 for s in seated if person in s.people) for person in everybody),
        Decimal(0),
    )
    assert price.amount >= brute


def test_months_are_clamped() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2028, 1, 31), 1) == date(2028, 2, 29)
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)


def test_a_zero_set_inside_the_paid_interval_waits() -> None:
    interval = Interval(OLD, AT + timedelta(days=90))
    rows = [DiscountRow("partner", 25, OLD, AT), DiscountRow("scholarship", 100, AT, None)]
    found = rules.before_zero(rows, AT, interval)
    assert found is not None and found.percent == 25
    assert rules.before_zero([DiscountRow("scholarship", 100, OLD, None)], AT, interval) is not None


def test_a_discounts_last_day_is_inclusive() -> None:
    assert rules.why_not_discount("trial", 50, AT.date(), AT.date(), on_account=True) is None
    assert rules.why_not_discount("trial", 50, AT.date() - timedelta(days=1), AT.date(), on_account=True)
    assert rules.why_not_discount("trial", 50, None, AT.date(), on_account=True)
