"""Charges: what we ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.payments.models import Charge
from bursar.payments.rules.amounts import Quote
from bursar.payments.states import ChargeKind, ChargeState
from bursar.tenants.models import BillingAccount


def make(
    account: BillingAccount, kind: ChargeKind, state: ChargeState, quote: Quote, now: datetime, **fields: Any
) -> Charge:
    """A new one. `fields`: what the kind needs beside the amount (subscription, due_on, interval, tier, cadence, …)."""
    return Charge.objects.create(
        account=account, kind=kind.value, state=state.value, made_at=now, **amounts_of(quote), **fields
    )


def amounts_of(quote: Quote) -> dict[str, Any]:
    """The columns that a quote fills."""
    return {
        "seats": quote.seats,
        "lines": list(quote.lines),
        "net": quote.net,
        "vat": quote.vat,
        "gross": quote.gross,
        "decision": quote.decision.as_json(),
    }


def put(charge: Charge, **fields: Any) -> Charge:
    """Writes these columns of one charge, whose account is locked."""
    for name, value in fields.items():
        setattr(charge, name, value)
    charge.save(update_fields=list(fields))
    return charge
