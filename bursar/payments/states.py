"""Words of payments that rules, tables and pages share. Pure; `payments.models` makes its choices of them. DOMAIN 6."""

from __future__ import annotations

from enum import StrEnum


class ChargeKind(StrEnum):
    """What money is asked for.

    FIRST: the first interval, at a checkout. RENEWAL: a later one, which Mollie takes by the subscription. SEAT: seats
    above the highest count paid in this interval. UPGRADE: the difference to a dearer tier for the days that are left.
    METHOD: the least that proves a new way of paying; it goes back at once.
    LINK, INVOICE: what staff asked for by a link or an invoice.
    """

    FIRST = "first"
    RENEWAL = "renewal"
    SEAT = "seat"
    UPGRADE = "upgrade"
    METHOD = "method"
    LINK = "link"
    INVOICE = "invoice"


class ChargeState(StrEnum):
    """PLANNED: its day has not come (renewals). ASKED: Mollie is being told. OPEN: the customer can pay.

    UNDER_WAY: with the bank. FAILED: tried in vain, or taken back; still owed. ENDED: nobody owes it any more.
    """

    PLANNED = "planned"
    ASKED = "asked"
    OPEN = "open"
    UNDER_WAY = "under_way"
    PAID = "paid"
    FAILED = "failed"
    ENDED = "ended"


class PaymentKind(StrEnum):
    """As the Payments page shows it. RETRY: a further try at a charge that failed. OTHER: nobody here asked for it."""

    FIRST = "first"
    RENEWAL = "renewal"
    SEAT = "seat"
    UPGRADE = "upgrade"
    RETRY = "retry"
    METHOD = "method"
    LINK = "link"
    INVOICE = "invoice"
    OTHER = "other"


class PaymentSource(StrEnum):
    MOLLIE = "mollie"
    BANK = "bank"


class PaymentState(StrEnum):
    """Mollie's own words for one payment. It stays PAID when money goes back."""

    OPEN = "open"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    PAID = "paid"
    CANCELED = "canceled"
    EXPIRED = "expired"
    FAILED = "failed"


RUNNING = frozenset({PaymentState.OPEN.value, PaymentState.PENDING.value, PaymentState.AUTHORIZED.value})
"""Payments that will still become something else."""


class RefundState(StrEnum):
    """First ours, until Mollie was asked; then Mollie's own words.

    ASKED: waits for a second person. SENDING: Mollie is being told.
    """

    ASKED = "asked"
    DENIED = "denied"
    SENDING = "sending"
    QUEUED = "queued"
    PENDING = "pending"
    PROCESSING = "processing"
    REFUNDED = "refunded"
    FAILED = "failed"
    CANCELED = "canceled"


class ThenEnd(StrEnum):
    """What a refund does beside: money only, or the subscription ends too."""

    NOTHING = "nothing"
    AT_PAID_END = "at_paid_end"
    NOW = "now"


class CallState(StrEnum):
    """Of one call to Mollie. LOOKING: too old to be repeated under its key, so one looks whether it was done."""

    WAITING = "waiting"
    LOOKING = "looking"
    DONE = "done"
    REFUSED = "refused"
    DROPPED = "dropped"


class LinkState(StrEnum):
    """Of a payment link. MAKING: Mollie is being told. OPEN: it can be paid, until it expires. ENDED: archived.

    REFUSED: Mollie would not make it.
    """

    MAKING = "making"
    OPEN = "open"
    PAID = "paid"
    ENDED = "ended"
    REFUSED = "refused"


class CallOp(StrEnum):
    """What we may ask Mollie to do. `payments/carry/` says how each is done, and what its body names."""

    CUSTOMER_CREATE = "customer.create"
    PAYMENT_CREATE = "payment.create"
    PAYMENT_CANCEL = "payment.cancel"
    SUBSCRIPTION_CREATE = "subscription.create"
    SUBSCRIPTION_UPDATE = "subscription.update"
    SUBSCRIPTION_CANCEL = "subscription.cancel"
    MANDATE_REVOKE = "mandate.revoke"
    REFUND_CREATE = "refund.create"
    LINK_CREATE = "link.create"
    LINK_ARCHIVE = "link.archive"
