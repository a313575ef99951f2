"""Seats of today against those that are paid in the running interval."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.db.models import Max, Q

from bursar.billing.queries import decide
from bursar.billing.seller import seller_day
from bursar.payments.models import Charge, Subscription
from bursar.payments.rules.amounts import Quote
from bursar.payments.rules.intervals import count_days_left
from bursar.payments.rules.seats import quote_added
from bursar.payments.rules.table import INTERVALS
from bursar.payments.states import ChargeKind, ChargeState
from bursar.plans.queries import load_catalogue
from bursar.plans.rules import AccountState, Catalogue, PriceLine, is_managed, list_price_lines, seat_account, terms_at
from bursar.plans.states import Status
from bursar.tenants.models import BillingAccount

WITHIN = (ChargeKind.SEAT, ChargeKind.UPGRADE)
"""Kinds that pay for added seats within an interval."""
IS_INTERVAL = Q(kind__in=[kind.value for kind in INTERVALS], state=ChargeState.PAID)


def list_seats(state: AccountState, catalogue: Catalogue, cadence: str, now: datetime) -> list[PriceLine]:
    """At the prices of the running interval, line by line."""

    def rate_of(tier: str) -> Decimal:
        return catalogue.rate(state, tier, cadence, now)

    return list_price_lines(seat_account(state, catalogue, now, cadence), rate_of)


def quote_seats_of(
    account: BillingAccount, state: AccountState, meant: Subscription, now: datetime, catalogue: Catalogue | None = None
) -> Quote | None:
    """What is asked for seats that are not paid in this interval; None: nothing, or nothing runs that is paid."""
    terms = terms_at(state, now)
    is_running = not is_managed(terms) and terms.status == Status.ACTIVE and meant.end_asked_at is None
    if not is_running or terms.paid_until is None or terms.paid_until <= now:
        return None
    paid = count_paid_seats([account.pk], now).get(account.pk)
    if paid is None:
        return None
    lines = list_seats(state, catalogue or load_catalogue(), terms.cadence, now)
    left = count_days_left(now, terms.paid_until, terms.cadence)
    return quote_added(lines, paid, terms.cadence, left, decide(account.pk, seller_day(now)))


def count_paid_seats(account_ids: Collection[int], now: datetime) -> dict[int, int]:
    """The highest count paid, or asked for, in the interval that runs; without accounts that have none."""
    rows = Charge.objects.filter(IS_INTERVAL, account_id__in=account_ids, interval_from__lte=now)
    running = dict(rows.values_list("account_id").annotate(Max("interval_from")))
    found = dict.fromkeys(running, 0)
    asked = Charge.objects.filter(account_id__in=running).exclude(state=ChargeState.ENDED)
    asked = asked.filter(IS_INTERVAL | Q(kind__in=WITHIN))
    for account_id, kind, begins, seats in asked.values_list("account_id", "kind", "interval_from", "seats"):
        if begins is not None and begins >= running[account_id] and (kind in WITHIN or begins <= now):
            found[account_id] += seats
    return found
