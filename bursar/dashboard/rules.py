"""What is charged next. Pure. Decision 9, DOMAIN 8."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from bursar.plans.rules import (
    MONTHS_OF,
    RANK,
    AccountState,
    Terms,
    is_managed,
    paid_interval,
    standing_periods,
    terms_at,
)
from bursar.plans.states import Status
from bursar.rollup.rules import Settings, break_down


def is_top(tier: str) -> bool:
    return RANK[tier] == max(RANK.values())


class Charge(NamedTuple):
    """What is asked next: EUR excluding VAT for `months` at once, from `at` on. `is_due`: that is past already."""

    at: datetime
    amount: Decimal
    per_month: Decimal
    months: int
    is_due: bool


def next_charge(account: AccountState, settings: Settings, now: datetime) -> Charge | None:
    """As far as it is known today: the price as it will be at the renewal. None: nothing is due, or no day is known."""
    terms = terms_at(account, now)
    at = renewal_of(account, terms, now)
    if at is None:
        return None
    price = break_down(account, settings, max(at, now))
    months = MONTHS_OF[price.cadence]
    return Charge(at, price.total * months, price.total, months, is_due=at <= now)


def renewal_of(account: AccountState, terms: Terms, now: datetime) -> datetime | None:
    """When the running interval ends; only of an account that will be asked to pay again."""
    if is_managed(terms):
        ends = [period.end for period in standing_periods(account, now)]
        ends += [terms.paid_until] if terms.paid_until else []
        last = max(ends, default=None)
        return last if last and last > now else None
    if terms.status != Status.ACTIVE:
        return None
    interval = paid_interval(account, terms, now)
    return interval.end if interval else terms.paid_until
