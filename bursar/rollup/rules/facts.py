"""The facts of one account at one instant, and what moved between two month ends. Pure. DOMAIN 4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bursar.core.calendar import TICK, Month
from bursar.core.money import ZERO
from bursar.plans.rules import RANK, AccountState, DiscountRow, EffectiveTier, Seated, live
from bursar.plans.states import Status
from bursar.rollup.rules import amounts
from bursar.rollup.rules.amounts import Settings, classify
from bursar.rollup.rules.running import Running
from bursar.rollup.states import HOPED_FOR, Klass


@dataclass(slots=True)
class WorkspaceFacts:
    id: int
    effective: EffectiveTier
    discount: DiscountRow | None
    seats: int
    externals: int
    observers: int
    cap_seconds: int | None


@dataclass(slots=True)
class AccountFacts:
    """What the rollup shows of an account at `at`. Amounts EUR per month, excluding VAT.

    `rule_change`: what another version of the rules than the month before made of the MRR at that month's end.
    """

    id: int
    at: datetime
    is_listed: bool
    klass: str
    reason: dict[str, Any]
    tier: str
    tiers: list[str]
    mode: str
    status: str
    cadence: str
    overdue_since: datetime | None
    discount: DiscountRow | None
    seats: int
    mrr: Decimal
    potential: Decimal
    manager_id: int | None
    next_change_at: datetime | None
    rule_version: int
    rule_change: Decimal
    workspaces: list[WorkspaceFacts]


def evaluate(account: AccountState, settings: Settings, at: datetime, version: int | None = None) -> AccountFacts:
    """Everything about one account at `at`, from its dated state alone.

    By the version of the rules of the month that `at` lies in; or by another one, and then without `rule_change`.
    """
    rules = settings.rules_of(at, version)
    worked = amounts.work_out(account, settings, at, rules)
    terms, seated, running = worked.terms, worked.present.seated, worked.running
    klass, reason = classify(worked, rules, at)
    is_counted = klass == Klass.PAYING and not _is_written_off(running, at, settings.grace)
    hoped = worked.full if klass in rules.in_full else worked.counted
    ranked = sorted({place.effective.tier for place in seated}, key=RANK.__getitem__, reverse=True)
    manager = live(account.managers, at)
    return AccountFacts(
        id=account.id,
        at=at,
        is_listed=account.created_at <= at and (bool(seated) or running is not None),
        klass=klass,
        reason=reason,
        tier=ranked[0] if ranked else "free",
        tiers=ranked,
        mode=terms.mode,
        status=Status.PAST_DUE.value if running and running.overdue_since else terms.status,
        cadence=terms.cadence,
        overdue_since=running.overdue_since if running else None,
        discount=live(account.discounts, at),
        seats=worked.present.price.seats,
        mrr=worked.counted.price.amount if is_counted else ZERO,
        potential=hoped.price.amount if klass in HOPED_FOR else ZERO,
        manager_id=manager.staff_id if manager else None,
        next_change_at=min(changes_after(account, settings, at), default=None),
        rule_version=rules.version,
        rule_change=calc_rule_change(account, settings, Month.of(at)) if version is None else ZERO,
        workspaces=[_workspace_facts(place, settings, at) for place in seated],
    )


def calc_rule_change(account: AccountState, settings: Settings, month: Month) -> Decimal:
    """What the MRR at the end of the month before is by this month's rules, less what it is by those of its own."""
    before = month.previous()
    own, new = settings.version_of(before), settings.version_of(month)
    if own == new or account.created_at > before.last_instant:
        return ZERO
    amounts = [evaluate(account, settings, before.last_instant, version).mrr for version in (own, new)]
    return amounts[1] - amounts[0]


def _is_written_off(running: Running | None, at: datetime, grace: timedelta) -> bool:
    """After 60 days past due the amount leaves MRR as churn, while tier and features stay."""
    return running is not None and running.overdue_since is not None and at - running.overdue_since > grace


def _workspace_facts(place: Seated, settings: Settings, at: datetime) -> WorkspaceFacts:
    members = place.state.members
    present = [m.role for m in members if not m.is_support and m.start <= at and (m.end is None or at < m.end)]
    cap = settings.catalogue.at(place.effective.tier, at).cap_hours
    return WorkspaceFacts(
        id=place.state.id,
        effective=place.effective,
        discount=place.discount,
        seats=len(place.people),
        externals=present.count("external"),
        observers=present.count("observer"),
        cap_seconds=int(cap * 3600) if cap is not None else None,
    )


def changes_after(account: AccountState, settings: Settings, at: datetime) -> Iterator[datetime]:
    """Instants after `at` at which the clock alone may change the facts. A few too many do no harm."""
    yield from settings.catalogue.changes_after(at)
    for instant in _instants(account, settings.grace):
        if instant is not None and instant > at:
            yield instant


def _instants(account: AccountState, grace: timedelta) -> list[datetime | None]:
    found: list[datetime | None] = []
    for terms in account.terms:
        found += (terms.start, terms.end, terms.paid_until, terms.lapses_at)
        if terms.past_due_since:
            found.append(terms.past_due_since + grace + TICK)
    for period in account.periods:
        found += (period.start, period.end, period.end + grace + TICK, period.booked_at, period.credited_at)
    dated: list[Any] = [account.discounts, account.pins, account.managers]
    for workspace in account.workspaces:
        found += (workspace.created_at, workspace.deleted_at)
        dated += (workspace.tenancies, workspace.bases, workspace.grants, workspace.discounts, workspace.members)
    found += [row.start for rows in dated for row in rows]
    found += [row.end for rows in dated for row in rows]
    return found


def calc_movement(previous: Decimal, present: Decimal, was_ever_positive: bool, *, was_handed_off: bool = False) -> str:
    """Between two month ends, one per account: new, expansion, contraction, churn, reactivation; empty for none.

    `previous`: by the rules of the month that ends, so that another version of them is no movement. `was_handed_off`: a
    workspace of it went to another payer, so that nobody was lost (DOMAIN 9).
    """
    if previous == present:
        return ""
    if previous == 0:
        return "reactivation" if was_ever_positive else "new"
    if present == 0 and not was_handed_off:
        return "churn"
    return "expansion" if present > previous else "contraction"
