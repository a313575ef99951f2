"""When money moves by one colleague alone, and who decides where it does not: the rules by themselves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.approvals import rules
from bursar.approvals.rules import Words

AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=500, places=2)
WORDS = Words("of this payment go back", "go back to this account")


@given(st.lists(AMOUNTS, min_size=1, max_size=12), st.decimals(min_value=0, max_value=600, places=2))
def test_many_small_ones_are_a_large_one(amounts: list[Decimal], limit: Decimal) -> None:
    """However it is cut up, no more than the limit leaves by one person alone."""
    alone = Decimal(0)
    for amount in amounts:
        if rules.why_not_alone(amount, alone, alone, limit, WORDS) is None:
            alone += amount
    assert alone <= limit


def test_the_account_counts_beside_the_payment() -> None:
    limit = Decimal(250)
    assert rules.why_not_alone(Decimal(250), Decimal(0), Decimal(0), limit, WORDS) is None
    assert "of this payment" in str(rules.why_not_alone(Decimal("250.01"), Decimal(0), Decimal(0), limit, WORDS))
    assert "within 30 days" in str(rules.why_not_alone(Decimal(10), Decimal(0), Decimal(245), limit, WORDS))


@pytest.mark.parametrize(
    ("state", "asked_by", "decides", "words"),
    [
        ("asked", 1, 2, None),
        ("asked", None, 2, None),
        ("asked", 1, 1, "yourself"),
        ("asked", 1, None, "by name"),
        ("asked", None, None, "by name"),
        ("sending", 1, 2, "nobody any more"),
    ],
)
def test_nobody_decides_their_own(state: str, asked_by: int | None, decides: int | None, words: str | None) -> None:
    sentence = rules.why_not_decide(state, "asked", asked_by, decides)
    assert sentence is None if words is None else words in str(sentence)
