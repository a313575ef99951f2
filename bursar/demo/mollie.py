"""The same history as the demo's Mollie holds it: records of the simulator, so that both agree from the first day."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from bursar.demo.till import MODE
from bursar.payments.gateway import get_mode
from bursar.payments.keys import Mode, is_official
from bursar.payments.models import Chargeback, Mandate, MollieCustomer, Payment, Refund, Subscription
from bursar.payments.store.history import History
from bursar.payments.words import CARD, DIRECT_DEBIT, say_reason

Record = dict[str, Any]
ASK_FOR = 30  # seconds


def list_records(history: History) -> dict[str, list[Record]]:
    """By kind, as `docs/mollie.md` says. What waits here for a second person Mollie has not heard of."""
    return {
        "customers": [_customer(one) for one in history.customers],
        "mandates": [_mandate(one) for one in history.mandates],
        "subscriptions": [_subscription(one) for one in history.subscriptions],
        "payments": [_payment(one) for one in history.payments],
        "refunds": [_refund(one) for one in history.refunds if one.mollie_id],
        "chargebacks": [_chargeback(one) for one in history.chargebacks],
    }


def tell_simulator(history: History) -> str:
    """Hands it over where a simulator runs beside the demo. Empty, or why it was not taken."""
    if get_mode() is not Mode.TEST or is_official(settings.BURSAR_MOLLIE_URL) or not history.customers:
        return ""
    request = urllib.request.Request(
        f"{settings.BURSAR_MOLLIE_URL}/control/records",
        data=json.dumps(list_records(history)).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=ASK_FOR):
            return ""
    except (urllib.error.URLError, OSError) as error:
        return f"The simulator of Mollie did not take the demo's payments: {error}"


def _at(at: datetime | date | None) -> str | None:
    return at.isoformat() if at else None


def _money(amount: Decimal) -> Record:
    return {"value": f"{amount:.2f}", "currency": "EUR"}


def _customer(one: MollieCustomer) -> Record:
    name = str(one.account) if one.account else "Another shop"
    return {"id": one.mollie_id, "mode": MODE, "created_at": _at(one.learned_at), "name": name}


def _mandate(one: Mandate) -> Record:
    details: Record = {"consumerName": "Demo", "consumerAccount": f"NL00DEMO00000{one.account_end}"}
    if one.method == CARD:
        expires = _at(one.card_expires) or "2031-12-31"
        details = {"cardHolder": "Demo", "cardNumber": one.account_end, "cardLabel": one.card_label}
        details["cardExpiryDate"] = expires
    elif one.method == "paypal":
        details = {"consumerName": "Demo", "consumerAccount": "demo@client.example"}
    return {
        "id": one.mollie_id, "mode": MODE, "customer_id": one.customer.mollie_id, "method": one.method,
        "status": one.status, "created_at": _at(one.created_at), "details": details,
        "signed_on": _at(one.created_at.date()),
    }  # fmt: skip


def _subscription(one: Subscription) -> Record:
    assert one.customer is not None
    return {
        "id": one.mollie_id, "mode": MODE, "customer_id": one.customer.mollie_id, "created_at": _at(one.created_at),
        "amount": _money(one.amount), "interval": one.interval, "start": _at(one.start_date),
        "anchor": _at(one.next_date or one.start_date), "next_date": _at(one.next_date), "status": one.status,
        "description": f"Bursar {one.mollie_id}", "mandate_id": one.mollie_mandate_id,
        "canceled_at": _at(one.canceled_at),
    }  # fmt: skip


def _payment(one: Payment) -> Record:
    is_first = one.kind in ("first", "method") and not one.mollie_mandate_id
    sequence = "first" if is_first else "recurring" if one.mollie_mandate_id else "oneoff"
    ended = {"paid": "paid_at", "failed": "failed_at", "canceled": "canceled_at", "expired": "expired_at"}
    ends: Record = {}
    if one.status in ended:
        ends[ended[one.status]] = _at(one.paid_at or one.failed_at)
    if one.status == "authorized":
        ends["authorized_at"] = _at(one.at)
    if one.status == "pending":
        ends |= {"outcome": "paid", "decided_at": _at(one.at + timedelta(days=3))}
    return {
        "id": one.mollie_id, "mode": MODE, "created_at": _at(one.at), "amount": _money(one.amount),
        "description": one.description, "sequence": sequence, "status": one.status, "method": one.method,
        "customer_id": one.mollie_customer_id, "mandate_id": one.mollie_mandate_id or None,
        "subscription_id": one.subscription.mollie_id if one.subscription else None,
        "metadata": {"charge": one.charge.public_id} if one.charge and not one.subscription else None,
        "expires_at": _at(one.expires_at), "details": _details(one), **ends,
    }  # fmt: skip


def _details(one: Payment) -> Record:
    words = say_reason(one.method, one.reason)
    if one.reason and one.method == DIRECT_DEBIT:
        return {"bankReasonCode": one.reason, "bankReason": words}
    return {"failureReason": one.reason, "failureMessage": words} if one.reason else {}


def _refund(one: Refund) -> Record:
    leaves_at = one.created_at + timedelta(hours=2) if one.state == "pending" else None
    return {
        "id": one.mollie_id, "mode": MODE, "payment_id": one.payment.mollie_id, "created_at": _at(one.created_at),
        "amount": _money(one.amount), "description": one.description or "Demo", "status": one.state,
        "leaves_at": _at(leaves_at),
    }  # fmt: skip


def _chargeback(one: Chargeback) -> Record:
    return {
        "id": one.mollie_id, "mode": MODE, "payment_id": one.payment.mollie_id, "created_at": _at(one.created_at),
        "amount": _money(one.amount), "reason": [one.reason_code, one.reason], "reversed_at": _at(one.reversed_at),
    }  # fmt: skip
