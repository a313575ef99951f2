"""Mollie's JSON into our objects. Raises Nonsense, naming the field, for what cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import parse_qs

from bursar.core.addresses import split_address
from bursar.core.money import ZERO
from bursar.payments.errors import Nonsense
from bursar.payments.keys import Mode
from bursar.payments.objects import (
    Amount,
    Chargeback,
    Customer,
    Mandate,
    Method,
    Page,
    Payment,
    PaymentLink,
    Raw,
    Refund,
    Settlement,
    Subscription,
)

T = TypeVar("T")
Read = Callable[[Raw], T]


def _need(raw: Raw, name: str) -> Any:
    if raw.get(name) is None:
        raise Nonsense(f"{name} is missing")
    return raw[name]


def _text(raw: Raw, name: str) -> str:
    """Absent and null are the empty text."""
    value = raw.get(name)
    if value is not None and not isinstance(value, str):
        raise Nonsense(f"{name} is no text")
    return value or ""


def _some(raw: Raw, name: str) -> str:
    return _text(raw, name) or str(_need(raw, name))


def _amount_or_none(raw: Raw, name: str) -> Amount | None:
    value = raw.get(name)
    if value is None:
        return None
    try:
        amount = Amount(Decimal(value["value"]), str(value["currency"]))
    except (InvalidOperation, KeyError, TypeError):
        raise Nonsense(f"{name} is no amount") from None
    if not amount.value.is_finite():
        raise Nonsense(f"{name} is no amount")
    return amount


def _amount(raw: Raw, name: str) -> Amount:
    _need(raw, name)
    amount = _amount_or_none(raw, name)
    assert amount is not None
    return amount


def _value(raw: Raw, name: str) -> Decimal:
    """Absent is nothing: Mollie leaves out amounts that are zero."""
    amount = _amount_or_none(raw, name)
    return amount.value if amount else ZERO


def _at_or_none(raw: Raw, name: str) -> datetime | None:
    text = _text(raw, name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Nonsense(f"{name} is no instant") from None
    if at.tzinfo is None:
        raise Nonsense(f"{name} has no time zone")
    return at


def _at(raw: Raw, name: str) -> datetime:
    _need(raw, name)
    at = _at_or_none(raw, name)
    assert at is not None
    return at


def _day(raw: Raw, name: str) -> date | None:
    text = _text(raw, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Nonsense(f"{name} is no day") from None


def _mode(raw: Raw) -> Mode:
    try:
        return Mode(_some(raw, "mode"))
    except ValueError:
        raise Nonsense("mode") from None


def _link(raw: Raw, name: str) -> str:
    links = raw.get("_links") or {}
    return _text(links.get(name) or {}, "href")


def read_page(raw: Raw, name: str, read: Read[T]) -> Page[T]:
    """name: under which Mollie embeds the items. The next page's first id is taken from its address."""
    try:
        items = raw["_embedded"][name]
    except (KeyError, TypeError):
        raise Nonsense(f"a list without {name}") from None
    following = parse_qs(split_address(_link(raw, "next")).query).get("from", [None])[0]
    return Page(tuple(read(item) for item in items), following)


def read_customer(raw: Raw) -> Customer:
    return Customer(
        id=_some(raw, "id"),
        mode=_mode(raw),
        name=_text(raw, "name"),
        email=_text(raw, "email"),
        metadata=raw.get("metadata"),
        created_at=_at(raw, "createdAt"),
        dashboard=_link(raw, "dashboard"),
        raw=raw,
    )


def read_mandate(raw: Raw) -> Mandate:
    details = raw.get("details") or {}
    return Mandate(
        id=_some(raw, "id"),
        mode=_mode(raw),
        customer_id=_some(raw, "customerId"),
        method=_some(raw, "method"),
        status=_some(raw, "status"),
        holder=_text(details, "consumerName") or _text(details, "cardHolder"),
        account=_text(details, "consumerAccount") or _text(details, "cardNumber"),
        card_label=_text(details, "cardLabel"),
        card_expires=_day(details, "cardExpiryDate"),
        created_at=_at(raw, "createdAt"),
        raw=raw,
    )


