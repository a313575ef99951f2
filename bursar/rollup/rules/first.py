"""What version 1 of the rules did otherwise. Months that were closed under it are worked out by it still. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from bursar.plans.rules import PAID_TIERS, RANK, AccountState, Period, Price, Seated, Terms, is_managed
from bursar.plans.states import Source, Status
from bursar.rollup.rules.running import Running, iso

SENTENCE = (
    "MRR counts paying accounts only: the amount per month after discount, without VAT (yearly ÷ 12). Past due counts "
    "for 60 days. Trials, managed accounts without a settled invoice, comped and free accounts, and one-off pilot fees "
    "are not in it. Potential is what managed and trial accounts would add."
)


def highest_paid(seated: list[Seated]) -> Seated | None:
    """An account paid one seat at least at its highest paid tier, whatever its discount; of equals at the oldest."""
    paid = [place for place in seated if place.effective.tier in PAID_TIERS]
    return max(paid, key=lambda place: RANK[place.effective.tier], default=None)


def calc_running(account: AccountState, terms: Terms, price: Price, at: datetime, grace: timedelta) -> Running | None:
    """Self-serve by the subscription's status alone, whatever its price; managed by invoices of managed mode."""
    paid_on = terms.paid_until is not None and at < terms.paid_until
    if is_managed(terms):
        settled = Running(None, {"code": "invoice_settled"})
        return settled if paid_on else _by_invoice(account.periods, at, grace)
    if terms.status == Status.ACTIVE:
        return Running(None, {"code": "subscription"})
    if terms.status == Status.PAST_DUE:
        since = terms.past_due_since or terms.start
        return Running(since, {"code": "past_due", "since": iso(since)})
    if terms.status == Status.CANCELLED and paid_on:
        return Running(None, {"code": "cancelled", "until": iso(terms.paid_until)})
    return None


def _by_invoice(periods: list[Period], at: datetime, grace: timedelta) -> Running | None:
    ends = [
        period.end
        for period in periods
        if period.source == Source.MANAGED
        and period.booked_at <= at
        and (period.credited_at is None or at < period.credited_at)
        and period.start <= at <= period.end + grace
    ]
    if not ends:
        return None
    if max(ends) > at:
        return Running(None, {"code": "invoice_settled"})
    return Running(max(ends), {"code": "renewal_unpaid", "since": iso(max(ends))})


def kept_until(terms: Terms, seated: list[Seated], at: datetime) -> datetime | None:
    ends = [place.effective.grant.end for place in seated if place.effective.grant and place.effective.grant.end]
    return terms.lapses_at or max(ends, default=None)
