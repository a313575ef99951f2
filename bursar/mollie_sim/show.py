"""Our objects as Mollie tells them: HAL JSON, with links to this simulator."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bursar.mollie_sim.answers import Json
from bursar.mollie_sim.objects import (
    Chargeback,
    Customer,
    Link,
    Mandate,
    Money,
    Payment,
    Refund,
    Settlement,
    Subscription,
)
from bursar.mollie_sim.words import METHODS, RECURRING
from bursar.mollie_sim.world import PROFILE

HAL, HTML = "application/hal+json", "text/html"


def money(amount: Money) -> Json:
    return {"currency": amount.currency, "value": f"{amount.value:.2f}"}


def at(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None


def day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def hal(address: str) -> Json:
    return {"href": address, "type": HAL}


def html(address: str) -> Json:
    return {"href": address, "type": HTML}


def documentation(page: str) -> Json:
    return html(f"https://docs.mollie.com/reference/{page}")


def _given(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def show_customer(one: Customer, base: str) -> Json:
    own = f"{base}/v2/customers/{one.id}"
    return {
        "resource": "customer",
        "id": one.id,
        "mode": one.mode,
        "name": one.name,
        "email": one.email,
        "locale": one.locale,
        "metadata": one.metadata,
        "createdAt": at(one.created_at),
        "_links": {
            "self": hal(own),
            "dashboard": html(f"{base}/dashboard/customers/{one.id}"),
            **({"payments": hal(f"{own}/payments")} if one.payments else {}),
            **({"mandates": hal(f"{own}/mandates")} if one.mandates else {}),
            **({"subscriptions": hal(f"{own}/subscriptions")} if one.subscriptions else {}),
            "documentation": documentation("get-customer"),
        },
    }


def show_mandate(one: Mandate, base: str) -> Json:
    customer = f"{base}/v2/customers/{one.customer_id}"
    return {
        "resource": "mandate",
        "id": one.id,
        "mode": one.mode,
        "status": one.status,
        "method": one.method,
        "details": one.details,
        "mandateReference": one.reference,
        "signatureDate": day(one.signed_on),
        "customerId": one.customer_id,
        "createdAt": at(one.created_at),
        "scopes": ["customer-not-present"],
        "_links": {
            "self": hal(f"{customer}/mandates/{one.id}"),
            "customer": hal(customer),
            "documentation": documentation("get-mandate"),
        },
    }


def show_payment(one: Payment, base: str) -> Json:
    return {
        "resource": "payment",
        "id": one.id,
        "mode": one.mode,
        "createdAt": at(one.created_at),
        "amount": money(one.amount),
        "description": one.description,
        "status": one.status,
        "profileId": PROFILE,
        "sequenceType": one.sequence,
        "redirectUrl": one.redirect_url,
        "metadata": one.metadata,
        **_given(
            method=one.method,
            cancelUrl=one.cancel_url,
            webhookUrl=one.webhook_url,
            locale=one.locale,
            isCancelable=None if one.is_final else one.is_cancelable,
            expiresAt=at(one.expires_at) if one.status == "open" else None,
            authorizedAt=at(one.authorized_at),
            paidAt=at(one.paid_at),
            canceledAt=at(one.canceled_at),
            expiredAt=at(one.expired_at),
            failedAt=at(one.failed_at),
            customerId=one.customer_id,
            mandateId=one.mandate_id,
            subscriptionId=one.subscription_id,
            settlementId=one.settlement_id,
            details=one.details or None,
        ),
        **_amounts(one),
        "_links": _payment_links(one, base),
    }


def _amounts(one: Payment) -> Json:
    """What went back. The status does not tell: it stays paid."""
    if one.status != "paid":
        return {}
    left = one.amount.value - one.refunded
    amounts = {
        "amountRefunded": money(one.amount.of(one.refunded)),
        "amountRemaining": money(one.amount.of(max(left, Decimal("0.00")))),
        "settlementAmount": money(one.amount),
    }
    if one.charged_back:
        amounts["amountChargedBack"] = money(one.amount.of(one.charged_back))
    return amounts


def _payment_links(one: Payment, base: str) -> Json:
    own = f"{base}/v2/payments/{one.id}"
    customer = f"{base}/v2/customers/{one.customer_id}"
    is_payable = one.status == "open" and one.sequence != "recurring"
    links = {
        "checkout": html(f"{base}/checkout/{one.id}") if is_payable else None,
        "changePaymentState": html(f"{base}/change/{one.id}") if one.mode == "test" and not is_payable else None,
        "refunds": hal(f"{own}/refunds") if one.refunds else None,
        "chargebacks": hal(f"{own}/chargebacks") if one.chargebacks else None,
        "customer": hal(customer) if one.customer_id else None,
        "mandate": hal(f"{customer}/mandates/{one.mandate_id}") if one.mandate_id else None,
        "subscription": hal(f"{customer}/subscriptions/{one.subscription_id}") if one.subscription_id else None,
        "settlement": hal(f"{base}/v2/settlements/{one.settlement_id}") if one.settlement_id else None,
    }
    return {
        "self": hal(own),
        "dashboard": html(f"{base}/dashboard/payments/{one.id}"),
        **_given(**links),
        "documentation": documentation("get-payment"),
    }


def show_subscription(one: Subscription, base: str) -> Json:
    customer = f"{base}/v2/customers/{one.customer_id}"
    own = f"{customer}/subscriptions/{one.id}"
    mandate = {"mandate": hal(f"{customer}/mandates/{one.mandate_id}")} if one.mandate_id else {}
    return {
        "resource": "subscription",
        "id": one.id,
        "mode": one.mode,
        "createdAt": at(one.created_at),
        "status": one.status,
        "amount": money(one.amount),
        "description": one.description,
        "method": one.method,
        "times": one.times,
        "timesRemaining": one.times_left,
        "interval": str(one.interval),
        "startDate": day(one.start),
        "webhookUrl": one.webhook_url,
        "customerId": one.customer_id,
        "metadata": one.metadata,
        "nextPaymentDate": day(one.next_date),
        **_given(mandateId=one.mandate_id, canceledAt=at(one.canceled_at)),
        "_links": {
            "self": hal(own),
            "customer": hal(customer),
            "profile": hal(f"{base}/v2/profiles/{PROFILE}"),
            **mandate,
            **({"payments": hal(f"{own}/payments")} if one.payments else {}),
            "documentation": documentation("get-subscription"),
        },
    }


def show_link(one: Link, base: str) -> Json:
    return {
        "resource": "payment-link",
        "id": one.id,
        "mode": one.mode,
        "description": one.description,
        "amount": money(one.amount) if one.amount else None,
        **({"minimumAmount": money(one.minimum)} if one.minimum else {}),
        "archived": one.is_archived,
        "reusable": one.is_reusable,
        "redirectUrl": one.redirect_url,
        "webhookUrl": one.webhook_url,
        "profileId": PROFILE,
        "createdAt": at(one.created_at),
        "paidAt": at(one.paid_at),
        "expiresAt": at(one.expires_at),
        "allowedMethods": list(one.methods) if one.methods else None,
        "sequenceType": one.sequence,
        **_given(customerId=one.customer_id),
        "_links": {
            "self": hal(f"{base}/v2/payment-links/{one.id}"),
            "paymentLink": html(f"{base}/pay/{one.token}"),
        },
    }


def show_refund(one: Refund, base: str) -> Json:
    payment = f"{base}/v2/payments/{one.payment_id}"
    return {
        "resource": "refund",
        "id": one.id,
        "mode": one.mode,
        "description": one.description,
        "amount": money(one.amount),
        "settlementAmount": money(one.amount.of(-one.amount.value)),
        "metadata": one.metadata,
        "paymentId": one.payment_id,
        "status": one.status,
        "createdAt": at(one.created_at),
        **_given(settlementId=one.settlement_id),
        "_links": {
            "self": hal(f"{payment}/refunds/{one.id}"),
            "payment": hal(payment),
            **_settlement_link(one.settlement_id, base),
            "documentation": documentation("get-refund"),
        },
    }


def show_chargeback(one: Chargeback, base: str) -> Json:
    payment = f"{base}/v2/payments/{one.payment_id}"
    reason = {"code": one.reason[0], "description": one.reason[1]} if one.reason else None
    return {
        "resource": "chargeback",
        "id": one.id,
        "amount": money(one.amount),
        "settlementAmount": money(one.amount.of(-one.amount.value)),
        **_given(reason=reason, settlementId=one.settlement_id),
        "paymentId": one.payment_id,
        "createdAt": at(one.created_at),
        "reversedAt": at(one.reversed_at),
        "_links": {
            "self": hal(f"{payment}/chargebacks/{one.id}"),
            "payment": hal(payment),
            **_settlement_link(one.settlement_id, base),
            "documentation": documentation("get-chargeback"),
        },
    }


def _settlement_link(id: str | None, base: str) -> Json:
    return {"settlement": hal(f"{base}/v2/settlements/{id}")} if id else {}


def show_method(id: str, currency: str, base: str) -> Json:
    name, least, most = METHODS[id]
    picture = f"{base}/methods/{id}"
    return {
        "resource": "method",
        "id": id,
        "description": RECURRING.get(id, name),
        "minimumAmount": money(Money(least, currency)),
        "maximumAmount": money(Money(most, currency)),
        "image": {"size1x": f"{picture}.png", "size2x": f"{picture}%402x.png", "svg": f"{picture}.svg"},
        "status": "activated",
        "_links": {"self": hal(f"{base}/v2/methods/{id}"), "documentation": documentation("get-method")},
    }


def show_settlement(one: Settlement, base: str) -> Json:
    own = f"{base}/v2/settlements/{one.id}"
    parts = () if one.id in ("open", "next") else ("payments", "refunds", "chargebacks")
    return {
        "resource": "settlement",
        "id": one.id,
        "reference": one.reference,
        "status": one.status,
        "amount": money(one.amount),
        "balanceId": "bal_simulator",
        "createdAt": at(one.created_at),
        "settledAt": at(one.settled_at),
        "periods": _periods(one),
        "_links": {
            "self": hal(own),
            **{part: hal(f"{own}/{part}") for part in parts},
            "documentation": documentation("get-settlement"),
        },
    }


def _periods(one: Settlement) -> Json:
    """By the month of the settlement; these amounts have four decimals. The simulator takes no fees."""
    revenue = [
        _revenue(METHODS[method][0], method, [each for each in one.payments if each.method == method])
        for method in dict.fromkeys(each.method for each in one.payments if each.method)
    ]
    month = {"revenue": revenue, "costs": []}
    return {f"{one.created_at:%Y}": {f"{one.created_at:%m}": month}}


def _revenue(name: str, method: str, payments: list[Payment]) -> Json:
    total = sum((each.amount.value for each in payments), Decimal("0.00"))
    amount = {"currency": payments[0].amount.currency, "value": f"{total:.4f}"}
    return {
        "description": name,
        "method": method,
        "count": len(payments),
        "amountNet": amount,
        "amountVat": None,
        "amountGross": amount,
    }
