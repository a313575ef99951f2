"""The mirror's pen: what Mollie answered, written as it said. Nothing else goes into these rows' Mollie fields.

An answer that was asked for before the one that stands had come may be older than it: it is not taken, and whoever
looks asks again. Each row is written in a short transaction of its own, which waits for no account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from bursar.core import clock
from bursar.core.locks import hold
from bursar.core.money import ZERO
from bursar.payments import objects
from bursar.payments.errors import Nonsense, OtherCurrency
from bursar.payments.models import Chargeback, Mandate, MollieCustomer, Payment, Refund, Subscription
from bursar.payments.models.shared import Mirrored
from bursar.payments.states import PaymentState, RefundState
from bursar.payments.store.belonging import Owner
from bursar.payments.store.invoicing import note_to_book

M = TypeVar("M", bound=Mirrored)
CURRENCY = "EUR"


class Older(Exception):
    """What stands may be newer than this answer: ask again."""


@dataclass(frozen=True)
class Asked:
    """Around one call: no answer is older than `at`, none is newer than `until`."""

    at: datetime
    until: datetime

    def as_fields(self) -> dict[str, datetime]:
        return {"asked_at": self.at, "answered_at": self.until}


def _take(model: type[M], mollie_id: str, asked: Asked) -> M | None:
    """The row, held; None when there is none yet. Raises Older."""
    hold(f"mollie:{mollie_id}")
    row = model._default_manager.select_for_update(no_key=True, of=("self",)).filter(mollie_id=mollie_id).first()
    if row is not None:
        _check_newer(row, asked)
    return row


def _check_newer(row: Mirrored, asked: Asked) -> None:
    if row.answered_at is not None and asked.at < row.answered_at:
        raise Older


def _write(row: M, asked: Asked, values: dict[str, Any]) -> M:
    for name, value in {**values, **asked.as_fields()}.items():
        setattr(row, name, value)
    if row.pk is None:
        row.learned_at = clock.now()
    row.save()
    return row


def note_seen(model: type[M], keys: Sequence[int], asked: Asked) -> None:
    """Mollie said of these what stands, in a list; where something newer stands by now, that is left."""
    rows = model._default_manager.filter(pk__in=keys).exclude(answered_at__gt=asked.at)
    rows.update(**asked.as_fields())


_SAME = (
    f"UPDATE {Payment._meta.db_table} SET asked_at = %s, answered_at = %s WHERE mollie_id = %s AND raw = %s::jsonb "
    "AND account_id IS NOT NULL AND (answered_at IS NULL OR answered_at <= %s) RETURNING *"
)


def note_same(found: objects.Payment, asked: Asked) -> Payment | None:
    """The row, where Mollie says what stands of a payment whose account is known; in one statement, as most looks end
    so. None: something is new, or something newer stands.
    """
    values = [asked.at, asked.until, found.id, json.dumps(found.raw), asked.at]
    return next(iter(Payment._default_manager.raw(_SAME, values)), None)


@transaction.atomic
def lose_subscription(subscription: Subscription, asked: Asked) -> None:
    """Mollie does not know it any more: nothing charges by it. Raises Older."""
    row = _take(Subscription, subscription.mollie_id, asked)
    if row is not None:
        _write(row, asked, {"status": "canceled", "next_date": None})


def euros(amount: objects.Amount) -> Any:
    """Raises OtherCurrency: the mirror holds EUR alone."""
    if amount.currency != CURRENCY:
        raise OtherCurrency(f"an amount in {amount.currency}")
    return amount.value


@transaction.atomic
def keep_customer(
    found: objects.Customer, asked: Asked, *, account_id: int | None = None, rules_since: datetime | None = None
) -> MollieCustomer:
    """account_id: whose it is; None leaves that as it stands. Raises Older."""
    row = _take(MollieCustomer, found.id, asked) or MollieCustomer(mollie_id=found.id, mode=found.mode.value)
    if row.account_id is None:
        row.account_id = account_id
    row.rules_since = row.rules_since or rules_since
    return _write(row, asked, {"dashboard": found.dashboard, "raw": found.raw})


@transaction.atomic
def keep_mandate(found: objects.Mandate, customer: MollieCustomer, asked: Asked) -> Mandate:
    """Raises Older."""
    row = _take(Mandate, found.id, asked) or Mandate(mollie_id=found.id, mode=found.mode.value, customer=customer)
    values = {
        "method": found.method,
        "status": found.status,
        "account_end": "" if "@" in found.account else found.account[-4:],  # PayPal's account is an address
        "card_label": found.card_label[:40],
        "card_expires": found.card_expires,
        "created_at": found.created_at,
        "raw": found.raw,
    }
    return _write(row, asked, values)


@transaction.atomic
def lose_mandate(mandate: Mandate, asked: Asked) -> None:
    """Mollie does not know it any more. Raises Older."""
    row = _take(Mandate, mandate.mollie_id, asked)
    if row is not None:
        _write(row, asked, {"status": "invalid"})


@transaction.atomic
def keep_subscription(
    found: objects.Subscription, customer: MollieCustomer, asked: Asked, *, ours: Subscription | None = None
) -> Subscription:
    """ours: the row that waits for this answer. One that nobody here asked for gets a row too. Raises Older."""
    row = _take(Subscription, found.id, asked) or _awaiting(ours, asked)
    if row is None:
        row = Subscription(mode=found.mode.value, account_id=customer.account_id, wanted=euros(found.amount))
    if row.account_id is None:
        row.account_id = customer.account_id
    values = {
        "mollie_id": found.id,
        "customer": customer,
        "mollie_mandate_id": found.mandate_id,
        "status": found.status,
        "amount": euros(found.amount),
        "interval": found.interval,
        "start_date": found.start_date,
        "next_date": found.next_date,
        "created_at": found.created_at,
        "canceled_at": found.canceled_at,
        "raw": found.raw,
    }
    return _write(row, asked, values)


def _awaiting(ours: Subscription | None, asked: Asked) -> Subscription | None:
    if ours is None:
        return None
    row = Subscription.objects.select_for_update(no_key=True, of=("self",)).get(pk=ours.pk)
    _check_newer(row, asked)
    return row


@transaction.atomic
def keep_payment(
    found: objects.Payment,
    owner: Owner,
    asked: Asked,
    refunds: Iterable[objects.Refund] | None,
    chargebacks: Iterable[objects.Chargeback] | None,
) -> Payment:
    """With the money that went back; None: the answer did not tell of it, and what stands stays.

    `to_apply` says whether its account is to be moved by it. Raises Older; Nonsense for what the mirror cannot hold.
    """
    row = _take(Payment, found.id, asked) or Payment(mollie_id=found.id, mode=found.mode.value)
    _give(row, owner)
    values = _payment_values(found)
    if chargebacks is not None:
        chargebacks = list(chargebacks)
        values["charged_back"] = sum((euros(one.amount) for one in chargebacks if one.reversed_at is None), ZERO)
    says = (values["status"], values["refunded"], values["charged_back"])
    values["to_apply"] = row.account_id is not None and says != _applied(row)
    values["to_book"] = True
    _write(row, asked, values)
    for refund in refunds or ():
        _keep_refund(row, refund, asked)
    for chargeback in chargebacks or ():
        _keep_chargeback(row, chargeback, asked)
    return row


def _give(row: Payment, owner: Owner) -> None:
    """Whose it is stays, once it is known."""
    if row.pk is None or row.account_id is None:
        row.account_id, row.kind = owner.account_id, owner.kind.value
    if row.charge_id is None:
        row.charge = owner.charge
    if row.subscription_id is None:
        row.subscription = owner.subscription
    if row.link_id is None:
        row.link = owner.link


def _payment_values(found: objects.Payment) -> dict[str, Any]:
    return {
        "mollie_customer_id": found.customer_id,
        "mollie_mandate_id": found.mandate_id,
        "amount": euros(found.amount),
        "refunded": found.refunded,
        "charged_back": found.charged_back,
        "method": found.method[:30],
        "status": read_state(PaymentState, found.status),
        "reason": (found.failure_reason or found.bank_code)[:60],
        "description": found.description[:255],
        "at": found.created_at,
        "paid_at": found.paid_at,
        "failed_at": found.failed_at or found.expired_at or found.canceled_at,
        "expires_at": found.expires_at,
        "checkout": found.checkout,
        "dashboard": found.dashboard,
        "settlement_id": found.settlement_id,
        "raw": found.raw,
    }


def read_state(states: type[PaymentState] | type[RefundState], word: str) -> str:
    """Raises Nonsense for a word that is not known here: better late than wrong."""
    try:
        return states(word).value
    except ValueError:
        raise Nonsense(f"the status “{word[:30]}”") from None


def _applied(row: Payment) -> tuple[Any, ...]:
    return row.applied_status, row.applied_refunded, row.applied_charged_back


@transaction.atomic
def keep_refund(found: objects.Refund, payment: Payment, asked: Asked, *, ours: Refund | None = None) -> Refund:
    """ours: the row that waits for this answer. Raises Older."""
    hold(f"mollie:{payment.mollie_id}")
    note_to_book(payment)
    return _keep_refund(payment, found, asked, ours)


def _keep_refund(payment: Payment, found: objects.Refund, asked: Asked, ours: Refund | None = None) -> Refund:
    row = _take(Refund, found.id, asked) or ours or _find_ours(payment, found)
    if row is None:
        row = Refund(payment=payment, mode=found.mode.value)
    values = {
        "mollie_id": found.id,
        "amount": euros(found.amount),
        "state": read_state(RefundState, found.status),
        "description": row.description or found.description[:140],
        "created_at": found.created_at,
        "raw": found.raw,
    }
    return _write(row, asked, values)


def _find_ours(payment: Payment, found: objects.Refund) -> Refund | None:
    """Its answer may be on its way still, while somebody else looks at the payment already."""
    said = found.metadata if isinstance(found.metadata, dict) else {}
    return Refund.objects.filter(payment=payment, mollie_id="", public_id=str(said.get("refund", ""))).first()


@transaction.atomic
def keep_chargeback(found: objects.Chargeback, payment: Payment, asked: Asked) -> Chargeback:
    """Raises Older."""
    hold(f"mollie:{payment.mollie_id}")
    note_to_book(payment)
    return _keep_chargeback(payment, found, asked)


def _keep_chargeback(payment: Payment, found: objects.Chargeback, asked: Asked) -> Chargeback:
    row = _take(Chargeback, found.id, asked) or Chargeback(mollie_id=found.id, payment=payment, mode=payment.mode)
    values = {
        "amount": euros(found.amount),
        "reason_code": found.reason_code[:20],
        "reason": found.reason[:255],
        "created_at": found.created_at,
        "reversed_at": found.reversed_at,
        "raw": found.raw,
    }
    return _write(row, asked, values)
