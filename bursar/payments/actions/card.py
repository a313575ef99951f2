"""The next charge, as a dialog's card says it."""

from __future__ import annotations

import structlog
from django.db import DatabaseError

from bursar.actions.cards import Fact, Reading, Seen, fact
from bursar.actions.guard import fact_tables
from bursar.billing.models import BillingDetails
from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.payments.actions.following import quote_next
from bursar.payments.actions.planning import is_going_on
from bursar.payments.models import Charge, Subscription
from bursar.payments.queries.basics import get_meant, get_planned
from bursar.plans.actions.shared import state_after, state_of_account
from bursar.plans.queries import load_account
from bursar.plans.rules import AccountState, terms_at
from bursar.tenants.models import BillingAccount, Workspace

log = structlog.get_logger()


def _rests_on() -> frozenset[str]:
    return fact_tables() | {model._meta.db_table for model in (Subscription, Charge, BillingDetails)}


def _read(reading: Reading) -> Seen | None:
    """EUR with VAT, and the day; None where Mollie charges nothing. Of one account only."""
    if len(reading.account_ids) != 1:
        return None
    (account_id,) = reading.account_ids
    meant = get_meant(account_id)
    if meant is None or not is_going_on(meant):
        return None
    assert meant.account is not None
    try:
        state = _state(reading, account_id)
        gross = quote_next(meant.account, state, meant, reading.case.now).gross
    except DatabaseError:
        raise
    except Exception:
        log.exception("next_charge_not_computed", account=account_id)
        return Seen("cannot be computed", None)
    if gross <= 0:
        return Seen("none: it costs nothing then", gross)
    planned, until = get_planned(account_id), terms_at(state, reading.case.now).paid_until
    day = planned.due_on if planned else until.date() if until else None
    return Seen(f"{euros(gross)}{f' on {say_day(day)}' if day else ''}", (gross, day))


def _state(reading: Reading, account_id: int) -> AccountState:
    """What the action has loaded of the account, as far as it stands like that still."""
    case, held = reading.case, reading.case.cache.get("state")
    if not isinstance(case.target, (BillingAccount, Workspace)) or (held is not None and held.id != account_id):
        return load_account(account_id)
    return (state_after(case, account_id) if reading.is_after else None) or state_of_account(case, account_id)


fact(
    "next_charge",
    Fact("Next charge", 40, _read, _rests_on, own_label="Next charge", concerns_money=True, of_account=True),
)
