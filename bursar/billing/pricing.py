"""What rows of To issue would ask for, EUR without VAT: of many accounts in as many statements as of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from bursar.billing import proposing
from bursar.billing.queries.to_issue import list_asked
from bursar.billing.rules.to_issue import AskedPeriod, Why
from bursar.billing.seller import seller_day
from bursar.billing.to_issue import ToIssue
from bursar.core.money import ZERO
from bursar.plans.models import Cadence
from bursar.plans.queries import load_accounts, load_catalogue
from bursar.plans.rules import MONTHS_OF, AccountState, Catalogue, terms_at


def list_nets(rows: Sequence[ToIssue], now: datetime) -> dict[tuple[int, Why], Decimal]:
    """By account and why; what the system could not issue is left out."""
    ids = {row.account_id for row in rows if row.why is not Why.FAILED}
    if not ids:
        return {}
    asked, states, catalogue = list_asked(ids), load_accounts(ids), load_catalogue()
    pilot = proposing.get_pilot_price(now)
    found = {}
    for row in rows:
        if row.why is not Why.FAILED:
            state, periods = states[row.account_id], asked.get(row.account_id, [])
            net = pilot if row.why is Why.PILOT else _calc(row.why, state, periods, catalogue, now)
            found[row.account_id, row.why] = net
    return found


def _calc(
    why: Why, state: AccountState, periods: Sequence[AskedPeriod], catalogue: Catalogue, now: datetime
) -> Decimal:
    if why is not Why.SEATS:
        cadence = terms_at(state, now).cadence or Cadence.YEARLY.value
        first_day = proposing.propose_first_day(state, periods, now)
        lines = proposing.list_plan_lines(state, cadence, first_day, catalogue)
        return sum((line.amount for line in lines), ZERO) * MONTHS_OF[cadence]
    today = seller_day(now)
    period = next(one for one in periods if one.holds(today))
    return sum((part.net for part in proposing.list_added(state, period, today, now, catalogue)), ZERO)
