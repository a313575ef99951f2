"""Money that we send back: how much there is, when it may leave twice, and who decides. Pure. DOMAIN 6."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from bursar.approvals.rules import Words
from bursar.core.days import last_day_of, say_day
from bursar.core.money import ZERO, euros
from bursar.payments.states import PaymentState, RefundState

DEAD = frozenset({RefundState.DENIED, RefundState.FAILED, RefundState.CANCELED})
NOT_AT_MOLLIE = frozenset({RefundState.ASKED, RefundState.SENDING})
DIRECT_DEBIT = "directdebit"
MAY_BE_TAKEN_BACK = timedelta(weeks=8)
GO_BACK = Words("of this payment go back", "go back to this account")


class Sent(NamedTuple):
    """One refund of a payment, in whatever state. EUR."""

    state: str
    amount: Decimal


class Paid(NamedTuple):
    """A payment as the mirror has it. `refunded`, `charged_back`: as Mollie says. EUR, gross."""

    status: str
    amount: Decimal
    refunded: Decimal
    charged_back: Decimal
    method: str
    paid_at: datetime | None


def add_live(refunds: Iterable[Sent]) -> Decimal:
    """What goes back, went back, or is asked for."""
    return sum((one.amount for one in refunds if one.state not in DEAD), ZERO)


def calc_left(paid: Paid, refunds: Iterable[Sent]) -> Decimal:
    """What may still go back. What is asked for here counts already, and what Mollie knows alone counts too."""
    known = list(refunds)
    ours = sum((one.amount for one in known if one.state in NOT_AT_MOLLIE), ZERO)
    gone = max(add_live(known), paid.refunded + ours)
    return max(ZERO, paid.amount - paid.charged_back - gone)


def why_not_refund(paid: Paid, refunds: Iterable[Sent]) -> str | None:
    if paid.status != PaymentState.PAID:
        return "No money has arrived by this payment."
    if calc_left(paid, refunds) <= 0:
        return "All of it went back already, was charged back, or is on its way."
    return None


def why_not_amount(amount: Decimal, left: Decimal) -> str | None:
    if amount > left:
        return f"At most {euros(left)} of this payment can go back; {euros(amount)} is more."
    return None


def until_taken_back(paid: Paid, now: datetime) -> datetime | None:
    """Until when the payer can have a direct debit taken back by their bank, no questions asked; None: no more."""
    if paid.method != DIRECT_DEBIT or paid.paid_at is None:
        return None
    until = paid.paid_at + MAY_BE_TAKEN_BACK
    return until if until > now else None


def warn_of_twice(until: datetime) -> str:
    return (
        f"It was a direct debit: until {say_day(last_day_of(until))} the payer can have it taken back by their bank as "
        "well, and then the money has left twice."
    )
