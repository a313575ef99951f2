"""A whole history of charges and of Mollie's mirror, written at once: for the demo, and for companies of tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from bursar.payments.models import Charge, Chargeback, Mandate, MollieCustomer, Payment, Refund, Subscription
from bursar.payments.states import ChargeKind

CHUNK = 2_000


@dataclass
class History:
    """Rows that are not written yet; those that name another one hold it."""

    customers: list[MollieCustomer] = field(default_factory=list)
    mandates: list[Mandate] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    chargebacks: list[Chargeback] = field(default_factory=list)


@transaction.atomic
def write(history: History) -> None:
    """All or nothing, each kind after those that it names. What the payments say counts as applied, and as booked with
    the invoices; what came by a link without one is booked by the next minute, to the account's good.
    """
    for payment in history.payments:
        payment.to_apply = False
        payment.to_book = payment.charge is not None and payment.charge.kind == ChargeKind.LINK
        payment.applied_status = payment.status
        payment.applied_refunded, payment.applied_charged_back = payment.refunded, payment.charged_back
    kinds: tuple[tuple[Any, list[Any]], ...] = (
        (MollieCustomer, history.customers),
        (Mandate, history.mandates),
        (Subscription, history.subscriptions),
        (Charge, history.charges),
        (Payment, history.payments),
        (Refund, history.refunds),
        (Chargeback, history.chargebacks),
    )
    for model, rows in kinds:
        model.objects.bulk_create(rows, batch_size=CHUNK)
