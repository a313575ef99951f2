"""Revenue class, MRR, potential and movement of one account at one instant. Pure. Rules: DOMAIN 4.

`RULE_VERSION` stands beside every number; a changed definition is a new version, never a silent edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from bursar.core.calendar import TICK
from bursar.core.money import ZERO
from bursar.plans.rules import (
    RANK,
    AccountState,
    Catalogue,
    DiscountRow,
    EffectiveTier,
    Period,
    Price,
    PriceLine,
    Seated,
    Tenancy,
    Terms,
    before_zero,
    calc_price,
    count_paid_seats,
    list_price_lines,
    live,
    paid_interval,
    seat_account,
    seat_unit,
    terms_at,
)

RULE_VERSION = 1
RULE_SENTENCE = (
    "MRR counts paying accounts only: the amount per month after discount, without VAT (yearly ÷ 12). Past due counts "
    "for 60 days. Trials, managed accounts without a settled invoice, comped and free accounts, and one-off pilot fees "
    "are not in it. Potential is what managed and trial accounts would add."
)
CLASSES = ("paying", "managed", "trial", "comped", "free")


class Money(NamedTuple):
    """Money runs. `overdue_since`: the renewal that has not arrived, if one has not."""

    overdue_since: datetime | None


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
    """What the rollup shows of an account at `at`. Amounts EUR per month, excluding VAT."""

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
    workspaces: list[WorkspaceFacts]


@dataclass(frozen=True, slots=True)
class Settings:
    """`grace`: how long an unpaid renewal still counts."""

    catalogue: Catalogue
    grace: timedelta = timedelta(days=60)


class Worked(NamedTuple):
    """How the amounts come about. `priced` and `full_priced` are the places as `price` and `full` count them."""

    terms: Terms
    seated: list[Seated]
    people: list[set[int]]
    money: Money | None
    priced: list[Seated]
    price: Price
    full_priced: list[Seated]
    full: Price


def work_out(account: AccountState, settings: Settings, at: datetime) -> Worked:
    terms = terms_at(account, at)
    cadence = terms.cadence or "yearly"
    seated, people = seat_account(account, settings.catalogue, at)
    priced, price = seated, calc_price(seated, people)
    money = calc_money(account, terms, at, settings.grace)
    interval = paid_interval(account, terms, at)
    if money and interval and price.is_paid_tier and price.amount == 0:
        priced = _undiscounted(account, seated, settings, cadence, at, interval=interval)
        price = calc_price(priced, people)
    full_priced, full = priced, price
    if not money and any(place.discount and place.discount.kind == "trial" for place in seated):
        full_priced = _undiscounted(account, seated, settings, cadence, at)
        full = calc_price(full_priced, people)
    return Worked(terms, seated, people, money, priced, price, full_priced, full)


class SeatPlace(NamedTuple):
    """One workspace: how many people sit there in a seat role, and how many of their seats are paid there."""

    workspace_id: int
    tier: str
    sitting: int
    paid: int


class Breakdown(NamedTuple):
    """The amount behind MRR or potential, line by line: EUR per month, excluding VAT."""

    cadence: str
    lines: list[PriceLine]
    total: Decimal
    places: list[SeatPlace]


def break_down(account: AccountState, settings: Settings, at: datetime) -> Breakdown:
    """What the account pays or would pay at `at`, as the figures count it."""
    worked = work_out(account, settings, at)
    klass, _ = classify(worked.terms, worked.money, worked.price, worked.full, worked.seated, at)
    cadence = worked.terms.cadence or "yearly"
    places, price = (worked.full_priced, worked.full) if klass == "trial" else (worked.priced, worked.price)

    def rate_of(tier: str) -> Decimal:
        return settings.catalogue.rate(account, tier, cadence, at)

    paid = count_paid_seats(places, worked.people)
    seats = [
        SeatPlace(place.state.id, place.effective.tier, len(sitting), paid[place.state.id])
        for place, sitting in zip(places, worked.people, strict=True)
    ]
    return Breakdown(cadence, list_price_lines(places, worked.people, rate_of), price.amount, seats)


def evaluate(account: AccountState, settings: Settings, at: datetime) -> AccountFacts:
    """Everything about one account at `at`, from its dated state alone."""
    worked = work_out(account, settings, at)
    terms, seated, people, money = worked.terms, worked.seated, worked.people, worked.money
    price, full = worked.price, worked.full
    account_discount = live(account.discounts, at)
    klass, reason = classify(terms, money, price, full, seated, at)
    is_counted = klass == "paying" and not _is_written_off(money, at, settings.grace)
    ranked = sorted({place.effective.tier for place in seated}, key=RANK.__getitem__, reverse=True)
    manager = live(account.managers, at)
    return AccountFacts(
        id=account.id,
        at=at,
        is_listed=account.created_at <= at and (bool(seated) or money is not None),
        klass=klass,
        reason=reason,
        tier=ranked[0] if ranked else "free",
        tiers=ranked,
        mode=terms.mode,
        status="past_due" if money and money.overdue_since else terms.status,
        cadence=terms.cadence,
        overdue_since=money.overdue_since if money else None,
        discount=account_discount,
        seats=price.seats,
        mrr=price.amount if is_counted else ZERO,
        potential={"managed": price.amount, "trial": full.amount}.get(klass, ZERO),
        manager_id=manager.staff_id if manager else None,
        next_change_at=min(changes_after(account, settings, at), default=None),
        workspaces=[
            _workspace_facts(place, sitting, settings, at) for place, sitting in zip(seated, people, strict=True)
        ],
    )


def _undiscounted(
    account: AccountState,
    seated: list[Seated],
    settings: Settings,
    cadence: str,
    at: datetime,
    *,
    interval: Tenancy | None = None,
) -> list[Seated]:
    """The same places priced without a zero set inside `interval`; without one, without trial discounts."""

    def keep(rows: list[DiscountRow]) -> DiscountRow | None:
        if interval is not None:
            return before_zero(rows, at, interval)
        row = live(rows, at)
        return row if row and row.kind != "trial" else None

    shared = keep(account.discounts)
    priced = []
    for place in seated:
        own = keep(place.state.discounts)
        rate = settings.catalogue.rate(account, place.effective.tier, cadence, at)
        priced.append(place._replace(unit=seat_unit(rate, own or shared)))
    return priced


def calc_money(account: AccountState, terms: Terms, at: datetime, grace: timedelta) -> Money | None:
    """Money runs, or None. Mollie: by status. Managed: a settled, uncredited invoice, up to `grace` past its end;
    or what was paid by Mollie before runs on.
    """
    if terms.mode == "managed":
        is_paid_on = terms.paid_until is not None and at < terms.paid_until
        return Money(None) if is_paid_on else _managed_money(account.periods, at, grace)
    if terms.status == "active":
        return Money(None)
    if terms.status == "past_due":
        return Money(terms.past_due_since or terms.start)
    if terms.status == "cancelled" and terms.paid_until is not None and at < terms.paid_until:
        return Money(None)
    return None


def _managed_money(periods: list[Period], at: datetime, grace: timedelta) -> Money | None:
    ends = [
        period.end
        for period in periods
        if period.source == "managed"
        and period.booked_at <= at
        and (period.credited_at is None or at < period.credited_at)
        and period.start <= at <= period.end + grace
    ]
    if not ends:
        return None
    return Money(None if max(ends) > at else max(ends))


def _is_written_off(money: Money | None, at: datetime, grace: timedelta) -> bool:
    """After 60 days past due the amount leaves MRR as churn, while tier and features stay."""
    return money is not None and money.overdue_since is not None and at - money.overdue_since > grace


def classify(
    terms: Terms, money: Money | None, price: Price, full: Price, seated: list[Seated], at: datetime
) -> tuple[str, dict[str, Any]]:
    """The revenue class and its reason: a code with what the sentence needs. First match wins."""
    if money:
        return "paying", _why_paying(terms, money)
    trial = max(
        (p.effective.grant for p in seated if p.effective.grant and p.effective.grant.kind == "reverse_trial"),
        key=lambda grant: grant.end or grant.start,
        default=None,
    )
    if trial:
        return "trial", {"code": "reverse_trial", "until": _iso(trial.end)}
    is_zero = price.is_paid_tier and price.amount == 0
    if is_zero and full.amount > 0:
        return "trial", {"code": "trial_discount", "until": _iso(_trial_end(seated))}
    if terms.mode == "managed" and not is_zero:
        return "managed", {"code": "no_settled_invoice"}
    if price.is_paid_tier:
        return "comped", _why_comped(terms, seated, is_zero)
    return "free", {"code": "free"}


def _why_paying(terms: Terms, money: Money) -> dict[str, Any]:
    if money.overdue_since:
        code = "renewal_unpaid" if terms.mode == "managed" else "past_due"
        return {"code": code, "since": _iso(money.overdue_since)}
    if terms.status == "cancelled":
        return {"code": "cancelled", "until": _iso(terms.paid_until)}
    return {"code": "invoice_settled" if terms.mode == "managed" else "subscription"}


def _why_comped(terms: Terms, seated: list[Seated], is_zero: bool) -> dict[str, Any]:
    if is_zero:
        discount = next((p.discount for p in seated if p.discount and p.discount.percent == 100), None)
        return {"code": "discount", "kind": discount.kind if discount else ""}
    ends = [p.effective.grant.end for p in seated if p.effective.grant and p.effective.grant.end]
    until = terms.lapses_at or max(ends, default=None)
    return {"code": "no_way_of_paying", "until": _iso(until)}


def _trial_end(seated: list[Seated]) -> datetime | None:
    ends = (p.discount.known_end for p in seated if p.discount and p.discount.kind == "trial")
    return max((end for end in ends if end), default=None)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _workspace_facts(place: Seated, sitting: set[int], settings: Settings, at: datetime) -> WorkspaceFacts:
    present = [m for m in place.state.members if not m.is_support and m.start <= at and (m.end is None or at < m.end)]
    cap = settings.catalogue.at(place.effective.tier, at).cap_hours
    return WorkspaceFacts(
        id=place.state.id,
        effective=place.effective,
        discount=place.discount,
        seats=len(sitting),
        externals=sum(m.role == "external" for m in present),
        observers=sum(m.role == "observer" for m in present),
        cap_seconds=int(cap * 3600) if cap is not None else None,
    )


def changes_after(account: AccountState, settings: Settings, at: datetime) -> Iterator[datetime]:
    """Instants after `at` at which the clock alone may change the facts. A few too many do no harm."""
    yield from settings.catalogue.changes_after(at)
    for instant in _instants(account, settings.grace):
        if instant is not None and instant > at:
            yield instant


def _instants(account: AccountState, grace: timedelta) -> Iterator[datetime | None]:
    for terms in account.terms:
        yield from (terms.start, terms.end, terms.paid_until, terms.lapses_at)
        if terms.past_due_since:
            yield terms.past_due_since + grace + TICK
    for period in account.periods:
        yield from (period.start, period.end, period.end + grace + TICK, period.booked_at, period.credited_at)
    yield from _edges(account.discounts)
    yield from _edges(account.pins)
    yield from _edges(account.managers)
    for workspace in account.workspaces:
        yield from (workspace.created_at, workspace.deleted_at)
        for rows in (workspace.tenancies, workspace.bases, workspace.grants, workspace.discounts, workspace.members):
            yield from _edges(rows)


def _edges(rows: Any) -> Iterator[datetime | None]:
    for row in rows:
        yield row.start
        yield row.end


def calc_movement(previous: Decimal, present: Decimal, was_ever_positive: bool) -> str:
    """Between two month ends, one per account: new, expansion, contraction, churn, reactivation; empty for none."""
    if previous == present:
        return ""
    if previous == 0:
        return "reactivation" if was_ever_positive else "new"
    if present == 0:
        return "churn"
    return "expansion" if present > previous else "contraction"
