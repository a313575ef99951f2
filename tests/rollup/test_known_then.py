"""Closed months are compared with what was known then: `verify` is silent after what changed only what was to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.core import clock
from bursar.rollup.models import AccountMonth, MonthRestatement, WorkspaceMonth
from bursar.rollup.refresh import refresh
from tests.cast import NOW, Cast, bring_all, prove, usage, workspace

DECEMBER = datetime(2026, 12, 9, 10, tzinfo=UTC)
Step = tuple[str, str, dict[str, Any]]
TRIAL_DISCOUNT = {"kind": "trial", "percent": "100", "end_date": "2027-02-10"}
GRANT = {"tier": "guardian", "end_date": "2027-01-15"}
CASES: dict[str, tuple[list[Step], list[Step]]] = {
    "a trial ended": ([("account.grant_trial", "samen", {})], [("account.end_trial", "samen", {})]),
    "a trial discount removed": (
        [("account.set_discount", "oost", TRIAL_DISCOUNT)],
        [("account.remove_discount", "oost", {})],
    ),
    "a workspace's trial discount replaced": (
        [("workspace.set_discount", "lab", TRIAL_DISCOUNT)],
        [("workspace.set_discount", "lab", {"kind": "partner", "percent": "10"})],
    ),
    "change tier under a grant": (
        [("workspace.grant_tier", "panel", GRANT)],
        [("workspace.change_tier", "panel", {"tier": "changemaker"})],
    ),
    "a grant ended": ([("workspace.grant_tier", "panel", GRANT)], [("workspace.end_grant", "panel", {})]),
    "a grant followed by another": (
        [("workspace.grant_tier", "panel", GRANT)],
        [("workspace.grant_tier", "panel", {"tier": "changemaker", "end_date": "2026-12-24"})],
    ),
    "back to self-serve under a grant": (
        [("workspace.change_tier", "lab", {"tier": "changemaker"}),
         ("workspace.grant_tier", "lab", GRANT)],
        [("account.set_self_serve", "oost", {"keep_until": ""})],
    ),
    "set managed under a trial": (
        [("account.grant_trial", "samen", {})],
        [("account.set_managed", "samen", {"cadence": "yearly"})],
    ),
    "kept until a day, then managed again": (
        [("account.set_self_serve", "oost", {"keep_until": "2027-01-20"})],
        [("account.set_managed", "oost", {"cadence": "monthly"})],
    ),
}  # fmt: skip


def take(cast: Cast, steps: list[Step]) -> None:
    for key, who, data in steps:
        run(f"plans.{key}", cast.iris, getattr(cast, who).public_id, data, reason="as agreed")


@pytest.mark.parametrize("name", CASES)
def test_what_is_done_later_changes_no_closed_month(cast: Cast, name: str) -> None:
    first, then = CASES[name]
    take(cast, first)
    prove()
    with clock.frozen(datetime(2026, 12, 2, tzinfo=UTC)):
        prove()
        closed = _closed()
    with clock.frozen(DECEMBER):
        take(cast, then)
        prove()
        assert _closed() == closed and not MonthRestatement.objects.exists()
    with clock.frozen(DECEMBER + timedelta(days=60)):
        prove()
        assert _closed() == closed


def _closed() -> list[Any]:
    skipped = {"id", "settled_at", "next_change_at"}
    rows = [*AccountMonth.objects.filter(month__lte="2026-11-01").order_by("id").values(),
            *WorkspaceMonth.objects.filter(month__lte="2026-11-01").order_by("id").values()]  # fmt: skip
    return [{name: value for name, value in row.items() if name not in skipped} for row in rows]


def test_a_workspace_from_before_the_catalogue_takes_its_first_row(cast: Cast) -> None:
    """The shipped catalogue begins in 2020."""
    since = datetime(2019, 12, 31, tzinfo=UTC)
    bring_all(
        {"kind": "organisation", "external_id": "old", "name": "Old", "created_at": since},
        *workspace("o", "old", "O", since),
        {"kind": "tier", "workspace": "o", "tier": "changemaker", "from": since},
        {"kind": "payment", "account": {"organisation": "old"}, "mode": "self_serve", "status": "active",
         "cadence": "yearly", "from": since},
        usage("o", "e", since, 60),
    )  # fmt: skip
    refresh(NOW)
    prove()
    row = AccountMonth.objects.get(account__organisation__external_id="old", month="2019-12-01")
    assert (row.mrr, row.recorded_seconds) == (75, 60)
