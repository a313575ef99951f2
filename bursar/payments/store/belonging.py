"""Whose a payment is, and what it pays: by what we told Mollie, and by the customer at Mollie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from bursar.core.addresses import split_address
from bursar.core.money import ZERO
from bursar.payments import objects
from bursar.payments.models import Charge, MollieCustomer, Payment, PaymentLink, Subscription
from bursar.payments.states import PaymentKind, PaymentState


@dataclass(frozen=True)
class Owner:
    """account_id None: nobody here asked for it."""

    account_id: int | None
    kind: PaymentKind
    charge: Charge | None = None
    subscription: Subscription | None = None
    link: PaymentLink | None = None


def own_by_link(link: PaymentLink) -> Owner:
    return Owner(link.account_id, PaymentKind.LINK, link=link)


def find_owner(payment: objects.Payment, customer: MollieCustomer | None, subscription: Subscription | None) -> Owner:
    """The customer's account; without one that of the charge which the metadata names.

    A subscription's payments carry its metadata, which names no charge: which renewal they pay is found when applied. A
    link's payments carry nothing but the address under which Mollie tells of them, which holds the link's token.
    """
    if link := _find_link(payment):
        return own_by_link(link)
    charge = None if payment.subscription_id else _find_charge(payment)
    account_id = customer.account_id if customer else None
    if account_id is None and charge is not None:
        account_id = charge.account_id
    if charge is not None and charge.account_id != account_id:
        charge = None
    return Owner(account_id, _find_kind(payment, charge, subscription), charge, subscription)


def get_told(metadata: Any, name: str) -> str:
    """What we wrote into the metadata of something of Mollie's; empty where it is not ours."""
    return str(metadata.get(name) or "") if isinstance(metadata, dict) else ""


def _find_link(payment: objects.Payment) -> PaymentLink | None:
    token = split_address(payment.webhook_url).path.rpartition("/hook/")[2] if payment.webhook_url else ""
    return PaymentLink.objects.filter(token=token).first() if token else None


def _find_charge(payment: objects.Payment) -> Charge | None:
    told = get_told(payment.metadata, "charge")
    return Charge.objects.filter(public_id=told).first() if told else None


def _find_kind(payment: objects.Payment, charge: Charge | None, subscription: Subscription | None) -> PaymentKind:
    if charge is not None:
        return PaymentKind.RETRY if _was_tried(charge, payment) else PaymentKind(charge.kind)
    is_known = subscription is not None and subscription.account_id is not None
    return PaymentKind.RENEWAL if is_known else PaymentKind.OTHER


def _was_tried(charge: Charge, payment: objects.Payment) -> bool:
    failed = Q(status=PaymentState.FAILED.value) | Q(charged_back__gt=ZERO)
    before = Payment.objects.filter(failed, charge=charge, at__lte=payment.created_at)
    return before.exclude(mollie_id=payment.id).exists()