def read_payment(raw: Raw) -> Payment:
    details = raw.get("details") or {}
    remaining = _amount_or_none(raw, "amountRemaining")
    return Payment(
        id=_some(raw, "id"),
        mode=_mode(raw),
        status=_some(raw, "status"),
        amount=_amount(raw, "amount"),
        refunded=_value(raw, "amountRefunded"),
        charged_back=_value(raw, "amountChargedBack"),
        remaining=remaining.value if remaining else None,
        settled=_amount_or_none(raw, "settlementAmount"),
        description=_text(raw, "description"),
        sequence=_some(raw, "sequenceType"),
        method=_text(raw, "method"),
        customer_id=_text(raw, "customerId"),
        mandate_id=_text(raw, "mandateId"),
        subscription_id=_text(raw, "subscriptionId"),
        settlement_id=_text(raw, "settlementId"),
        metadata=raw.get("metadata"),
        webhook_url=_text(raw, "webhookUrl"),
        failure_reason=_text(details, "failureReason"),
        failure_message=_text(details, "failureMessage"),
        bank_code=_text(details, "bankReasonCode"),
        bank_reason=_text(details, "bankReason"),
        is_cancelable=raw.get("isCancelable") is True,
        created_at=_at(raw, "createdAt"),
        authorized_at=_at_or_none(raw, "authorizedAt"),
        paid_at=_at_or_none(raw, "paidAt"),
        canceled_at=_at_or_none(raw, "canceledAt"),
        expires_at=_at_or_none(raw, "expiresAt"),
        expired_at=_at_or_none(raw, "expiredAt"),
        failed_at=_at_or_none(raw, "failedAt"),
        due_date=_day(details, "dueDate"),
        checkout=_link(raw, "checkout"),
        dashboard=_link(raw, "dashboard"),
        raw=raw,
    )


def read_subscription(raw: Raw) -> Subscription:
    start = _day(raw, "startDate")
    if start is None:
        raise Nonsense("startDate is missing")
    return Subscription(
        id=_some(raw, "id"),
        mode=_mode(raw),
        customer_id=_some(raw, "customerId"),
        mandate_id=_text(raw, "mandateId"),
        status=_some(raw, "status"),
        amount=_amount(raw, "amount"),
        interval=_some(raw, "interval"),
        times=raw.get("times"),
        times_left=raw.get("timesRemaining"),
        start_date=start,
        next_date=_day(raw, "nextPaymentDate"),
        description=_text(raw, "description"),
        method=_text(raw, "method"),
        metadata=raw.get("metadata"),
        webhook_url=_text(raw, "webhookUrl"),
        created_at=_at(raw, "createdAt"),
        canceled_at=_at_or_none(raw, "canceledAt"),
        raw=raw,
    )


def read_link(raw: Raw) -> PaymentLink:
    return PaymentLink(
        id=_some(raw, "id"),
        mode=_mode(raw),
        description=_text(raw, "description"),
        amount=_amount_or_none(raw, "amount"),
        is_archived=raw.get("archived") is True,
        is_reusable=raw.get("reusable") is True,
        customer_id=_text(raw, "customerId"),
        webhook_url=_text(raw, "webhookUrl"),
        created_at=_at(raw, "createdAt"),
        paid_at=_at_or_none(raw, "paidAt"),
        expires_at=_at_or_none(raw, "expiresAt"),
        url=_link(raw, "paymentLink"),
        raw=raw,
    )


def read_refund(raw: Raw) -> Refund:
    return Refund(
        id=_some(raw, "id"),
        mode=_mode(raw),
        payment_id=_some(raw, "paymentId"),
        status=_some(raw, "status"),
        amount=_amount(raw, "amount"),
        settled=_amount_or_none(raw, "settlementAmount"),
        description=_text(raw, "description"),
        metadata=raw.get("metadata"),
        settlement_id=_text(raw, "settlementId"),
        created_at=_at(raw, "createdAt"),
        raw=raw,
    )


def read_chargeback(raw: Raw) -> Chargeback:
    reason = raw.get("reason") or {}
    return Chargeback(
        id=_some(raw, "id"),
        payment_id=_some(raw, "paymentId"),
        amount=_amount(raw, "amount"),
        settled=_amount_or_none(raw, "settlementAmount"),
        reason_code=_text(reason, "code"),
        reason=_text(reason, "description"),
        settlement_id=_text(raw, "settlementId"),
        created_at=_at(raw, "createdAt"),
        reversed_at=_at_or_none(raw, "reversedAt"),
        raw=raw,
    )


def read_settlement(raw: Raw) -> Settlement:
    return Settlement(
        id=_some(raw, "id"),
        status=_some(raw, "status"),
        amount=_amount(raw, "amount"),
        reference=_text(raw, "reference"),
        created_at=_at_or_none(raw, "createdAt"),
        settled_at=_at_or_none(raw, "settledAt"),
        raw=raw,
    )


def read_method(raw: Raw) -> Method:
    return Method(
        id=_some(raw, "id"),
        description=_text(raw, "description"),
        minimum=_amount(raw, "minimumAmount"),
        maximum=_amount_or_none(raw, "maximumAmount"),
        raw=raw,
    )
