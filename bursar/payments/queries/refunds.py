"""Refunds as rules need them, and the queue of those that wait for a second person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from bursar.access.actor import Actor
from bursar.approvals.rules import COUNTED_FOR
from bursar.core.errors import NotFound
from bursar.payments.models import Payment, Refund
from bursar.payments.rules.refunds import Paid, Sent, add_live, calc_left
from bursar.payments.states import PaymentState, RefundState
from bursar.tenants.models import BillingAccount

PAYMENTS_OFFERED = 24


def get_payment(actor: Actor, public_id: str) -> Payment:
    """The staff's to look up. Raises NotFound."""
    found: Payment = find_for_staff(
        actor, Payment.objects.select_related("account__organisation").filter(public_id=public_id)
    )
    return found


def get_refund(actor: Actor, public_id: str) -> Refund:
    rows = Refund.objects.select_related("payment__account__organisation", "asked_by__user")
    found: Refund = find_for_staff(actor, rows.filter(public_id=public_id))
    return found


def find_for_staff(actor: Actor, rows: QuerySet[Any]) -> Any:
    thing = rows.first() if actor.all_accounts else None
    if thing is None:
        raise NotFound
    return thing


def paid_of(payment: Payment) -> Paid:
    return Paid(payment.status, payment.amount, payment.refunded, payment.charged_back, payment.method, payment.paid_at)


def list_sent(payment: Payment, *, but: Refund | None = None) -> list[Sent]:
    """`but`: leaves this one out."""
    return [Sent(one.state, one.amount) for one in payment.refunds.all() if but is None or one.pk != but.pk]


def get_left(payment: Payment, *, but: Refund | None = None) -> Decimal:
    return calc_left(paid_of(payment), list_sent(payment, but=but))


def sum_lately(account_id: int | None, now: datetime) -> Decimal:
    """What of an account goes back, or went, within the days that are counted. EUR."""
    rows = Refund.objects.filter(payment__account_id=account_id or 0, created_at__gt=now - COUNTED_FOR)
    return add_live(Sent(*row) for row in rows.values_list("state", "amount"))


def list_refundable(account: BillingAccount) -> list[tuple[Payment, Decimal]]:
    """Payments of which something may go back, newest first, with how much."""
    rows = Payment.objects.filter(account=account, status=PaymentState.PAID).order_by("-at", "-id")
    found = [(one, get_left(one)) for one in rows.prefetch_related("refunds")[:PAYMENTS_OFFERED]]
    return [(one, left) for one, left in found if left > 0]


def list_waiting() -> QuerySet[Refund]:
    """Who waits longest first."""
    return _shown().filter(state=RefundState.ASKED).order_by("created_at", "id")


def list_decided() -> QuerySet[Refund]:
    """By a second person, newest first."""
    return _shown().exclude(decided_at=None).order_by("-decided_at", "-id")


def _shown() -> QuerySet[Refund]:
    return Refund.objects.select_related(
        "payment__account__organisation", "payment__charge", "asked_by__user", "decided_by__user"
    )


def count_waiting() -> int:
    return Refund.objects.filter(state=RefundState.ASKED).count()
