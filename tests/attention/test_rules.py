"""The pure rules: what is a drop, what logins say, when a snooze holds, how a mail is filled."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.attention.reasons import REASONS
from bursar.attention.rules import (
    DROP_WINDOW,
    LoginSignal,
    find_drop,
    read_signal,
    why_not_text,
)
from bursar.core.calendar import TICK
from bursar.core.fills import fill
from bursar.plans.rules import RANK, Base, Grant, Terms, WorkspaceState

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=200)


def days(count: float) -> datetime:
    return NOW - timedelta(days=count)


def space(*bases: tuple[str, datetime], grants: list[Grant] | None = None) -> WorkspaceState:
    ends = [*(start for _, start in bases[1:]), None]
    rows = [Base(tier, start, end) for (tier, start), end in zip(bases, ends, strict=True)]
    return WorkspaceState(1, OLD, None, bases=rows, grants=grants or [])


def trial(start: datetime, end: datetime, tier: str = "changemaker") -> Grant:
    return Grant(tier, "reverse_trial", start, end, end)


def approval(start: datetime, end: datetime, planned: datetime | None = None) -> Grant:
    return Grant("guardian", "approval", start, end, planned or end)


def test_a_drop_by_hand_and_its_boundary() -> None:
    drop = find_drop(space(("changemaker", OLD), ("free", days(4))), [], NOW)
    assert drop is not None and (drop.at, drop.former, drop.by_lapse) == (days(4), "changemaker", False)
    on_the_edge = space(("changemaker", OLD), ("free", NOW - DROP_WINDOW))
    assert find_drop(on_the_edge, [], NOW) is None, "15 × 24 h ago is no longer within the last 14 days"
    assert find_drop(on_the_edge, [], NOW - TICK) is not None


def test_a_rise_is_no_drop_and_a_return_clears() -> None:
    assert find_drop(space(("free", OLD), ("changemaker", days(2))), [], NOW) is None
    assert find_drop(space(("changemaker", OLD), ("free", days(9)), ("changemaker", days(1))), [], NOW) is None
    assert find_drop(space(("changemaker", OLD), ("free", days(9)), ("guardian", days(1))), [], NOW) is None
    part = find_drop(space(("guardian", OLD), ("free", days(9)), ("changemaker", days(1))), [], NOW)
    assert part is not None and part.former == "guardian", "half the way back is not back"


def test_the_end_of_a_trial_is_none() -> None:
    tried = space(("free", OLD), grants=[trial(days(35), days(5))])
    assert find_drop(tried, [], NOW) is None


def test_a_tier_changed_during_a_trial() -> None:
    """The trial ends with the change. Only a step below what the workspace had without it is a drop."""
    same = space(("free", OLD), ("free", days(3)), grants=[trial(days(10), days(3))])
    assert find_drop(same, [], NOW) is None
    lower = find_drop(space(("innovator", OLD), ("free", days(3)), grants=[trial(days(10), days(3))]), [], NOW)
    assert lower is not None and lower.former == "innovator"
    higher = space(("free", OLD), ("innovator", days(3)), grants=[trial(days(10), days(3))])
    assert find_drop(higher, [], NOW) is None


def test_lapses() -> None:
    ran_out = find_drop(space(("free", OLD), grants=[approval(days(30), days(5))]), [], NOW)
    assert ran_out is not None and (ran_out.former, ran_out.by_lapse) == ("guardian", True)
    ended = find_drop(space(("free", OLD), grants=[approval(days(30), days(5), days(-9))]), [], NOW)
    assert ended is not None and not ended.by_lapse, "somebody ended it early"
    terms = [Terms("self_serve", "cancelled", "monthly", days(2), None, days(2), days(40), None)]
    lapsed = find_drop(space(("changemaker", OLD)), terms, NOW)
    assert lapsed is not None and (lapsed.at, lapsed.former, lapsed.by_lapse) == (days(2), "changemaker", True)
    assert find_drop(space(("changemaker", OLD)), terms, days(2) - TICK) is None


TIERS = st.sampled_from(list(RANK))
STEPS = st.lists(st.tuples(st.integers(0, 40 * 24), TIERS), min_size=1, max_size=6, unique_by=lambda step: step[0])


@given(STEPS)
def test_without_grants_it_is_what_a_plain_walk_finds(steps: list[tuple[int, str]]) -> None:
    """Newest first: a step down in the window, under which the tier has stayed ever since."""
    ordered = [("free", OLD), *[(tier, NOW - timedelta(hours=back)) for back, tier in sorted(steps, reverse=True)]]
    expected = None
    for place in range(len(ordered) - 1, 0, -1):
        (former, _), (tier, at) = ordered[place - 1], ordered[place]
        stayed = all(RANK[later] < RANK[former] for later, _ in ordered[place:])
        if RANK[tier] < RANK[former] and NOW - at < DROP_WINDOW and stayed:
            expected = (at, former)
            break
    found = find_drop(space(*ordered), [], NOW)
    assert (found and (found.at, found.former)) == expected


TODAY = date(2026, 11, 24)


def read(
    last: int | None, recent: int = 0, before: int = 0, *, full_for: int | None = None, dropped: bool = False
) -> str:
    signal = LoginSignal(None if last is None else TODAY - timedelta(days=last), recent, before)
    full_day = None if full_for is None else TODAY - timedelta(days=full_for)
    return read_signal(signal, TODAY, is_full=full_for is not None, full_day=full_day, dropped=dropped)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (read(0, recent=4, before=3), "engaged and growing"),
        (read(0, recent=4, before=4), "engaged, steady"),
        (read(13, recent=3, before=0), "here now and then"),
        (read(14, recent=9, before=0), "gone quiet"),
        (read(14, recent=9, full_for=20), "hit the wall and left"),
        (read(3, recent=9, full_for=2), "hit the wall and left"),
        (read(2, recent=4, full_for=1), "engaged and growing"),
        (read(2, recent=4, full_for=2), "engaged and growing"),
        (read(1, recent=1, dropped=True), "staying, spending less"),
        (read(20, dropped=True), "gone quiet"),
        (read(None, full_for=3), "no admin ever signed in"),
    ],
)
def test_the_reading(found: str, words: str) -> None:
    assert found == words


def test_templates_are_checked_and_filled() -> None:
    assert why_not_text(REASONS["at_cap"].fills, "Dear {contact}, {{so}} {workspace}") is None
    for text in ("{", "a }", "{nobody}", "{contact.email}", "{contact!r}", "{contact:>9}", "{}", "{ends}"):
        assert why_not_text(REASONS["at_cap"].fills, text), text
    assert why_not_text(REASONS["at_cap"].fills, "{contact}", is_subject=True), (
        "a subject stands in the book and names nobody"
    )
    assert fill("Dear {contact}, {{so}} {x}", {"contact": "Maud"}) == "Dear Maud, {so} {x}"
    assert {"contact", "sender"} <= set.intersection(*(set(reason.fills) for reason in REASONS.values()))
