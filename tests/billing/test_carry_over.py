"""What is booked when an invoice takes the place of another: each euro keeps its place, and settled stays settled."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Standing, change_of_credit
from bursar.core.money import ZERO

amounts = st.decimals("0", "500", places=2)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Standing, Standing]:
    """One of which nothing is credited, however it stands, and one that asks for no more."""
    paid, given_up, let_be, is_open = (draw(amounts) for _ in range(4))
    gross = paid + given_up + let_be + is_open + Decimal("0.01")
    new = draw(st.decimals("0.01", str(gross), places=2))
    return Standing(1, gross, paid, ZERO, given_up, let_be), Standing(2, new)


@given(pairs())
def test_what_was_paid_stands_at_the_new_one_and_the_rest_is_credit(pair: tuple[Standing, Standing]) -> None:
    one, new = pair
    entries = ledger.carry_over(one, new)
    before, after = one.after(entries), new.after(entries)
    assert (before.open, before.paid, before.credited) == (0, 0, one.gross)
    assert before.written_off == before.difference == 0
    assert after.paid == min(one.paid, new.gross) and after.credited == 0
    assert change_of_credit(entries) == one.paid - after.paid >= 0, "no euro is lost, and none comes"
    assert after.open <= one.open and after.written_off <= one.written_off and after.difference <= one.difference
    if one.is_settled:
        assert after.is_settled and after.paid + after.difference == new.gross


def test_a_correction_in_figures() -> None:
    entries = ledger.carry_over(Standing(1, Decimal(121), Decimal(121)), Standing(2, Decimal(100)))
    assert change_of_credit(entries) == 21
    part = ledger.carry_over(Standing(1, Decimal(121), Decimal(60), ZERO, Decimal(61)), Standing(2, Decimal(100)))
    assert Standing(2, Decimal(100)).after(part) == Standing(2, Decimal(100), Decimal(60), ZERO, Decimal(40))


def test_what_did_not_leave_is_credit_again() -> None:
    gone, again = ledger.pay_back(Decimal(21)), ledger.take_again(Decimal(21))
    assert change_of_credit([*gone, *again]) == 0
