"""Customers, mandates, subscriptions, links and methods as Mollie tells them, with links to this simulator."""

from __future__ import annotations

from bursar.mollie_sim.answers import Json
from bursar.mollie_sim.hal import at, day, documentation, given, hal, html, money
from bursar.mollie_sim.objects import Customer, Link, Mandate, Money, Subscription
from bursar.mollie_sim.words import METHODS
from bursar.mollie_sim.world import PROFILE


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
        **given(mandateId=one.mandate_id, canceledAt=at(one.canceled_at)),
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
        **given(customerId=one.customer_id),
        "_links": {
            "self": hal(f"{base}/v2/payment-links/{one.id}"),
            "paymentLink": html(f"{base}/pay/{one.token}"),
        },
    }


def show_method(id: str, currency: str, base: str) -> Json:
    name, least, most = METHODS[id]
    picture = f"{base}/methods/{id}"
    return {
        "resource": "method",
        "id": id,
        "description": name,
        "minimumAmount": money(Money(least, currency)),
        "maximumAmount": money(Money(most, currency)),
        "image": {"size1x": f"{picture}.png", "size2x": f"{picture}%402x.png", "svg": f"{picture}.svg"},
        "status": "activated",
        "_links": {"self": hal(f"{base}/v2/methods/{id}"), "documentation": documentation("get-method")},
    }
