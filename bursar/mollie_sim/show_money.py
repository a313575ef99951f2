"""Payments, refunds, chargebacks and settlements as Mollie tells them."""

from __future__ import annotations

from decimal import Decimal

from bursar.mollie_sim.answers import Json
from bursar.mollie_sim.hal import at, documentation, given, hal, html, money
from bursar.mollie_sim.objects import Chargeback, Payment, Refund, Settlement
from bursar.mollie_sim.words import METHODS
from bursar.mollie_sim.world import PROFILE


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
        **given(
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
        **given(**links),
        "documentation": documentation("get-payment"),
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
        **given(settlementId=one.settlement_id),
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
        **given(reason=reason, settlementId=one.settlement_id),
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
    """By the month of the settlement; these amounts have four decimals."""
    revenue = [
        _revenue(METHODS[method][0], method, [each for each in one.payments if each.method == method])
        for method in dict.fromkeys(each.method for each in one.payments if each.method)
    ]
    costs = [_cost(each, one) for each in revenue] if one.fee else []
    month = {"revenue": revenue, "costs": costs}
    return {f"{one.created_at:%Y}": {f"{one.created_at:%m}": month}}


def _cost(revenue: Json, one: Settlement) -> Json:
    fee = {"currency": one.amount.currency, "value": f"{one.fee * revenue['count']:.4f}"}
    rate = {"fixed": {"currency": one.amount.currency, "value": f"{one.fee:.4f}"}, "percentage": "0"}
    same = {name: revenue[name] for name in ("description", "method", "count")}
    return {**same, "rate": rate, "amountNet": fee, "amountVat": None, "amountGross": fee}


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
