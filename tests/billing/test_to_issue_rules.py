"""What is to be invoiced of a plan: the rule by examples."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.rules.to_issue import AskedPeriod, Due, Standing, Why, list_due, say_due

TODAY, AHEAD = date(2026, 11, 24), 60
SINCE = date(2026, 5, 1)
YEAR = AskedPeriod(7, "2026-000042", date(2026, 3, 1), date(2027, 2, 28), 5)


def standing(**more: Any) -> Standing:
    """Managed, five people on a paid tier, invoiced until February."""
    usual = {"is_managed": True, "is_on_trial": False, "costs": True, "is_pilot": False, "seats": 5,
             "last_day": YEAR.last, "period": YEAR, "managed_since": SINCE}  # fmt: skip
    return Standing(**{**usual, **more})


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({}, []),
        ({"last_day": TODAY + timedelta(days=61)}, []),
        ({"last_day": TODAY + timedelta(days=60)}, [Due(Why.RENEWAL, TODAY + timedelta(days=61))]),
        ({"last_day": TODAY, "period": None}, [Due(Why.RENEWAL, TODAY + timedelta(days=1))]),
        ({"last_day": date(2026, 3, 1), "period": None}, [Due(Why.RENEWAL, date(2026, 3, 2))]),
        ({"last_day": None, "period": None}, [Due(Why.FIRST, SINCE)]),
        ({"last_day": None, "period": None, "is_on_trial": True}, []),
        ({"last_day": None, "period": None, "costs": False}, []),
        ({"last_day": None, "period": None, "costs": False, "is_pilot": True}, [Due(Why.PILOT, SINCE)]),
        ({"last_day": None, "period": None, "costs": False, "is_pilot": True, "is_pilot_asked": True}, []),
        ({"last_day": None, "period": None, "is_pilot": True}, [Due(Why.FIRST, SINCE)]),
        ({"seats": 7}, [Due(Why.SEATS, None, 2)]),
        ({"seats": 3}, []),
        ({"seats": 7, "period": None}, []),
        ({"seats": 7, "costs": False}, []),
        ({"seats": 7, "is_on_trial": True}, []),
        ({"seats": 6, "last_day": TODAY + timedelta(days=9)},
         [Due(Why.RENEWAL, TODAY + timedelta(days=10)), Due(Why.SEATS, None, 1)]),
        ({"is_managed": False, "seats": 9, "last_day": TODAY}, []),
    ],
)  # fmt: skip
def test_what_is_due(more: dict[str, Any], due: list[Due]) -> None:
    assert list_due(standing(**more), TODAY, AHEAD) == due


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"last_day": TODAY}, "Service ends on 24 November 2026"),
        ({"last_day": TODAY - timedelta(days=1), "period": None}, "Service ended on 23 November 2026"),
        ({"last_day": None, "period": None}, "Nothing was ever invoiced of its plan"),
        ({"last_day": None, "period": None, "costs": False, "is_pilot": True}, "The pilot was not invoiced yet"),
        ({"seats": 7}, "2 seats above the 5 that 2026-000042 asks for"),
        ({"seats": 6}, "1 seat above the 5 that 2026-000042 asks for"),
    ],
)
def test_in_words(more: dict[str, Any], words: str) -> None:
    found = standing(**more)
    assert say_due(list_due(found, TODAY, AHEAD)[0], found, TODAY) == words


@given(st.integers(0, 50), st.integers(0, 50), st.integers(-400, 400) | st.none(), st.integers(0, 400))
def test_a_service_period_is_asked_for_once_and_seats_only_above_those_asked(
    seats: int, asked: int, days: int | None, ahead: int
) -> None:
    last = None if days is None else TODAY + timedelta(days=days)
    found = list_due(
        standing(seats=seats, period=YEAR.__class__(1, "n", SINCE, TODAY, asked), last_day=last), TODAY, ahead
    )
    assert sum(due.why is not Why.SEATS for due in found) == (last is None or last <= TODAY + timedelta(days=ahead))
    assert sum(due.seats for due in found) == max(0, seats - asked)


def test_a_period_knows_how_it_is_billed() -> None:
    assert YEAR.cadence == "yearly"
    assert AskedPeriod(1, "n", date(2026, 1, 31), date(2026, 2, 27), 1).cadence == "monthly"
