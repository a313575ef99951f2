"""Payment links, and money that settles no invoice: the rules by themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bursar.payments.rules import links
from bursar.payments.rules.links import Standing

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)
UNTIL = datetime(2026, 12, 25, tzinfo=UTC)


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
