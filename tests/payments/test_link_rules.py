"""Payment links, and money that settles no invoice: the rules by themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.payments.rules import booking, links
from bursar.payments.rules.booking import NotThere
from bursar.payments.rules.links import Standing

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)
UNTIL = datetime(2026, 12, 25, tzinfo=UTC)
MONEY = st.decimals(min_value=0, max_value=500, places=2)


def test_for_which_invoice_one_can_be_made() -> None:
    assert links.why_not_link(Decimal(5), None) is None
    assert links.why_not_link(Decimal(0), None) == "Nothing of it is open."
    assert "open until 24 December 2026" in str(links.why_not_link(Decimal(5), UNTIL))
    assert links.why_not_amount(Decimal(5), None) is None and links.why_not_amount(Decimal(5), Decimal(5)) is None
    assert "€ 5.01 is more" in str(links.why_not_amount(Decimal("5.01"), Decimal(5)))


def test_for_how_long() -> None:
    today = date(2026, 11, 24)
    assert links.why_not_day(today, today) is None
    assert links.why_not_day(today + timedelta(days=180), today) is None
    assert "today or later" in str(links.why_not_day(today - timedelta(days=1), today))
    assert "180 days" in str(links.why_not_day(today + timedelta(days=181), today))


@pytest.mark.parametrize(
    ("state", "expires_at", "why", "words", "is_live"),
    [
        ("making", UNTIL, "", "being made", True),
        ("open", UNTIL, "", "open until 24 December 2026", True),
        ("open", NOW, "", "expired after 24 November 2026", False),
        ("paid", UNTIL, "", "paid", False),
        ("ended", UNTIL, "By hand.", "archived: By hand.", False),
        ("refused", UNTIL, "", "Mollie refused to make it", False),
    ],
)
def test_how_it_stands(state: str, expires_at: datetime, why: str, words: str, is_live: bool) -> None:
    one = Standing(state, expires_at, why)
    assert links.say_state(one, NOW).startswith(words) and one.is_live(NOW) == is_live


@given(kept=MONEY, booked=MONEY, credit=MONEY)
def test_credit_follows_what_mollie_kept_and_is_never_below_zero(
    kept: Decimal, booked: Decimal, credit: Decimal
) -> None:
    try:
        entries = booking.follow_as_credit(kept, booked, credit)
    except NotThere as fault:
        assert booked - kept > credit and "charged back" in str(fault)
        return
    moved = sum((entry.amount for entry in entries), Decimal(0))
    assert moved == kept - booked and credit + moved >= 0 and all(entry.invoice is None for entry in entries)


@given(amount=st.decimals(min_value=Decimal("0.01"), max_value=500, places=2), credit=MONEY)
def test_a_refund_takes_from_credit_what_is_there(amount: Decimal, credit: Decimal) -> None:
    if amount > credit:
        with pytest.raises(NotThere, match="refunded"):
            booking.leave_credit(amount, credit)
    else:
        assert [entry.amount for entry in booking.leave_credit(amount, credit)] == [-amount]
