from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bursar.rollup import rules
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
