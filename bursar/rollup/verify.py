"""The proof: recomputes every month from its sources and yields what differs. Constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.reading import consistent_read
from bursar.plans.queries import load_accounts
from bursar.rollup import rules
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.queries import rule_settings
from bursar.rollup.refresh import refresh
from bursar.rollup.settle import CHUNK, FACTS, WORKSPACE_FACTS, build_row, build_workspace_row
from bursar.tenants.models import BillingAccount
from bursar.usage.queries import TierClock, fullness_sql

AGAIN = 3
SKIPPED = {"settled_at", "restated_at"}
Key = tuple[int, date]


@dataclass(frozen=True)
class Difference:
    where: str
    what: str
    stored: Any
    computed: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.what} is {self.stored!r}, should be {self.computed!r}"


def list_differences(
    now: datetime,
    *,
    account: str = "",
    month: Month | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Difference]:
    """Open months as of now, closed ones as at their last instant. Call `refresh` first, as a page does.

    People work meanwhile: accounts that differ are looked at again under the later clock, and only what goes on
    differing is told.
    """
    ids = BillingAccount.objects.order_by("id")
    if account:
        ids = ids.filter(public_id=account)
    total, done = ids.count(), 0
    settings = rule_settings()
    last = 0
    while part := list(ids.filter(id__gt=last).values_list("id", flat=True)[:CHUNK]):
        last = part[-1]
        found = _differences_of(part, settings, now, month)
        for _ in range(AGAIN if found else 0):
            now = clock.now()
            refresh(now)
            found = _differences_of(part, settings, now, month)
            if not found:
                break
        yield from found
        done += len(part)
        if progress:
            progress(done, total)


def _differences_of(ids: list[int], settings: rules.Settings, now: datetime, month: Month | None) -> list[Difference]:
    with consistent_read():
        return [*_facts(ids, settings, now, month), *_usage(ids, now)]


def _facts(ids: list[int], settings: rules.Settings, now: datetime, only: Month | None) -> Iterator[Difference]:
    states = load_accounts(ids)
    names = dict(BillingAccount.objects.filter(id__in=ids).values_list("id", "public_id"))
    accounts = _stored_accounts(ids)
    workspaces = _stored_workspaces(ids)
    current = Month.of(now)
    for pk, by_month in accounts.items():
        previous = None
        for first in sorted(by_month):
            month, stored = Month.of(first), by_month[first]
            at = now if month == current else month.last_instant
            facts = rules.evaluate(states[pk], settings, at)
            computed = build_row(facts, month, previous, is_open=month == current, now=now)
            where = f"{names[pk]} {month}"
            if only is None or month == only:
                yield from _compare(where, stored, computed, FACTS)
                rows = {ws.id: build_workspace_row(pk, ws, month) for ws in facts.workspaces}
                yield from _compare_workspaces(where, workspaces.get((pk, first), {}), rows)
            previous = stored
        if max(by_month, default=date.min) != current.first:
            yield Difference(names[pk], "newest month", max(by_month, default=None), current.first)
    for pk in states.keys() - accounts.keys():
        yield Difference(names[pk], "months", "none", "at least one")


def _stored_accounts(ids: list[int]) -> dict[int, dict[date, Any]]:
    found: dict[int, dict[date, Any]] = {}
    for row in AccountMonth.objects.filter(account_id__in=ids).values_list("account_id", "month", *FACTS, named=True):
        found.setdefault(row.account_id, {})[row.month] = row
    return found


def _stored_workspaces(ids: list[int]) -> dict[Key, dict[int, Any]]:
    found: dict[Key, dict[int, Any]] = {}
    rows = WorkspaceMonth.objects.filter(account_id__in=ids)
    for row in rows.values_list("workspace_id", "month", *WORKSPACE_FACTS, named=True):
        found.setdefault((row.account_id, row.month), {})[row.workspace_id] = row
    return found


def _compare(where: str, stored: Any, computed: Any, names: tuple[str, ...]) -> Iterator[Difference]:
    for name in names:
        if getattr(stored, name) != getattr(computed, name) and name not in SKIPPED:
            yield Difference(where, name, getattr(stored, name), getattr(computed, name))


def _compare_workspaces(where: str, stored: dict[int, Any], computed: dict[int, Any]) -> Iterator[Difference]:
    if stored.keys() != computed.keys():
        yield Difference(where, "workspaces", sorted(stored), sorted(computed))
    for pk in stored.keys() & computed.keys():
        yield from _compare(f"{where} workspace {pk}", stored[pk], computed[pk], WORKSPACE_FACTS)


_USAGE_CHECKS = {
    "recorded seconds of a workspace's month": (
        "SELECT w.external_id || ' ' || COALESCE(m.month, e.month), m.seconds, e.seconds FROM "
        "(SELECT workspace_id, month, seconds FROM usage_usagemonth WHERE workspace_id = ANY(%(ids)s)) m "
        "FULL JOIN (SELECT workspace_id, date_trunc('month', at AT TIME ZONE 'UTC')::date AS month, "
        "SUM(seconds)::bigint AS seconds FROM usage_usageevent WHERE workspace_id = ANY(%(ids)s) GROUP BY 1, 2) e "
        "USING (workspace_id, month) JOIN tenants_workspace w ON w.id = workspace_id "
        "WHERE m.seconds IS DISTINCT FROM e.seconds"
    ),
    "metered seconds on a tier": (
        "SELECT w.external_id || ' ' || COALESCE(m.tier, e.tier), COALESCE(m.seconds, 0), COALESCE(e.seconds, 0) FROM "
        "(SELECT workspace_id, tier, seconds FROM usage_meter WHERE workspace_id = ANY(%(ids)s)) m "
        "FULL JOIN (SELECT v.workspace_id, v.tier, SUM(v.seconds)::bigint AS seconds FROM usage_usageevent v "
        "LEFT JOIN (SELECT workspace_id, MAX(at) AS at FROM usage_usagereset GROUP BY 1) r USING (workspace_id) "
        "WHERE v.workspace_id = ANY(%(ids)s) AND (r.at IS NULL OR v.at > r.at) GROUP BY 1, 2) e "
        "USING (workspace_id, tier) JOIN tenants_workspace w ON w.id = workspace_id "
        "WHERE COALESCE(m.seconds, 0) <> COALESCE(e.seconds, 0)"
    ),
    "since when a meter is full": (
        "SELECT w.external_id || ' ' || m.tier, m.full_since, f.full_since FROM usage_meter m "
        f"JOIN ({fullness_sql()}) f USING (id) JOIN tenants_workspace w ON w.id = m.workspace_id "
        "WHERE m.workspace_id = ANY(%(ids)s) AND (m.full_since IS DISTINCT FROM f.full_since)"
    ),
    "whether a meter is near its cap": (
        "SELECT w.external_id || ' ' || m.tier, m.is_near, f.is_near FROM usage_meter m "
        f"JOIN ({fullness_sql()}) f USING (id) JOIN tenants_workspace w ON w.id = m.workspace_id "
        "WHERE m.workspace_id = ANY(%(ids)s) AND m.is_near <> f.is_near"
    ),
    "a month's hours of a workspace in the rollup": (
        "SELECT w.external_id || ' ' || f.month, f.recorded_seconds, COALESCE(u.seconds, 0) "
        "FROM rollup_workspacemonth f JOIN tenants_workspace w ON w.id = f.workspace_id "
        "LEFT JOIN usage_usagemonth u ON u.workspace_id = f.workspace_id AND u.month = f.month "
        "WHERE f.workspace_id = ANY(%(ids)s) AND f.recorded_seconds <> COALESCE(u.seconds, 0)"
    ),
    "a month's hours of an account in the rollup": (
        "SELECT a.public_id || ' ' || f.month, f.recorded_seconds, COALESCE(s.seconds, 0) FROM rollup_accountmonth f "
        "JOIN tenants_billingaccount a ON a.id = f.account_id LEFT JOIN (SELECT account_id, month, "
        "SUM(recorded_seconds)::bigint AS seconds FROM rollup_workspacemonth WHERE account_id = ANY(%(accounts)s) "
        "GROUP BY 1, 2) s USING (account_id, month) "
        "WHERE f.account_id = ANY(%(accounts)s) AND f.recorded_seconds <> COALESCE(s.seconds, 0)"
    ),
}


def _usage(account_ids: list[int], now: datetime) -> Iterator[Difference]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM tenants_workspace WHERE account_id = ANY(%s)", [account_ids])
        workspace_ids = [row[0] for row in cursor.fetchall()]
        for what, statement in _USAGE_CHECKS.items():
            cursor.execute(statement, {"ids": workspace_ids, "accounts": account_ids, "now": now})
            for where, stored, computed in cursor.fetchall():
                yield Difference(where, what, stored, computed)
    yield from _tiers_of_events(workspace_ids)


def _tiers_of_events(workspace_ids: list[int]) -> Iterator[Difference]:
    """Each event's tier, looked up again: by spans where a workspace never changed, else one by one."""
    tiers = TierClock(workspace_ids)
    odd: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workspace_id, tier, MIN(at), MAX(at) FROM usage_usageevent WHERE workspace_id = ANY(%s) "
            "GROUP BY 1, 2",
            [workspace_ids],
        )
        for pk, tier, first, last in cursor.fetchall():
            if tiers.tiers_between(pk, first, last) != {tier}:
                odd.add(pk)
        cursor.execute(
            "SELECT workspace_id, tier, at FROM usage_usageevent WHERE workspace_id = ANY(%s)", [sorted(odd)]
        )
        for pk, tier, at in cursor:
            computed = tiers.tier_at(pk, at)
            if computed != tier:
                yield Difference(f"workspace {pk} {at.isoformat()}", "tier of a usage event", tier, computed)
