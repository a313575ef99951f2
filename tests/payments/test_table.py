"""The table of states and the plan of retries, by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.actions.registry import ACTIONS
from bursar.payments.rules.retries import AT_MOST, plan_try, read_days
from bursar.payments.rules.table import (
    EXTRAS,
    TABLE,
    News,
    Owed,
    Role,
    Stand,
    Told,
    Verb,
    find_move,
    read_news,
    role_of,
    stand_of,
    status_of,
)
from bursar.payments.states import ChargeKind, ChargeState, PaymentState
from bursar.plans.rules import NO_TERMS
from bursar.plans.states import Mode, Status

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NEWS, STANDS = st.sampled_from(News), st.sampled_from(Stand)
OWED = st.builds(
    Owed,
    st.sampled_from([kind.value for kind in ChargeKind]),
    st.sampled_from([state.value for state in ChargeState]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def told(status: str = "", charged_back: str = "0", refunded: str = "0") -> Told:
    return Told(status, Decimal(refunded), Decimal(charged_back))


def test_every_verb_of_the_table_is_an_action() -> None:
    verbs = {move.verb for row in TABLE.values() for move in row.values()}
    assert verbs == set(Verb)
    assert {f"payments.account.{verb}" for verb in verbs} <= set(ACTIONS)


@pytest.mark.parametrize(
    ("role", "news", "stand", "verb", "to"),
    [
        ("first", "under_way", "none", "await_first", "pending"),
        ("first", "paid", "pending", "start_paying", "active"),
        ("first", "paid", "active", "note_unexpected", None),
        ("first", "failed", "pending", "end_checkout", "none"),
        ("first", "ended", "active", "end_checkout", None),
        ("interval", "paid", "past_due", "renew", "active"),
        ("interval", "paid", "cancelled", "settle", None),
        ("interval", "paid", "owing", "settle", "cancelled"),
        ("interval", "failed", "active", "fall_behind", "past_due"),
        ("interval", "failed", "past_due", "note_failed_try", None),
        ("interval", "taken_back", "cancelled", "lose_payment", "owing"),
        ("interval", "given_back", "past_due", "note_given_back", "active"),
        ("earlier", "taken_back", "active", "note_taken_back", None),
        ("earlier", "paid", "past_due", "settle", None),
        ("extra", "failed", "active", "note_failed_try", None),
        ("spare", "paid", "cancelled", "note_unexpected", None),
    ],
)
def test_what_follows(role: str, news: str, stand: str, verb: str, to: str | None) -> None:
    assert find_move(Role(role), News(news), Stand(stand)) == (Verb(verb), Stand(to) if to else None)


@given(st.sampled_from(Role), NEWS, STANDS)
def test_nothing_revives_an_account_but_a_checkout(role: Role, news: News, stand: Stand) -> None:
    """Late money, in whatever form, leaves a plan that ended as it is."""
    move = find_move(role, news, stand)
    if move is None or move.to is None:
        return
    if stand in (Stand.NONE, Stand.PENDING, Stand.CANCELLED, Stand.OWING) and move.to is Stand.ACTIVE:
        assert (role, news) == (Role.FIRST, News.PAID)
    assert stand is not Stand.MANAGED, "who is billed by invoice is moved by none of it"
    assert role in (Role.FIRST, Role.INTERVAL), "seats, upgrades and old intervals move no status"


@given(NEWS, OWED, st.sampled_from(["", *PaymentState]))
def test_what_is_paid_is_paid_once(news: News, owed: Owed, applied: str) -> None:
    role = role_of(news, owed, told(applied))
    is_credit = owed.kind == ChargeKind.LINK and owed.state == ChargeState.PAID  # what comes by a link once more
    if news is News.PAID and owed.state in (ChargeState.PAID, ChargeState.ENDED):
        assert role is (Role.EXTRA if is_credit else Role.SPARE)
    if role is Role.FIRST:
        assert owed.kind == ChargeKind.FIRST and not owed.was_paid
    if role is Role.EXTRA:
        assert owed.kind in EXTRAS
    assert role_of(news, None, told(applied)) is Role.SPARE


@given(
    st.sampled_from(["", *PaymentState]),
    st.sampled_from(list(PaymentState)),
    st.lists(st.sampled_from(["0", "5", "9"]), min_size=4, max_size=4),
)
def test_what_was_applied_is_no_news_again(before: str, status: str, sums: list[str]) -> None:
    """Each piece of news is told once, whatever else has changed meanwhile, and then there is none."""
    applied, says = Told(before, Decimal(sums[0]), Decimal(sums[1])), Told(status, Decimal(sums[2]), Decimal(sums[3]))
    heard = []
    while (news := read_news(applied, says)) is not None:
        heard.append(news)
        if news is News.REFUNDED:
            applied = applied._replace(refunded=says.refunded)
        elif news in (News.TAKEN_BACK, News.GIVEN_BACK):
            applied = applied._replace(charged_back=says.charged_back)
        else:
            applied = applied._replace(status=says.status)
        assert len(heard) <= 3
    assert applied == says and len(set(heard)) == len(heard)


@pytest.mark.parametrize("status", list(Status))
def test_a_stand_keeps_its_status(status: Status) -> None:
    terms = NO_TERMS._replace(status=status.value, past_due_since=NOW if status is Status.PAST_DUE else None)
    assert status_of(stand_of(terms)) is status
    assert stand_of(terms._replace(status="cancelled", past_due_since=NOW)) is Stand.OWING
    assert stand_of(terms._replace(mode=Mode.MANAGED.value, status="none")) is Stand.MANAGED


@given(
    st.lists(st.integers(1, 60), max_size=4, unique=True).map(sorted),
    st.integers(0, 6),
    st.booleans(),
    st.integers(0, 100),
)
def test_tries_come_on_their_days_and_end(days: list[int], tries: int, may_pass: bool, late: int) -> None:
    now = NOW + timedelta(days=late)
    planned = plan_try(NOW, tries, may_pass, days, now)
    if not may_pass or tries >= min(len(days), AT_MOST):
        assert planned is None
        return
    assert planned == max(NOW + timedelta(days=days[tries]), now)


def test_three_seven_fourteen() -> None:
    days = read_days("3, 7, 14")
    found = [plan_try(NOW, tries, True, days, NOW) for tries in range(5)]
    assert found == [*[NOW + timedelta(days=day) for day in (3, 7, 14)], None, None]
    assert read_days("") == ()


@pytest.mark.parametrize("text", ["7, 3", "3, 3", "0", "61", "1, 2, 3, 4, 5", "x"])
def test_days_that_cannot_be(text: Any) -> None:
    with pytest.raises(ValueError):
        read_days(text)
