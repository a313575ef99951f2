"""Plans that are to be invoiced, by the facts of the open month: one statement, whatever there is.

Whether is `billing.rules.to_issue`; what stands here narrows down what it is asked about.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from bursar.billing.queries.to_issue import SERVICE_ENDS, count_paid_seats, list_asked, list_pilots_asked
from bursar.billing.rules.to_issue import AskedPeriod, Due, Standing, Why, list_due, say_due
from bursar.billing.seller import seller_day
from bursar.billing.to_issue import SOURCES, ToIssue, get_ahead
from bursar.core.calendar import Month
from bursar.plans.models import Tier
from bursar.plans.queries import load_accounts, load_catalogue
from bursar.plans.rules import PAID_TIERS
from bursar.rollup.states import Klass

_CANDIDATES = f"""
SELECT a.account_id, a.klass, a.mrr + a.potential > 0, a.tiers, a.seats, ends.last_day, terms.since
FROM rollup_accountmonth a
CROSS JOIN LATERAL ({SERVICE_ENDS.format(account="a.account_id")}) ends(last_day)
LEFT JOIN LATERAL (
  SELECT (t.valid_from AT TIME ZONE 'UTC')::date AS since FROM plans_paymentterms t
  WHERE t.account_id = a.account_id AND t.valid_from <= %(now)s AND (t.valid_until IS NULL OR t.valid_until > %(now)s)
) terms ON true
WHERE a.month = %(month)s AND a.is_listed AND a.mode = 'managed' AND a.fault = ''
  AND (a.mrr + a.potential > 0 OR a.tier = %(pilot)s)
  AND (ends.last_day IS NULL OR ends.last_day <= %(limit)s OR EXISTS (
    SELECT 1 FROM billing_invoice i WHERE i.account_id = a.account_id AND i.service_from <= %(today)s
    AND i.service_until >= %(today)s AND i.credited < i.gross AND a.seats > i.seats + (
      SELECT COALESCE(SUM(x.seats), 0) FROM billing_invoice x WHERE x.adds_to_id = i.id AND x.credited < x.gross)))
"""
"""Those that may have something to be issued, and few others."""
VERBS = {Why.SEATS: "invoice_extra_seats"}


class _Row(NamedTuple):
    account_id: int
    klass: str
    costs: bool
    tiers: list[str]
    seats: int
    last_day: Any
    since: Any


def find(now: datetime) -> list[ToIssue]:
    """The plan's next service period, its first, a pilot, and seats that came later."""
    today = seller_day(now)
    values: dict[str, Any] = {
        "now": now, "month": Month.of(now).first, "pilot": Tier.PILOT.value, "today": today,
        "limit": today + timedelta(days=get_ahead()),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, values)
        rows = [_Row(*row) for row in cursor.fetchall()]
    asked = list_asked([row.account_id for row in rows])
    pilots = list_pilots_asked([row.account_id for row in rows if Tier.PILOT in row.tiers])
    seats = _count_mixed([row for row in rows if set(row.tiers) - PAID_TIERS], now)
    found = []
    for row in rows:
        period = next((one for one in asked.get(row.account_id, ()) if one.holds(today)), None)
        standing = _read(row, period, seats.get(row.account_id, row.seats), row.account_id in pilots)
        found += [_say(row.account_id, due, standing, now) for due in list_due(standing, today, get_ahead())]
    return found


def _count_mixed(rows: list[_Row], now: datetime) -> dict[int, int]:
    """Paid seats where some workspaces cost nothing: the facts count everybody's seat."""
    if not rows:
        return {}
    catalogue, states = load_catalogue(), load_accounts([row.account_id for row in rows])
    return {pk: count_paid_seats(state, catalogue, now) for pk, state in states.items()}


def _read(row: _Row, period: AskedPeriod | None, seats: int, is_pilot_asked: bool) -> Standing:
    return Standing(
        is_managed=True, is_on_trial=row.klass == Klass.TRIAL, costs=row.costs, is_pilot=Tier.PILOT in row.tiers,
        seats=seats, last_day=row.last_day, period=period, is_pilot_asked=is_pilot_asked, managed_since=row.since,
    )  # fmt: skip


def _say(account_id: int, due: Due, standing: Standing, now: datetime) -> ToIssue:
    verb = VERBS.get(due.why, "issue_invoice")
    return ToIssue(account_id, due.why, say_due(due, standing, seller_day(now)), due.since, verb)


SOURCES.add("plans", find)
