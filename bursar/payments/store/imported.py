"""Payments of before, as files tell them: rows of the mirror that Mollie may fill in later, or the bank made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from bursar.payments.gateway import get_mode
from bursar.payments.keys import Mode
from bursar.payments.models import Payment
from bursar.payments.states import PaymentSource

TOLD = [
    "source", "account_id", "kind", "amount", "refunded", "charged_back", "method", "status", "reason", "description",
    "at", "paid_at", "failed_at",
]  # fmt: skip
_KEPT = ["external_id", "mollie_id", *TOLD, "applied_status", "applied_refunded", "applied_charged_back"]


def take_history(rows: Sequence[Payment], now: datetime) -> dict[int, str]:
    """`rows`: with `external_id`, in the file's order. Returns the places that are refused, with the sentence.

    The same again changes nothing. What Mollie told itself stays. They move no account: terms are lines of their own.
    """
    ids = [row.external_id for row in rows]
    stored = Payment.objects.filter(Q(external_id__in=ids) | Q(mollie_id__in=ids))
    known = {row.external_id or row.mollie_id: row for row in stored}
    fresh: dict[str, Payment] = {}
    refused = {}
    for place, row in enumerate(rows):
        old = known.get(row.external_id)
        if old is None:
            known[row.external_id] = fresh[row.external_id] = _begin(row, now)
            continue
        other = [name for name in TOLD if getattr(old, name) != getattr(row, name)]
        if other and old.answered_at is not None:
            refused[place] = f"Mollie told this payment itself, and what it says stays ({_words(other)})."
        elif other:
            fresh[row.external_id] = _copy(row, old)
    made = [row for row in fresh.values() if row.pk is None]
    changed = [row for row in fresh.values() if row.pk is not None]
    Payment.objects.bulk_create(made)
    Payment.objects.bulk_update(changed, _KEPT, batch_size=1000)
    return refused


def _begin(row: Payment, now: datetime) -> Payment:
    row.mode, row.learned_at, row.to_apply = (get_mode() or Mode.LIVE).value, now, False
    return _as_applied(row)


def _copy(row: Payment, old: Payment) -> Payment:
    for name in ("external_id", *TOLD):
        setattr(old, name, getattr(row, name))
    return _as_applied(old)


def _as_applied(row: Payment) -> Payment:
    row.mollie_id = row.external_id if row.source == PaymentSource.MOLLIE else ""
    row.applied_status, row.applied_refunded = row.status, row.refunded
    row.applied_charged_back = row.charged_back
    return row


def _words(names: list[str]) -> str:
    return ", ".join(name.removesuffix("_id").replace("_", " ") for name in names)
