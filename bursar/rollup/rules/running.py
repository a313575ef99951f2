"""Whether money runs, and how one says so: version 2 of the rules. Pure. DOMAIN 4."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bursar.plans.rules import (
    INVOICES,
    PAID_TIERS,
    AccountState,
    Interval,
    Price,
    Seated,
    Terms,
    WorkspaceState,
    effective_tier,
    frozen_since,
    is_managed,
    live,
    paid_interval,
    paid_run,
    standing_periods,
)
from bursar.plans.states import Status


class Running(NamedTuple):
    """Money runs, with the reason's code. `overdue_since`: the renewal that has not arrived, if one has not."""

    overdue_since: datetime | None
    reason: dict[str, Any]


def iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def calc_running(account: AccountState, terms: Terms, price: Price, at: datetime, grace: timedelta) -> Running | None:
    """Paid time runs, or a price above 0 is asked for: by a subscription, or for `grace` after a settled invoice."""
    if price.amount == 0 and paid_interval(account, terms, at) is None:
        return None
    if terms.status == Status.ACTIVE:
        return Running(None, {"code": "subscription"})
    if terms.status == Status.PAST_DUE:
        since = terms.past_due_since or terms.start
        return Running(since, {"code": "past_due", "since": iso(since)})
    run = paid_run(account, terms, at)
    if run is not None:
        return Running(_owing_since(terms), _why_paid(account, terms, run, at))
    return _overdue(account, terms, at, grace) if is_managed(terms) else None


def _owing_since(terms: Terms) -> datetime | None:
    """Cancelled while past due, or charged back after that: it counts as past due until what is paid ends."""
    return terms.past_due_since if terms.status == Status.CANCELLED else None


def _why_paid(account: AccountState, terms: Terms, run: Interval, at: datetime) -> dict[str, Any]:
    if terms.status == Status.CANCELLED:
        owing = _owing_since(terms)
        if owing is not None:
            return {"code": "cancelled_owing", "until": iso(run.end), "since": iso(owing)}
        return {"code": "cancelled", "until": iso(run.end)}
    if frozen_since(account, terms, at) is not None:
        return {"code": "set_back", "until": iso(run.end)}
    return {"code": "invoice_settled"}


def _overdue(account: AccountState, terms: Terms, at: datetime, grace: timedelta) -> Running | None:
    ends = [period.end for period in standing_periods(account, at) if period.source in INVOICES]
    since = max((end for end in ends if end <= at <= end + grace), default=None)
    return Running(since, {"code": "renewal_unpaid", "since": iso(since)}) if since else None


def paid_tiers_end(terms: Terms, seated: list[Seated], at: datetime) -> datetime | None:
    """When the last paid tier ends by the clock alone; None when one is for good."""
    ends = [_paid_tier_ends(place.state, terms, at) for place in seated if place.effective.tier in PAID_TIERS]
    return None if None in ends else max((end for end in ends if end), default=None)


def _paid_tier_ends(workspace: WorkspaceState, terms: Terms, at: datetime) -> datetime | None:
    """Goes from one end of a tier to the next, as they are known at `at`, for as long as a paid tier follows."""
    known = WorkspaceState(workspace.id, workspace.created_at, None)
    known.bases = [base._replace(end=None) for base in workspace.bases if live([base], at)]
    known.grants = [
        grant._replace(end=grant.planned_until or grant.end) for grant in workspace.grants if live([grant], at)
    ]
    while effective_tier(known, terms, at).tier in PAID_TIERS:
        ends = [grant.end for grant in known.grants] + [terms.lapses_at]
        later = min((end for end in ends if end is not None and end > at), default=None)
        if later is None:
            return None
        at = later
    return at
