"""What actions of payments act on, beside accounts: one payment, one refund."""

from __future__ import annotations

from bursar.actions.registry import Target, register_target
from bursar.payments.models import Payment, Refund
from bursar.payments.queries import refunds
from bursar.tenants.store import lock_accounts

NOBODYS = "payments"


def _accounts(payment: Payment) -> list[int]:
    """None for a payment that nobody here asked for: then its own row is all that is locked."""
    return [payment.account_id] if payment.account_id else []


def _stream(payment: Payment) -> str:
    return payment.account.public_id if payment.account else NOBODYS


def _touches(payment: Payment) -> list[str]:
    account = payment.account
    return [payment.public_id, *([account.public_id, account.organisation.public_id] if account else [])]


register_target(
    Target(
        slug="payment",
        model=Payment,
        label="payment",
        fetch=refunds.get_payment,
        accounts=_accounts,
        lock=lock_accounts,
        stream=_stream,
        touches=_touches,
        parents=lambda payment: [payment.account] if payment.account else [],
    )
)
register_target(
    Target(
        slug="refund",
        model=Refund,
        label="refund",
        fetch=refunds.get_refund,
        accounts=lambda refund: _accounts(refund.payment),
        lock=lock_accounts,
        stream=lambda refund: _stream(refund.payment),
        touches=lambda refund: [refund.public_id, *_touches(refund.payment)],
        parents=lambda refund: [refund.payment],
        page="refunds:refund",
        leads=True,
    )
)
