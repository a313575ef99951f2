"""Reverse trials and other timed grants: when one may be given, and when people are told of its end. Pure. DOMAIN 2."""

from __future__ import annotations

from datetime import datetime, timedelta

from bursar.core.calendar import add_months_at
from bursar.core.days import say_end
from bursar.plans.rules import (
    RANK,
    AccountState,
    EffectiveTier,
    Grant,
    WorkspaceState,
    effective_tier,
    has_way_of_paying,
    live,
    terms_at,
)

TRIAL_TIER = "changemaker"
TRIAL_KIND = "reverse_trial"
ONE_TRIAL_IN = 12
CAUGHT_UP_FOR = timedelta(days=14)


def live_workspaces(account: AccountState, at: datetime) -> list[tuple[WorkspaceState, EffectiveTier]]:
    terms = terms_at(account, at)
    return [(ws, effective_tier(ws, terms, at)) for ws in account.workspaces if ws.is_live(at)]


def trial_end(at: datetime) -> datetime:
    """One calendar month later: from 31 January to 28 or 29 February."""
    return add_months_at(at, 1)


def list_live_trials(account: AccountState, at: datetime) -> list[Grant]:
    return [g for ws in account.workspaces for g in ws.grants if g.kind == TRIAL_KIND and live([g], at)]


def last_trial_end(account: AccountState, at: datetime) -> datetime | None:
    """When the newest earlier trial of any of the account's workspaces ended; None without one."""
    ends = [g.end for ws in account.workspaces for g in ws.grants if g.kind == TRIAL_KIND and g.end and g.end <= at]
    return max(ends, default=None)


def why_not_grant_trial(account: AccountState, at: datetime) -> str | None:
    """Whatever right one holds; the twelve months are a matter of `find_recent_end`."""
    tiers = [effective for _, effective in live_workspaces(account, at)]
    if not tiers:
        return "The account has no workspace to try anything in."
    trials = list_live_trials(account, at)
    if trials:
        until = max(g.end for g in trials if g.end)
        return f"A reverse trial is running already, until {say_end(until)}."
    if has_way_of_paying(account, at):
        return "The account pays, or is managed; a reverse trial is for those who do not pay yet."
    if any(RANK[effective.tier] >= RANK[TRIAL_TIER] for effective in tiers):
        return "A workspace is on Changemaker or above already."
    discount = live(account.discounts, at)
    if discount is not None and discount.kind == "trial":
        return "A trial discount is running already."
    return None


def find_recent_end(account: AccountState, at: datetime) -> datetime | None:
    """The end of an earlier trial within the last 12 months; None when there was none."""
    last = last_trial_end(account, at)
    return last if last is not None and last > add_months_at(at, -ONE_TRIAL_IN) else None
