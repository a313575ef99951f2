"""The months of an account or a workspace: which there are, by which rules, at which price."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from bursar.core.calendar import Month
from bursar.plans.queries import load_account, load_catalogue
from bursar.plans.rules import AccountState
from bursar.rollup import rules
from bursar.rollup.filters import LOOKBACK, View
from bursar.rollup.models import AccountMonth, FormerRules, Unprojected, WorkspaceMonth
from bursar.tenants.models import BillingAccount, Workspace
from bursar.usage.models import UsageMonth

EVER = datetime.min.replace(tzinfo=UTC)

MONTHS_SHOWN = 13

log = structlog.get_logger()


def list_used_months(states: Iterable[AccountState], since: Month | None = None) -> dict[int, set[date]]:
    """In which months, from `since` on, workspaces recorded anything while they may not have been live.

    Of one that neither ended nor moved these are only months up to that in which it began.
    """
    start = since.start if since else EVER
    workspaces = [workspace for state in states for workspace in state.workspaces]
    changed = {workspace.id for workspace in workspaces if workspace.deleted_at or workspace.has_moved}
    young = {workspace.id for workspace in workspaces if workspace.created_at > start} - changed
    used: dict[int, set[date]] = {}
    if not changed and not young:
        return used
    early = Q(workspace_id__in=young, month__lt=F("workspace__created_at"))
    rows = UsageMonth.objects.filter(Q(workspace_id__in=changed) | early, month__gte=start.date())
    for pk, month in rows.values_list("workspace_id", "month"):
        used.setdefault(pk, set()).add(month)
    return used


def rule_settings() -> rules.Settings:
    former = {Month.of(month): version for month, version in FormerRules.objects.values_list("month", "rule_version")}
    return rules.Settings(load_catalogue(), settings.BURSAR_GRACE, former)


def rule_version_of(month: Month) -> int:
    """By which version of the rules a month's figures are."""
    kept = FormerRules.objects.filter(month=month.first).values_list("rule_version", flat=True).first()
    return kept or rules.RULE_VERSION


def list_account_months(account: BillingAccount, now: datetime) -> list[AccountMonth]:
    """The present month and the twelve before it, newest first."""
    begun = AccountMonth.objects.filter(account=account, month__lte=Month.of(now).first)
    return list(begun.order_by("-month")[:MONTHS_SHOWN])


def list_workspace_months(workspace: Workspace, now: datetime) -> list[WorkspaceMonth]:
    begun = WorkspaceMonth.objects.filter(workspace=workspace, month__lte=Month.of(now).first)
    return list(begun.order_by("-month")[:MONTHS_SHOWN])


def get_breakdown(account: BillingAccount, at: datetime) -> rules.Breakdown | None:
    """The account's price, worked out, for the panel and the API; None when it cannot be, which the log explains."""
    state: AccountState = load_account(account.pk)
    try:
        return rules.break_down(state, rule_settings(), at)
    except Exception:
        log.exception("price_not_computed", account=account.public_id)
        return None


@dataclass(frozen=True)
class Frame:
    """What stands around a month's rows: the months that hold anything, its rules, the accounts without figures."""

    months: set[date]
    rule_version: int
    faulty: int


def get_frame(view: View) -> Frame:
    """In one statement; months from the oldest that can be looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ARRAY(SELECT m::date FROM generate_series(%s::date, %s::date, interval '1 month') m "
            "WHERE EXISTS (SELECT 1 FROM rollup_accountmonth a WHERE a.month = m::date)), "
            f"(SELECT rule_version FROM {FormerRules._meta.db_table} WHERE month = %s), "
            f"(SELECT COUNT(*) FROM {Unprojected._meta.db_table} WHERE fault <> '')",
            [view.current.plus(-LOOKBACK).first, view.current.first, view.month.first],
        )
        months, version, faulty = cursor.fetchone()
    return Frame(set(months), version or rules.RULE_VERSION, faulty)
