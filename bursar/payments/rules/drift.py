"""What Mollie does that nobody meant. Pure. DOMAIN 6."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from bursar.payments.rules.intervals import MOLLIE_CALLS_IT

CHARGES = frozenset({"active", "pending"})
"""Statuses of a subscription at Mollie in which it charges, or will."""
ENDED = frozenset({"canceled", "suspended", "completed"})


class Drift(StrEnum):
    UNKNOWN = "unknown"
    SECOND = "second"
    AMOUNT = "amount"
    INTERVAL = "interval"
    NOBODY_THERE = "nobody_there"
    MANDATE = "mandate"
    ENDED_THERE = "ended_there"
    RETURNED_MORE = "returned_more"
    AFTER_END = "after_end"


LABELS = {
    Drift.UNKNOWN: "a subscription nobody knows here",
    Drift.SECOND: "two subscriptions for one account",
    Drift.AMOUNT: "another amount than ours",
    Drift.INTERVAL: "another interval than ours",
    Drift.NOBODY_THERE: "charges while every workspace is gone",
    Drift.MANDATE: "mandate not valid at the next charge",
    Drift.ENDED_THERE: "ended by Mollie",
    Drift.RETURNED_MORE: "more went back than was paid",
    Drift.AFTER_END: "money after an end",
}


@dataclass(frozen=True)
class Standing:
    """One subscription as Mollie has it, beside what we want. `is_changing`: a call of ours to Mollie is under way.

    `has_meant`: its account has one that is meant, which charges. `cadence`: ours; empty: none is known.
    `mandate`: the status of the mandate that it charges, empty when we do not know it; `card_expires`: its last day.
    """

    status: str
    has_account: bool
    is_meant: bool
    has_meant: bool
    is_changing: bool
    is_end_asked: bool
    amount: Decimal
    wanted: Decimal
    interval: str
    cadence: str
    next_date: date | None
    has_workspaces: bool
    mandate: str = ""
    card_expires: date | None = None


def judge_subscription(one: Standing) -> list[Drift]:
    """What is not as meant; what we are just changing is left alone until Mollie has answered."""
    if one.status in ENDED:
        is_surprise = one.is_meant and not one.is_end_asked and not one.is_changing
        return [Drift.ENDED_THERE] if is_surprise else []
    if one.status not in CHARGES:
        return []
    if not one.has_account:
        return [] if one.is_changing else [Drift.UNKNOWN]
    if one.is_changing:
        return []
    if not one.is_meant:
        return [Drift.SECOND if one.has_meant else Drift.UNKNOWN]
    found = {
        Drift.AMOUNT: one.amount != one.wanted,
        Drift.INTERVAL: bool(one.cadence) and one.interval != MOLLIE_CALLS_IT[one.cadence],
        Drift.NOBODY_THERE: not one.has_workspaces,
        Drift.MANDATE: _is_mandate_bad(one),
    }
    return [drift for drift, holds in found.items() if holds]


def _is_mandate_bad(one: Standing) -> bool:
    if one.mandate and one.mandate not in ("valid", "pending"):
        return True
    return one.card_expires is not None and one.next_date is not None and one.card_expires < one.next_date


@dataclass(frozen=True)
class Money:
    """One payment. `is_ours`: it pays for a charge that nobody ended, or only proves a new method. `is_made_up`: it is
    booked, and the account owes nothing beside its invoices.
    """

    is_paid: bool
    has_account: bool
    is_ours: bool
    amount: Decimal
    refunded: Decimal
    charged_back: Decimal
    is_made_up: bool = False

    @property
    def rest(self) -> Decimal:
        return self.amount - self.refunded - self.charged_back


def judge_payment(one: Money) -> list[Drift]:
    if one.rest < 0:
        return [] if one.is_made_up else [Drift.RETURNED_MORE]
    if one.is_paid and one.has_account and not one.is_ours and one.rest > 0:
        return [Drift.AFTER_END]
    return []
