"""What actions of payments act on, beside accounts: one payment, one refund, one subscription at Mollie."""

from __future__ import annotations

from bursar.actions.registry import Target, register_target
from bursar.core.money import euros
from bursar.payments.models import Payment, PaymentLink, Refund, Subscription
from bursar.payments.queries import links, refunds
from bursar.payments.queries.strangers import get_subscription
from bursar.tenants.store import lock_accounts

NOBODYS = "payments"


def _accounts(one: Payment | Subscription) -> list[int]:
    """None for what nobody here asked for: then its own row is all that is locked."""
    return [one.account_id] if one.account_id else []


def _stream(one: Payment | Subscription) -> str:
    return one.account.public_id if one.account else NOBODYS


def _name(one: Payment | Subscription | Refund) -> str:
    """How much, whose, and what Mollie calls it: an id alone tells nobody apart."""
    account = one.payment.account if isinstance(one, Refund) else one.account
    return f"{euros(one.amount)}{f' of {account}' if account else ''} ({one})"


def _touches(one: Payment | Subscription) -> list[str]:
    account = one.account
    return [one.public_id, *([account.public_id, account.organisation.public_id] if account else [])]


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
        name=_name,
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
        name=_name,
    )
)
register_target(
    Target(
        slug="subscription",
        model=Subscription,
        label="subscription at Mollie",
        fetch=get_subscription,
        accounts=_accounts,
        lock=lock_accounts,
        stream=_stream,
        touches=_touches,
        parents=lambda one: [one.account] if one.account else [],
        name=_name,
    )
)
register_target(
    Target(
        slug="payment_link",
        model=PaymentLink,
        label="payment link",
        fetch=links.get_link,
        accounts=lambda link: [link.account_id],
        lock=lock_accounts,
        stream=lambda link: link.account.public_id,
        touches=lambda link: [link.public_id, link.account.public_id, link.account.organisation.public_id],
        parents=lambda link: [link.account],
    )
)
