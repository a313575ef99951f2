"""What `verify` asks beside the facts themselves: usage against its events, labels, and the totals of the page.

Each finding is a tuple: where, what, stored, as it should be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum

from bursar.core.among import among
from bursar.core.calendar import Month, months_between
from bursar.core.sortkey import sort_key
from bursar.plans.models import PinnedPrice
from bursar.plans.rules import RANK
from bursar.rollup.filters import LOOKBACK, View
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.queries.listed import COUNTED
from bursar.rollup.queries.totals import calc_totals
from bursar.tenants.models import BillingAccount, Organisation, Person, Scope, Workspace
from bursar.usage.queries import TierClock, fullness_sql

Finding = tuple[str, str, Any, Any]

_USAGE_CHECKS = {
    "recorded seconds of a workspace's month": (
        "SELECT w.external_id || ' ' || COALESCE(m.month, e.month), m.seconds, e.seconds FROM "
        "(SELECT workspace_id, month, seconds FROM usage_usagemonth WHERE workspace_id = ANY(%(ids)s)) m "
        "FULL JOIN (SELECT workspace_id, date_trunc('month', at AT TIME ZONE 'UTC')::date AS month, "
        "SUM(seconds)::bigint AS seconds FROM usage_usageevent WHERE workspace_id = ANY(%(ids)s) GROUP BY 1, 2) e "
        "USING (workspace_id, month) JOIN tenants_workspace w ON w.id = workspace_id "
        "WHERE m.seconds IS DISTINCT FROM e.seconds"
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
        "SELECT w.external_id || ' ' || month, f.seconds, u.seconds FROM (SELECT workspace_id, month, "
        "recorded_seconds AS seconds FROM rollup_workspacemonth WHERE workspace_id = ANY(%(ids)s) "
        "AND month <= %(month)s) f "
        "FULL JOIN (SELECT workspace_id, month, seconds FROM usage_usagemonth WHERE workspace_id = ANY(%(ids)s) "
        "AND month <= %(month)s) u USING (workspace_id, month) JOIN tenants_workspace w ON w.id = workspace_id "
        "WHERE f.seconds IS DISTINCT FROM COALESCE(u.seconds, 0)"
    ),
    "a month's hours of an account in the rollup": (
        "SELECT a.public_id || ' ' || f.month, f.recorded_seconds, COALESCE(s.seconds, 0) FROM rollup_accountmonth f "
        "JOIN tenants_billingaccount a ON a.id = f.account_id LEFT JOIN (SELECT account_id, month, "
        "SUM(recorded_seconds)::bigint AS seconds FROM rollup_workspacemonth WHERE account_id = ANY(%(accounts)s) "
        "GROUP BY 1, 2) s USING (account_id, month) "
        "WHERE f.account_id = ANY(%(accounts)s) AND f.month <= %(month)s "
        "AND f.recorded_seconds <> COALESCE(s.seconds, 0)"
    ),
}


_BY_TIER = (
    "SELECT workspace_id, w.external_id, tier, e.first, e.last, COALESCE(m.seconds, 0), COALESCE(e.seconds, 0) FROM "
    "(SELECT workspace_id, tier, seconds FROM usage_meter WHERE workspace_id = ANY(%(ids)s)) m "
    "FULL JOIN (SELECT v.workspace_id, v.tier, MIN(v.at) AS first, MAX(v.at) AS last, "
    "(SUM(v.seconds) FILTER (WHERE r.at IS NULL OR v.at > r.at))::bigint AS seconds FROM usage_usageevent v "
    "LEFT JOIN (SELECT workspace_id, MAX(at) AS at FROM usage_usagereset GROUP BY 1) r USING (workspace_id) "
    "WHERE v.workspace_id = ANY(%(ids)s) GROUP BY 1, 2) e "
    "USING (workspace_id, tier) JOIN tenants_workspace w ON w.id = workspace_id"
)


def list_wrong_usage(account_ids: list[int], now: datetime) -> Iterator[Finding]:
    """Every event is in its month, in its meter and in the facts, and nothing else is."""
    values: dict[str, Any] = {"accounts": account_ids, "now": now, "month": Month.of(now).first}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM tenants_workspace WHERE account_id = ANY(%s)", [account_ids])
        ids = values["ids"] = [row[0] for row in cursor.fetchall()]
        for what, statement in _USAGE_CHECKS.items():
            cursor.execute(statement, values)
            for where, stored, computed in cursor.fetchall():
                yield where, what, stored, computed
    yield from _by_tier(ids)


def _by_tier(workspace_ids: list[int]) -> Iterator[Finding]:
    """What meters hold; and each event's tier, looked up again: by spans where a workspace never changed, else one by
    one.
    """
    tiers = TierClock(workspace_ids)
    odd: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(_BY_TIER, {"ids": workspace_ids})
        for pk, name, tier, first, last, metered, counted in cursor.fetchall():
            if metered != counted:
                yield f"{name} {tier}", "metered seconds on a tier", metered, counted
            if first and tiers.tiers_between(pk, first, last) != {tier}:
                odd.add(pk)
        cursor.execute(
            "SELECT workspace_id, tier, at FROM usage_usageevent WHERE workspace_id = ANY(%s)", [sorted(odd)]
        )
        for pk, tier, at in cursor:
            computed = tiers.tier_at(pk, at)
            if computed != tier:
                yield f"workspace {pk} {at.isoformat()}", "tier of a usage event", tier, computed


_PAYERS = (
    "SELECT w.public_id, p.public_id, h.public_id FROM tenants_workspace w "
    "JOIN tenants_billingaccount p ON p.id = w.account_id LEFT JOIN LATERAL (SELECT b.public_id, a.valid_until "
    "FROM tenants_workspaceaccount a JOIN tenants_billingaccount b ON b.id = a.account_id "
    "WHERE a.workspace_id = w.id ORDER BY a.valid_from DESC LIMIT 1) h ON true WHERE w.account_id = ANY(%s) "
    "AND (h.public_id IS DISTINCT FROM p.public_id OR w.deleted_at IS NULL AND h.valid_until IS NOT NULL)"
)


def list_wrong_labels(account_ids: list[int]) -> Iterator[Finding]:
    """What is kept beside its source to be quick: who pays now, ranks, and the keys that lists are sorted by."""
    with connection.cursor() as cursor:
        cursor.execute(_PAYERS, [account_ids])
        for where, stored, computed in cursor.fetchall():
            yield where, "present payer", stored, computed
    pins = PinnedPrice.objects.filter(among("account_id", account_ids))
    for where, tier, rank in pins.values_list("account__public_id", "tier", "tier_rank"):
        if rank != RANK[tier]:
            yield where, f"rank of the kept price of {tier}", rank, RANK[tier]
    accounts = BillingAccount.objects.filter(among("id", account_ids)).select_related("organisation")
    for account in accounts:
        yield from _wrong_key(account.public_id, account.shown_label, account.sort_key)
        wanted = account.label or (account.organisation.name if account.scope == Scope.ORGANISATION else "")
        if wanted and account.shown_label != wanted:
            yield account.public_id, "shown label", account.shown_label, wanted
    owners = Organisation.objects.filter(id__in=accounts.select_related(None).values("organisation_id"))
    for named in (Workspace.objects.filter(among("account_id", account_ids)), owners):
        for where, name, key in named.values_list("public_id", "name", "sort_key"):
            yield from _wrong_key(where, name, key)


def _wrong_key(where: str, name: str, stored: str) -> Iterator[Finding]:
    if stored != sort_key(name):
        yield where, "sort key", stored, sort_key(name)


def list_wrong_totals(now: datetime, only: Month | None) -> Iterator[Finding]:
    """The page's totals are the sums of all rows, and the hours of each month those of all its events."""
    current = Month.of(now)
    shown = [month for month in months_between(current.plus(-LOOKBACK), current) if only in (None, month)]
    sums = _sums_by_month(current)
    for month in shown:
        if month.first in sums:
            totals, sources = calc_totals(View(month, current)), dict(sums[month.first])
            sources["recorded_seconds"] -= sources.pop("beside")
            for name, computed in sources.items():
                if getattr(totals, name) != computed:
                    yield f"page of {month}", f"total of {name}", getattr(totals, name), computed
    yield from _wrong_hours(current, only, sums)
    yield from _wrong_workspaces(only, sums)
    for where, name, key in Person.objects.values_list("public_id", "name", "sort_key").iterator(chunk_size=5000):
        yield from _wrong_key(where, name, key)


