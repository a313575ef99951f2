from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.calendar import Month
from bursar.core.money import ZERO
from bursar.plans import rules as plans
from bursar.plans.rules import AccountState
from bursar.rollup import rules
from bursar.rollup.rows import AccountRow, build_rows
from tests.rollup import states

GOLDEN = [json.loads(line) for line in (Path(__file__).parent / "golden/version_1.jsonl").read_text().splitlines()]
SETTINGS = rules.Settings(states.CATALOGUE)


def told(facts: rules.AccountFacts) -> list[Any]:
    since = facts.overdue_since.isoformat() if facts.overdue_since else None
    amounts = [str(facts.mrr), str(facts.potential)]
    return [facts.klass, facts.reason, *amounts, facts.status, facts.seats, facts.tier, since]


@pytest.mark.parametrize("seed", sorted({line[0] for line in GOLDEN}))
def test_version_1_says_what_it_said(seed: int) -> None:
    """The figures were written down by the release that knew no other version."""
    account = states.make_account(seed)
    for _, day, *figures in (line for line in GOLDEN if line[0] == seed):
        at = states.START + timedelta(days=day, hours=12)
        assert told(rules.evaluate(account, SETTINGS, at, version=1)) == figures


MONTHS = [Month(2025, 6).plus(n) for n in range(18)]
SEEDS = st.integers(0, 10**9)


def rows_of(account: AccountState, settings: rules.Settings) -> list[AccountRow]:
    """Its months as they are projected, one after the other."""
    rows: list[AccountRow] = []
    for month in MONTHS:
        before = rows[-1] if rows else None
        rows.append(build_rows(account, settings, month, before, {}, MONTHS[-1].next().start).account)
    return rows


@given(SEEDS, st.sets(st.sampled_from(MONTHS)))
def test_start_and_movements_and_the_change_of_rules_make_the_end(seed: int, former: set[Month]) -> None:
    settings = rules.Settings(states.CATALOGUE, former=dict.fromkeys(former, 1))
    rows, was_positive = rows_of(states.make_account(seed), settings), False
    for before, row in zip([None, *rows[:-1]], rows, strict=True):
        start = before.mrr if before else ZERO
        moved = row.mrr - start - row.rule_change
        assert row.previous_mrr == start and bool(row.movement) == (moved != 0)
        assert (row.rule_change == 0) or (before is not None and before.rule_version != row.rule_version)
        if row.movement in ("new", "reactivation"):
            assert start + row.rule_change == 0 and (row.movement == "reactivation") == was_positive
        if row.movement == "churn":
            assert row.mrr == 0
        was_positive = was_positive or start + row.rule_change > 0 or row.mrr > 0


@given(SEEDS, st.integers(0, states.DAYS), st.sampled_from([1, 2]))
def test_the_lines_add_up_to_the_amount(seed: int, day: int, version: int) -> None:
    at = states.START + timedelta(days=day, hours=7)
    settings = rules.Settings(states.CATALOGUE, former={Month.of(at): version})
    account = states.make_account(seed)
    facts, price = rules.evaluate(account, settings, at), rules.break_down(account, settings, at)
    assert sum((line.amount for line in price.lines), ZERO) == price.total
    if facts.potential:
        assert facts.potential == price.total
    if facts.mrr:
        assert facts.mrr == price.total


@given(SEEDS)
def test_a_frozen_amount_stands_still_until_what_is_paid_ends(seed: int) -> None:
    """Nothing is asked of how it is worked out: wherever one is frozen, the same is told until its run's end."""
    account = states.make_account(seed)
    known: dict[datetime, Decimal] = {}
    for day in range(0, states.DAYS, 3):
        at = states.START + timedelta(days=day, hours=7)
        terms = plans.terms_at(account, at)
        since = plans.frozen_since(account, terms, at)
        facts = rules.evaluate(account, SETTINGS, at)
        if since is None:
            continue
        assert facts.klass == "paying" or facts.mrr == 0
        if facts.klass == "paying" and not _money_moved(account, since, at):
            assert known.setdefault(since, facts.mrr) == facts.mrr


def _money_moved(account: AccountState, since: datetime, at: datetime) -> bool:
    """What was settled, taken back or said of `paid_until` meanwhile may change which discount waits for its end."""
    edges = [edge for period in account.periods for edge in (period.booked_at, period.credited_at)]
    edges += [row.start for row in account.terms]
    return any(edge is not None and since < edge <= at for edge in edges)
