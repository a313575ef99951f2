"""Whether a statement is missing: what balances say, and what numbers add."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.billing.bank import Balance, Statement, find_gaps
from tests.billing.bank.writing import statement


def chain(moves: list[int], begin: int = 100, since: date = date(2026, 11, 2)) -> list[Statement]:
    """A statement for each day, of what moved on it."""
    found = []
    balance = Decimal(begin)
    for at, move in enumerate(moves):
        day = since + timedelta(days=at)
        opening, closing = Balance(balance, day), Balance(balance + move, day)
        balance = closing.amount
        found.append(_day(at + 1, opening, closing))
    return found


def _day(number: int, opening: Balance, closing: Balance) -> Statement:
    return replace(statement(number=number), from_on=opening.on, until_on=closing.on, opening=opening, closing=closing)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 500), min_size=2, max_size=12), st.integers(0, 2**32), st.data())
def test_each_missing_one_is_said_and_nothing_else(moves: list[int], seed: int, data: st.DataObject) -> None:
    whole = chain(moves)
    shuffled = [*whole, *whole[:2]]
    random.Random(seed).shuffle(shuffled)
    assert find_gaps(shuffled) == []
    missing = data.draw(st.integers(1, len(moves) - 1))
    found = find_gaps(one for one in shuffled if one.number != missing + 1)
    if missing == len(moves) - 1:
        assert found == []  # nothing after it tells
        return
    [gap] = found
    assert (gap.after, gap.before, gap.amount) == (whole[missing - 1], whole[missing + 1], moves[missing])
    assert "a statement is missing" in gap.sentence


def test_the_sentence_names_both_sides() -> None:
    one, _, three = chain([10, 25, 5])
    [gap] = find_gaps([one, three])
    assert gap.sentence == (
        "Between number 1 of 2 November 2026 and number 3 of 4 November 2026 a statement is missing:"
        " one closes with 110.00, the next opens with 135.00."
    )


def test_several_on_one_day_follow_by_number() -> None:
    day = date(2026, 11, 2)
    some = [_day(number, Balance(Decimal(number), day), Balance(Decimal(number + 1), day)) for number in (1, 2, 3)]
    assert find_gaps(reversed(some)) == []
    assert len(find_gaps([some[0], some[2]])) == 1


def test_mt940_opens_on_the_day_before() -> None:
    some = [replace(one, from_on=one.from_on - timedelta(days=1)) for one in chain([10, 20, 30])]
    assert find_gaps(some) == []
    assert len(find_gaps([some[0], some[2]])) == 1


def test_a_month_covers_the_days_that_are_missing_within_it() -> None:
    days = chain([10, 20, 30, 40, 50])
    month = _day(9, days[0].opening, days[3].closing)  # type: ignore[arg-type]  # both are there
    assert find_gaps([month, days[0], days[2], days[4]]) == []
    assert len(find_gaps([days[0], days[2], days[4]])) == 2


def test_numbers_say_only_something_where_the_bank_counts() -> None:
    """One that moved nothing in all leaves no trace in the balances."""
    still = chain([10, 20, 0, 30, 40, 50])
    [gap] = find_gaps(one for one in still if one.number != 3)
    assert gap.amount == 0 and gap.sentence.endswith("the numbers leave out 1, though the balances agree.")
    dated = [replace(one, number=20000 + 7 * at) for at, one in enumerate(still)]
    assert find_gaps(one for one in dated if one.number != 20014) == []
    unnumbered = [replace(one, number=None) for one in still]
    assert find_gaps(unnumbered[:2] + unnumbered[3:]) == []


def test_a_year_begins_with_one_again() -> None:
    some = [replace(one, number=number) for one, number in zip(chain([1, 2, 3, 4]), (364, 365, 1, 2), strict=True)]
    assert find_gaps(some) == []


def test_accounts_and_currencies_are_apart_and_what_has_no_balance_says_nothing() -> None:
    one, two = chain([10, 20])
    other = replace(two, account="NL91ABNA0417164300", opening=Balance(Decimal(7), two.from_on))
    assert find_gaps([one, other, replace(other, account=one.account, currency="USD")]) == []
    assert find_gaps([one, replace(two, opening=None)]) == find_gaps([replace(one, closing=None), two]) == []
