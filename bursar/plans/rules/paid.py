"""What is paid for, and whether an account has a way of paying."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime

from bursar.core.calendar import add_months_at
from bursar.plans.rules.account import AccountState, DiscountRow, Interval, Period, Terms, live, terms_at
from bursar.plans.states import Mode, Source, Status

MONTHS_OF = {"yearly": 12, "monthly": 1}
INVOICES = frozenset({Source.MANAGED})
SOURCES = frozenset(Source)


def standing_periods(account: AccountState, at: datetime) -> list[Period]:
    """What is settled and uncredited at `at`, past and future, but for what was ended at once."""
    cut = max((row.start for row in account.terms if row.ends_paid and row.start <= at), default=None)
    return [
        period
        for period in account.periods
        if period.booked_at <= at
        and (period.credited_at is None or at < period.credited_at)
        and (cut is None or (period.booked_at > cut and period.start >= cut))
    ]


def list_paid(account: AccountState, terms: Terms, at: datetime, sources: Container[str] = SOURCES) -> list[Interval]:
    """What is paid for, as known at `at`: by the standing periods, then up to `paid_until`."""
    periods = [period for period in standing_periods(account, at) if period.source in sources]
    found = [Interval(period.start, period.end) for period in periods]
    if terms.paid_until is not None:
        start = add_months_at(terms.paid_until, -MONTHS_OF[terms.cadence or "yearly"])
        found.append(Interval(min(start, at), terms.paid_until))
    return found


def paid_interval(account: AccountState, terms: Terms, at: datetime) -> Interval | None:
    """The interval already paid for that contains `at`."""
    return next((interval for interval in list_paid(account, terms, at) if interval.holds(at)), None)


def paid_run(account: AccountState, terms: Terms, at: datetime) -> Interval | None:
    """The paid time around `at` that needs no subscription: by invoices and `paid_until`; intervals that touch are one.

    What Mollie took for a period says nothing here: the subscription's status and `paid_until` do.
    """
    runs: list[Interval] = []
    for interval in sorted(list_paid(account, terms, at, INVOICES)):
        if runs and interval.start <= runs[-1].end:
            runs[-1] = Interval(runs[-1].start, max(runs[-1].end, interval.end))
        else:
            runs.append(interval)
    return next((run for run in runs if run.holds(at)), None)


def is_managed(terms: Terms) -> bool:
    return terms.mode == Mode.MANAGED


def is_charging(terms: Terms) -> bool:
    """Whether a Mollie subscription is live: it takes money, tries to, or is about to take the first."""
    return not is_managed(terms) and terms.status in (Status.ACTIVE, Status.PAST_DUE, Status.PENDING)


def renews(terms: Terms) -> bool:
    """Whether the account will be asked to pay again."""
    return is_managed(terms) or terms.status in (Status.ACTIVE, Status.PAST_DUE)


def frozen_since(account: AccountState, terms: Terms, at: datetime) -> datetime | None:
    """When the account was cancelled, or set back to self-serve, inside paid time that runs on at `at`; else None."""
    run = None if renews(terms) else paid_run(account, terms, at)
    if run is None:
        return None
    stop = max((row.end for row in account.terms if renews(row) and row.end and row.end <= at), default=None)
    if stop is None:
        stop = min(
            (row.start for row in account.terms if row.status == Status.CANCELLED and row.start <= at), default=None
        )
    paid_on = terms.paid_until is not None and at < terms.paid_until
    return stop if stop is not None and (run.start <= stop or paid_on) else None


def cadence_at(account: AccountState, at: datetime) -> str:
    """How the account is billed at `at`, or was until it stopped; yearly where nothing says so."""
    said = [row.cadence for row in account.terms if row.start <= at and row.cadence]
    return terms_at(account, at).cadence or (said[-1] if said else "yearly")


def before_zero(discounts: list[DiscountRow], at: datetime, interval: Interval) -> DiscountRow | None:
    """The discount in force, leaving out a 100 % one that was set inside the paid interval (DOMAIN 4, class 1)."""
    row = live(discounts, at)
    while row is not None and row.percent == 100 and row.start > interval.start:
        start = row.start
        earlier = [r for r in discounts if r.start < start and (r.end is None or r.end >= start)]
        row = max(earlier, key=lambda r: r.start, default=None)
    return row


def has_way_of_paying(account: AccountState, at: datetime) -> bool:
    """Managed, by a subscription, or because what was paid before it was cancelled or set back runs on."""
    terms = terms_at(account, at)
    return renews(terms) or is_charging(terms) or frozen_since(account, terms, at) is not None
