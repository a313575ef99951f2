"""Ends that the clock brings by itself and that change a tier or a price: what each one changes. Pure. DOMAIN 2."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from bursar.core.calendar import TICK
from bursar.plans.lapses import DiscountLapse, TierStep, list_discount_lapses, list_tier_steps, was_set_since
from bursar.plans.rules import AccountState, Catalogue, calc_price, has_way_of_paying, seat_account


class EndKind(StrEnum):
    """What ends: a timed grant, the plan itself (“keep until”, or what a cancelled subscription paid), a discount, or
    a price that was pinned for a running interval.
    """

    GRANT = "grant"
    PLAN = "plan"
    DISCOUNT = "discount"
    PRICE = "price"


WARNED_BEFORE = {
    EndKind.GRANT: timedelta(days=3),
    EndKind.PLAN: timedelta(days=3),
    EndKind.DISCOUNT: timedelta(days=14),
    EndKind.PRICE: timedelta(days=14),
}


class Foreseen(NamedTuple):
    """What an end changes. `prices`: EUR per month after discount, excluding VAT, before and after; None: not asked."""

    steps: list[TierStep]
    discounts: list[DiscountLapse]
    prices: tuple[Decimal, Decimal] | None


def foresee(kind: EndKind, account: AccountState, catalogue: Catalogue, at: datetime, now: datetime) -> Foreseen | None:
    """Of an end to come, or of one that was. None: nothing changes then, so nobody is told.

    What a person or an import said at or after `at` was told by them, and rules.
    """
    if kind is EndKind.DISCOUNT:
        ended, prices = list_discount_lapses(account, at, now), calc_prices(account, catalogue, at)
        return Foreseen([], ended, prices) if ended and prices[0] != prices[1] else None
    if kind is EndKind.PRICE:
        prices = calc_prices(account, catalogue, at)
        return Foreseen([], [], prices) if _ends_price_alone(account, at, now) and prices[0] != prices[1] else None
    steps = [step for step in list_tier_steps(account, at) if _is_of(kind, step, at)]
    steps = [step for step in steps if not was_set_since(step.workspace, at, now)]
    if not steps:
        return None
    is_asked = has_way_of_paying(account, at - TICK)
    return Foreseen(steps, [], calc_prices(account, catalogue, at) if is_asked else None)


def _ends_price_alone(account: AccountState, at: datetime, now: datetime) -> bool:
    """What a tier or a discount that ends in the same instant changes is told with it, the price included."""
    ended = {pin.tier for pin in account.pins if pin.end == at}
    said = any(at <= pin.start <= now and pin.tier in ended for pin in account.pins)
    others = list_tier_steps(account, at) or list_discount_lapses(account, at, now)
    return bool(ended) and not said and not others


def _is_of(kind: EndKind, step: TierStep, at: datetime) -> bool:
    grant = step.before.grant
    if kind is EndKind.GRANT:
        return grant is not None and grant.end == at == grant.planned_until
    return step.before.base != step.after.base and not any(row.start == at for row in step.workspace.bases)


def calc_prices(account: AccountState, catalogue: Catalogue, at: datetime) -> tuple[Decimal, Decimal]:
    """What the plan costs just before `at`, and from then on: EUR per month after discount, excluding VAT."""
    before, after = (calc_price(seat_account(account, catalogue, instant)).amount for instant in (at - TICK, at))
    return before, after
