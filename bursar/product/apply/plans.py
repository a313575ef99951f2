"""Lines about tiers, terms, prices, what was paid, and who looks after an account."""

from __future__ import annotations

from datetime import datetime

from bursar.core.dated import Point
from bursar.plans import store
from bursar.plans.models import PaidPeriod, TierGrant
from bursar.plans.rules import RANK
from bursar.product.apply.batch import Records, takes
from bursar.product.lookup import Lookup
from bursar.tenants.store import Written

TERMS = ("mode", "status", "cadence", "paid_until", "past_due_since", "lapses_at")


@takes("tier")
def take_tiers(records: Records, lookup: Lookup, now: datetime) -> Written:
    return store.tiers.take_history(
        Point((lookup.workspaces[r.workspace],), r.start, r.until, {"tier": r.tier}) for r in records
    )


@takes("grant")
def take_grants(records: Records, lookup: Lookup, now: datetime) -> Written:
    return store.tiers.take_history_of_grants(
        [
            TierGrant(
                workspace_id=lookup.workspaces[r.workspace], tier=r.tier, kind=r.type, valid_from=r.start,
                valid_until=r.until, planned_until=r.until, granted_by_id=lookup.staff.get(r.granted_by),
            )
            for r in records
        ]
    )  # fmt: skip


@takes("payment")
def take_payments(records: Records, lookup: Lookup, now: datetime) -> Written:
    return store.terms.take_history(
        Point((lookup.account(r.account),), r.start, r.until, {name: getattr(r, name) for name in TERMS})
        for r in records
    )


@takes("discount")
def take_discounts(records: Records, lookup: Lookup, now: datetime) -> Written:
    points = []
    for r in records:
        account = lookup.account(r.account) if r.account else None
        workspace = lookup.workspaces[r.workspace] if r.workspace else None
        values = {"kind": r.type, "percent": r.percent, "end_date": r.end_date}
        points.append(Point((account, workspace), r.start, r.until, values))
    return store.discounts.take_history(points)


@takes("price")
def take_prices(records: Records, lookup: Lookup, now: datetime) -> Written:
    points = []
    for r in records:
        values = {"tier": r.tier, "cadence": r.cadence, "rate": r.rate}
        points.append(Point((lookup.account(r.account), RANK[r.tier]), r.start, r.until, values))
    return store.prices.take_history(points)


@takes("paid")
def take_paid(records: Records, lookup: Lookup, now: datetime) -> Written:
    return store.periods.take_history(
        [
            PaidPeriod(
                external_id=r.external_id, account_id=lookup.account(r.account), source=r.source, service_from=r.start,
                service_until=r.until, net=r.net, gross=r.gross, booked_at=r.booked_at, credited_at=r.credited_at,
            )
            for r in records
        ]
    )  # fmt: skip


@takes("manager")
def take_managers(records: Records, lookup: Lookup, now: datetime) -> Written:
    return store.managers.take_history(
        Point((lookup.account(r.account),), r.start, r.until, {"staff_id": lookup.staff[r.staff.lower()]})
        for r in records
    )
