"""What lines add up to, whatever they are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.rules import (
    Buyer,
    ItemCategory,
    Line,
    Rates,
    RateTotal,
    Seller,
    Treatment,
    VatIdStatus,
    add_up,
    calc_vat_of_part,
    decide_vat,
    split_gross,
)
from bursar.core.money import cents

DAY = date(2026, 11, 26)
DECISIONS = [
    decide_vat(Seller("NL", uses_oss=True), buyer, category, DAY, Rates())
    for buyer in (Buyer("NL"), Buyer("FI"), Buyer("US"), Buyer("DE", "", "DE136695976", VatIdStatus.VALID))
    for category in ItemCategory
]
lines = st.builds(
    Line,
    st.decimals("0.01", "500", places=2),
    st.decimals("0", "5000", places=4),
    st.sampled_from(DECISIONS),
    st.decimals("0", "100", places=2),
)


def line(quantity: str, price: str, discount: str = "0") -> Line:
    return Line(Decimal(quantity), Decimal(price), DECISIONS[0], Decimal(discount))


def test_rounded_once_a_rate_and_not_once_a_line() -> None:
    """Three times 0.35 € at 21 %: 0.22 € VAT on the sum, where three roundings would say 0.21."""
    totals = add_up([line("1", "0.35")] * 3)
    assert (totals.net, totals.vat, totals.gross) == (Decimal("1.05"), Decimal("0.22"), Decimal("1.27"))


def test_a_year_of_changemaker_for_three_seats() -> None:
    totals = add_up([line("36", "75.00")])
    assert (totals.net, totals.vat, totals.gross) == (Decimal("2700.00"), Decimal("567.00"), Decimal("3267.00"))


def test_nothing_adds_up_to_nothing() -> None:
    totals = add_up([])
    assert (totals.net, totals.vat, totals.gross, totals.rates) == (0, 0, 0, ())


@given(st.lists(lines, max_size=60))
def test_of_any_lines(some: list[Line]) -> None:
    totals = add_up(some)
    assert totals.net == sum((one.net for one in some), Decimal())
    assert totals.gross == totals.net + totals.vat == sum((one.net + one.vat for one in totals.rates), Decimal())
    for one in totals.rates:
        assert one.vat == cents(one.net * one.rate / 100)
        assert abs(one.vat - one.net * one.rate / 100) <= Decimal("0.005")
        assert one.vat == 0 or one.state
    assert add_up(reversed(some)) == totals
    turned = [Line(-one.quantity, one.unit_price, one.vat, -one.discount) for one in some]
    credit = add_up(turned)
    assert (credit.net, credit.vat, credit.gross) == (-totals.net, -totals.vat, -totals.gross)


@given(st.decimals("-100000", "100000", places=2), st.sampled_from(["0", "19", "21", "25.5", "27"]))
def test_a_gross_amount_falls_into_its_parts(gross: Decimal, rate: str) -> None:
    net, vat = split_gross(gross, Decimal(rate))
    assert net + vat == gross
    assert abs(vat - net * Decimal(rate) / 100) <= Decimal("0.01")


@given(
    st.lists(st.decimals("0.01", "50", places=2), min_size=1, max_size=20),
    st.sampled_from(["0", "9", "19", "21", "25.5", "27"]),
)
def test_parts_that_are_credited_one_by_one_bear_the_vat_of_the_whole(parts: list[Decimal], rate: str) -> None:
    """Each within a cent of its own, and never below nothing."""
    whole, per_cent = sum(parts, Decimal()), Decimal(rate)
    total = RateTotal(Treatment.CHARGED, per_cent, "NL", whole, cents(whole * per_cent / 100))
    net = vat = Decimal()
    for part in parts:
        own = calc_vat_of_part(part, total, net, vat)
        assert own >= 0 and abs(own - part * per_cent / 100) <= Decimal("0.015")
        net, vat = net + part, vat + own
    assert (net, vat) == (total.net, total.vat)
