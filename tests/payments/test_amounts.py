"""What charges come to: whole intervals, rests of one, seats that came in between."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.rules import Buyer, ItemCategory, Rates, Seller, VatDecision, VatIdStatus, decide_vat
from bursar.core.money import cents
from bursar.payments.rules.amounts import quote_interval, quote_rest
from bursar.payments.rules.intervals import count_days_left, end_of_interval, start_of_next
from bursar.payments.rules.seats import quote_added
from bursar.plans.added import count_seats, take_cheapest
from bursar.plans.rules import EffectiveTier, PriceLine, Seated, WorkspaceState, list_price_lines

RATES = {"free": Decimal(0), "changemaker": Decimal(75), "guardian": Decimal(150)}
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def decide(country: str = "NL", vat_id: str = "") -> VatDecision:
    status = VatIdStatus.VALID if vat_id else VatIdStatus.NONE
    buyer = Buyer(country, vat_id=vat_id, status=status)
    return decide_vat(Seller("NL"), buyer, ItemCategory.STANDARD, date(2026, 3, 2), Rates())


def sit(tier: str, *people: int, percent: int = 0, pk: int = 1) -> Seated:
    unit = int(RATES[tier] * 100) * (100 - percent)
    return Seated(WorkspaceState(pk, AT, None), EffectiveTier(tier, tier, None), None, unit, set(people))


def line(tier: str, seats: int, percent: int = 0, *, is_floor: bool = False) -> PriceLine:
    rate = RATES[tier]
    return PriceLine(tier, rate, percent, seats, rate * seats * (100 - percent) / 100, is_floor)


def test_a_yearly_interval_is_twelve_months_at_once() -> None:
    quote = quote_interval([sit("changemaker", 1, 2, 3)], RATES.__getitem__, "yearly", decide())
    assert quote.lines == ({"tier": "changemaker", "seats": 3, "rate": "75.00", "percent": 0, "net": "2700.00"},)
    assert (quote.seats, quote.net, quote.vat, quote.gross) == (
        3, Decimal("2700.00"), Decimal("567.00"), Decimal("3267.00")
    )  # fmt: skip


def test_the_decision_makes_the_vat() -> None:
    abroad = quote_interval([sit("changemaker", 1)], RATES.__getitem__, "monthly", decide("DE", "DE136695976"))
    assert (abroad.net, abroad.vat, abroad.gross) == (Decimal("75.00"), 0, Decimal("75.00"))
    assert abroad.decision.as_json()["treatment"] == "reverse_charge"


def test_free_seats_are_no_line_and_one_seat_is_asked_for_at_least() -> None:
    quote = quote_interval([sit("free", 1, 2), sit("changemaker", pk=2)], RATES.__getitem__, "monthly", decide())
    assert (quote.seats, quote.net) == (1, Decimal("75.00"))
    both = [sit("changemaker", 1, percent=50), sit("guardian", pk=2)]
    assert quote_interval(both, RATES.__getitem__, "monthly", decide())[1:3] == (1, Decimal("150.00"))


@pytest.mark.parametrize(
    ("before", "after", "left", "days", "net"),
    [
        ("900", "1800", 365, 365, "900.00"),
        ("900", "1800", 400, 365, "900.00"),  # never more than the interval
        ("900", "1800", 100, 365, "246.58"),
        ("86", "172", 15, 30, "43.00"),
        ("172", "86", 15, 30, "0.00"),
    ],
)
def test_a_rest_is_the_difference_for_the_days_that_are_left(
    before: str, after: str, left: int, days: int, net: str
) -> None:
    quote = quote_rest(Decimal(before), Decimal(after), left, days, decide())
    assert quote.net == Decimal(net) and quote.gross == quote.net + quote.vat


def test_days_are_whole_and_never_more_than_the_interval() -> None:
    assert count_days_left(AT, datetime(2026, 3, 12, tzinfo=UTC), "monthly") == 10
    assert count_days_left(AT, datetime(2026, 4, 2, tzinfo=UTC), "monthly") == 30
    assert count_days_left(AT, datetime(2027, 3, 3, tzinfo=UTC), "yearly") == 365
    assert count_days_left(AT, datetime(2026, 3, 1, tzinfo=UTC), "yearly") == 0
    assert start_of_next(date(2026, 1, 31), "monthly") == date(2026, 2, 28)
    assert end_of_interval(AT, "yearly") == datetime(2027, 3, 2, tzinfo=UTC)


def test_a_seat_more_is_charged_for_the_rest_and_nothing_under_one_euro() -> None:
    three = [line("changemaker", 3)]
    quote = quote_added(three, 2, "monthly", 10, decide())
    assert quote is not None and quote.net == Decimal("25.00") and quote.seats == 1
    assert quote.lines[0] | {"days": 10, "of_days": 30} == quote.lines[0]
    assert quote_added(three, 3, "monthly", 10, decide()) is None
    assert quote_added(three, 2, "monthly", 0, decide()) is None
    assert quote_added([line("changemaker", 3, percent=97)], 2, "monthly", 10, decide()) is None, "0.75 €"


def test_where_seats_differ_the_cheapest_are_the_added_ones() -> None:
    mixed = [line("guardian", 1), line("changemaker", 2), line("free", 4)]
    taken = take_cheapest([one for one in mixed if one.rate], 3)
    assert [(one.tier, one.seats, one.amount) for one in taken] == [("changemaker", 2, 150), ("guardian", 1, 150)]


LINES = st.lists(
    st.builds(line, st.sampled_from(["changemaker", "guardian"]), st.integers(0, 40), st.integers(0, 100)), max_size=4
)


@given(LINES, st.integers(0, 60), st.sampled_from(["yearly", "monthly"]), st.integers(-5, 400))
def test_added_seats_never_cost_more_than_all_of_them_for_the_whole_interval(
    priced: list[PriceLine], paid: int, cadence: str, left: int
) -> None:
    quote = quote_added(priced, paid, cadence, left, decide())
    if quote is None:
        return
    months = 12 if cadence == "yearly" else 1
    assert 1 <= quote.net <= sum(one.amount for one in priced) * months
    assert quote.seats <= count_seats(priced) - paid
    assert quote.gross == quote.net + quote.vat == sum(Decimal(one["net"]) for one in quote.lines) + quote.vat


@given(LINES, st.lists(st.integers(0, 60), min_size=1, max_size=12), st.integers(1, 30))
def test_seats_that_go_and_come_again_are_charged_once(priced: list[PriceLine], counts: list[int], left: int) -> None:
    """Whatever the order of counts: what is paid for is the highest, and no seat of it twice."""
    paid = charged = 0
    for count in counts:
        now = take_cheapest([line("changemaker", 60)], count)
        quote = quote_added(now, paid, "monthly", left, decide())
        if quote:
            charged, paid = charged + quote.seats, paid + quote.seats
    assert charged == max(counts)


@given(st.lists(st.sets(st.integers(1, 9), max_size=5), min_size=1, max_size=4), st.sampled_from(["yearly", "monthly"]))
def test_an_interval_is_its_months_exactly(people: list[set[int]], cadence: str) -> None:
    seated = [sit("changemaker", *those, pk=place) for place, those in enumerate(people)]
    quote = quote_interval(seated, RATES.__getitem__, cadence, decide())
    a_month = sum((one.amount for one in list_price_lines(seated, RATES.__getitem__)), Decimal(0))
    assert quote.net == cents(a_month) * (12 if cadence == "yearly" else 1)
