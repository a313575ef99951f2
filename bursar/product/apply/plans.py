"""Lines about tiers, terms, prices, what was paid, and who looks after an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from bursar.core.dated import Point
from bursar.core.days import say_day
from bursar.payments.queries.ruled import list_ruled
from bursar.plans import store
from bursar.plans.models import PaidPeriod, PeriodSource, TierGrant
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


def split_ruled(
    records: Records, lookup: Lookup, is_mollies: Callable[[Any], bool] = lambda record: True
) -> tuple[list[int], dict[int, str]]:
    """Places that may be taken, and those that are refused: from its first checkout on, Mollie says how it pays."""
    since = list_ruled({lookup.account(r.account) for r in records if is_mollies(r)})
    accounts = [lookup.account(r.account) if is_mollies(r) else None for r in records]
    refused = {
        place: f"Mollie says how this account pays, since {say_day(since[pk])}: leave this line out."
        for place, pk in enumerate(accounts)
        if pk in since
    }
    return [place for place in range(len(records)) if place not in refused], refused


@takes("payment")
def take_payments(records: Records, lookup: Lookup, now: datetime) -> Written:
    places, refused = split_ruled(records, lookup)
    written = store.terms.take_history(
        Point((lookup.account(r.account),), r.start, r.until, {name: getattr(r, name) for name in TERMS})
        for r in (records[place] for place in places)
    )
    return replace(written, refused=refused | {places[at]: why for at, why in written.refused.items()})


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
    """What was paid by invoice is a file's to tell, whoever says how the account pays now."""
    places, refused = split_ruled(records, lookup, lambda r: r.source == PeriodSource.MOLLIE)
    written = store.periods.take_history(
        [
            PaidPeriod(
                external_id=r.external_id, account_id=lookup.account(r.account), source=r.source, service_from=r.start,
                service_until=r.until, net=r.net, gross=r.gross, booked_at=r.booked_at, credited_at=r.credited_at,
            )
            for r in (records[place] for place in places)
        ]
    )  # fmt: skip
    return replace(written, refused=refused | {places[at]: why for at, why in written.refused.items()})


@takes("manager")
def take_managers(records: Records, lookup: Lookup, now: datetime) -> Written:
    return store.managers.take_history(
        Point((lookup.account(r.account),), r.start, r.until, {"staff_id": lookup.staff[r.staff.lower()]})
        for r in records
    )
