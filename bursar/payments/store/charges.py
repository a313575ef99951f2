"""Charges: what we ask for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bursar.payments.models import Charge
from bursar.payments.rules.amounts import Quote, amounts_of
from bursar.payments.states import ChargeKind, ChargeState
from bursar.tenants.models import BillingAccount


def make(
    account: BillingAccount, kind: ChargeKind, state: ChargeState, quote: Quote, now: datetime, **fields: Any
) -> Charge:
    """A new one. `fields`: what the kind needs beside the amount (subscription, due_on, interval, tier, cadence, …)."""
    return Charge.objects.create(
        account=account, kind=kind.value, state=state.value, made_at=now, **amounts_of(quote), **fields
    )


def add(charge: Charge) -> Charge:
    """Stores one that was made up by what a payment told of it."""
    charge.save(force_insert=True)
    return charge


def put(charge: Charge, **fields: Any) -> Charge:
    """Writes these columns of one charge, whose account is locked."""
    for name, value in fields.items():
        setattr(charge, name, value)
    charge.save(update_fields=list(fields))
    return charge


def end(charges: Iterable[Charge], now: datetime) -> None:
    """Nobody owes them any more."""
    ids = [charge.pk for charge in charges]
    Charge.objects.filter(pk__in=ids).update(state=ChargeState.ENDED.value, ended_at=now, next_try_at=None)


def stop_tries(account_id: int) -> None:
    """What failed is owed still; nothing is tried by itself."""
    Charge.objects.filter(account_id=account_id, next_try_at__isnull=False).update(next_try_at=None)
