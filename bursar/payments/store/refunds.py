"""Refunds that we ask for: written before Mollie is told. What Mollie says of them is the mirror's."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from bursar.payments.models import Payment, Refund
from bursar.payments.states import RefundState


def ask(payment: Payment, amount: Decimal, state: RefundState, now: datetime, **fields: Any) -> Refund:
    """`state`: ASKED for a second person, or SENDING. `fields`: those of the model."""
    return Refund.objects.create(
        payment=payment, amount=amount, state=state, mode=payment.mode, created_at=now, learned_at=now, **fields
    )


def decide(refund: Refund, state: RefundState, by_id: int | None, now: datetime, note: str = "") -> None:
    refund.state, refund.decided_by_id, refund.decided_at, refund.note = state.value, by_id, now, note
    refund.save(update_fields=["state", "decided_by", "decided_at", "note"])


def fail(refund: Refund) -> None:
    """Mollie refused it for good, and knows nothing of it."""
    refund.state = RefundState.FAILED.value
    refund.save(update_fields=["state"])


def reword(pk: int, **words: str) -> None:
    """Another `reason` or `note`, for a person who was erased."""
    Refund.objects.filter(pk=pk).update(**words)