def _sums_by_month(current: Month) -> dict[date, dict[str, Any]]:
    """Of all rows up to the open month's, listed or not."""
    fields = ("workspaces", "seats", "recorded_seconds", "mrr", "potential")
    rows: Any = AccountMonth.objects.filter(month__lte=current.first).order_by().values("month")
    rows = rows.annotate(accounts=Count("klass", filter=COUNTED), **{f"{name}_": Sum(name) for name in fields})
    # Hours that came in for an account which had ceased before the month stand in its own months, not on the page.
    rows = rows.annotate(beside=Sum("recorded_seconds", filter=Q(is_listed=False, ended_at__isnull=False)))
    return {
        row["month"]: {"accounts": row["accounts"], "beside": row["beside"] or 0}
        | {name: row[f"{name}_"] for name in fields}
        for row in rows
    }


def _wrong_hours(current: Month, only: Month | None, sums: dict[date, dict[str, Any]]) -> Iterator[Finding]:
    """Against what each workspace recorded, which `list_wrong_usage` holds against its events."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT month, SUM(seconds)::bigint FROM usage_usagemonth WHERE month <= %s GROUP BY 1 ORDER BY 1",
            [current.first],
        )
        for month, seconds in cursor.fetchall():
            stored = sums.get(month, {}).get("recorded_seconds", 0)
            if stored != seconds and (only is None or only.first == month):
                yield f"all of {Month.of(month)}", "recorded seconds", stored, seconds


def _wrong_workspaces(only: Month | None, sums: dict[date, dict[str, Any]]) -> Iterator[Finding]:
    rows = WorkspaceMonth.objects.filter(is_live=True).order_by().values("month").annotate(there=Count("*"))
    there = {row["month"]: row["there"] for row in rows}
    for month, known in sums.items():
        if known["workspaces"] != there.get(month, 0) and (only is None or only.first == month):
            yield f"all of {Month.of(month)}", "workspaces", known["workspaces"], there.get(month, 0)
