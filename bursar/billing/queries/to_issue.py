"""What invoices ask for of plans: service periods, seats, pilots. Of many accounts in as many statements as of one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from bursar.billing.models import Draft, Invoice
from bursar.billing.rules.to_issue import AskedPeriod, Standing
from bursar.billing.seller import seller_day
from bursar.core.money import ZERO
from bursar.plans.added import count_seats
from bursar.plans.models import Tier
from bursar.plans.rules import (
    INVOICES,
    AccountState,
    Catalogue,
    calc_price,
    is_managed,
    list_price_lines,
    seat_account,
    terms_at,
)
from bursar.plans.trials import TRIAL_KIND

ASKS = Q(credited__lt=F("gross"))
"""Not credited in full."""
SERVICE_ENDS = """
SELECT GREATEST(
  (SELECT i.service_until FROM billing_invoice i
   WHERE i.account_id = {account} AND i.service_until IS NOT NULL AND i.credited < i.gross
   ORDER BY i.service_until DESC LIMIT 1),
  (SELECT MAX((p.service_until AT TIME ZONE 'UTC')::date - 1) FROM plans_paidperiod p
   WHERE p.account_id = {account} AND p.source = 'managed' AND p.credited_at IS NULL))
"""
"""SQL: the last day of service that is asked for or was paid by invoice, of `account`. Rooms above put it in theirs."""


def list_asked(account_ids: Collection[int]) -> dict[int, list[AskedPeriod]]:
    """By account, those that ask for nothing left out."""
    added = Coalesce(Sum("additions__seats", filter=Q(additions__credited__lt=F("additions__gross"))), 0)
    rows = Invoice.objects.filter(ASKS, account_id__in=account_ids, service_until__isnull=False)
    values = rows.annotate(all_seats=F("seats") + added).order_by("service_from", "pk")
    found: dict[int, list[AskedPeriod]] = {}
    columns = ("account_id", "pk", "number", "service_from", "service_until", "all_seats")
    for account_id, pk, number, first, last, seats in values.values_list(*columns):
        found.setdefault(account_id, []).append(AskedPeriod(pk, number, first, last, seats))
    return found


def list_pilots_asked(account_ids: Collection[int]) -> set[int]:
    """Accounts whose pilot is invoiced."""
    rows = Invoice.objects.filter(ASKS, account_id__in=account_ids, says__items__contains=[{"kind": "pilot"}])
    return set(rows.values_list("account_id", flat=True))


def find_last_day(state: AccountState, asked: Collection[AskedPeriod], now: datetime) -> date | None:
    """As `SERVICE_ENDS`, from what is loaded."""
    paid = [one for one in state.periods if one.source in INVOICES and one.credited_at is None and one.booked_at <= now]
    days = [period.last for period in asked]
    return max([*days, *(one.end.date() - timedelta(days=1) for one in paid)], default=None)


def read_standing(
    state: AccountState, asked: Collection[AskedPeriod], is_pilot_asked: bool, now: datetime, catalogue: Catalogue
) -> Standing:
    """Of one account, as it stands now."""
    terms, today = terms_at(state, now), seller_day(now)
    seated = seat_account(state, catalogue, now)
    return Standing(
        is_managed=is_managed(terms),
        is_on_trial=any(one.effective.grant and one.effective.grant.kind == TRIAL_KIND for one in seated),
        costs=calc_price(seated).amount > ZERO,
        is_pilot=any(one.effective.tier == Tier.PILOT for one in seated),
        seats=count_paid_seats(state, catalogue, now),
        last_day=find_last_day(state, asked, now),
        period=next((period for period in asked if period.holds(today)), None),
        is_pilot_asked=is_pilot_asked,
        managed_since=terms.start.date() if is_managed(terms) else None,
    )


def count_paid_seats(state: AccountState, catalogue: Catalogue, now: datetime) -> int:
    """As people sit now."""
    seated, cadence = seat_account(state, catalogue, now), terms_at(state, now).cadence or "yearly"
    priced = list_price_lines(seated, lambda tier: catalogue.rate(state, tier, cadence, now))
    return count_seats(line for line in priced if line.rate)


def list_drafts_of(account_ids: Collection[int]) -> dict[int, list[Draft]]:
    """Those that wait, by account, the newest first."""
    found: dict[int, list[Draft]] = {}
    rows = Draft.objects.filter(account_id__in=account_ids, invoice=None).order_by("-changed_at", "-pk")
    for row in rows:
        found.setdefault(row.account_id, []).append(row)
    return found
