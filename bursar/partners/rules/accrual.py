"""What an entry of the referral ledger comes to: the only rules of it. Pure. EUR, net of VAT.

A total is worked out from what was received and stayed, never counted up: its share of each euro that came while the
entry ran, less what went back of those euros since, rounded once, and at most the cap. So the order in which news come
moves no total, and what goes back gives room under the cap again. Lines are only added: each is the difference
between what a receipt comes to now and what its lines say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from bursar.core.money import CENT, ZERO, cents

HELD_FOR = timedelta(weeks=8)
"""A payer may take a direct debit back for eight weeks, without a reason."""
CAP_KEY = "cap"
"""Of lines that no receipt made: another cap lets more, or less, of the same money count."""


class LineKind(StrEnum):
    """RECEIVED: money came. RETURNED: it went back. CHANGED: terms did, with the same money."""

    RECEIVED = "received"
    RETURNED = "returned"
    CHANGED = "changed"


@dataclass(frozen=True)
class Position:
    """What stays of one receipt. `on`: the seller's day on which it came; `moved_on`: when any of it moved last.

    `subscription`, `other`: net of VAT. `is_debit`: the payer's bank may take it back. `is_known`: the document that
    says what it paid for is there still; without it what was counted of it stays.
    """

    key: str
    on: date
    moved_on: date
    subscription: Decimal
    other: Decimal = ZERO
    is_debit: bool = False
    is_known: bool = True


@dataclass(frozen=True)
class Terms:
    """From a day on: per cent of what is received, and whether that is all money or the subscription's alone."""

    from_on: date
    share: int
    with_other: bool = False


@dataclass(frozen=True)
class Agreement:
    """`terms`: by their days. `expires_on`: the last day on which money counts; None: no end. `cap`: None: no cap."""

    starts_on: date
    terms: tuple[Terms, ...]
    expires_on: date | None = None
    cap: Decimal | None = None

    def terms_on(self, day: date) -> Terms | None:
        """None where what is received does not count."""
        if day < self.starts_on or (self.expires_on is not None and day > self.expires_on):
            return None
        return next((one for one in reversed(self.terms) if one.from_on <= day), None)


@dataclass(frozen=True)
class Counted:
    """Of one receipt: what counts of it, the share of that (not rounded), and what lines gave for it so far."""

    net: Decimal = ZERO
    earned: Decimal = ZERO
    amount: Decimal = ZERO


@dataclass(frozen=True)
class Line:
    """One difference. `amount`: what the total moves by; 0 above the cap. `payable_on`: from when it is owed."""

    key: str
    kind: LineKind
    on: date
    net: Decimal
    earned: Decimal
    amount: Decimal
    payable_on: date


def count(agreement: Agreement, one: Position) -> Counted:
    """What it comes to as things stand; `amount` is left at 0."""
    terms = agreement.terms_on(one.on)
    if terms is None:
        return Counted()
    net = one.subscription + (one.other if terms.with_other else ZERO)
    return Counted(net, net * terms.share / 100)


def calc_total(earned: Decimal, cap: Decimal | None) -> Decimal:
    """earned: the sum over all receipts. Rounded here and once."""
    total = cents(earned)
    return total if cap is None else min(total, cap)


def is_cut(earned: Decimal, amount: Decimal) -> bool:
    """Whether the cap kept a line's share from counting, in whole or in part. Rounding alone moves less than a cent."""
    return abs(earned) - abs(amount) >= CENT


def calc_whole(agreement: Agreement, positions: Iterable[Position]) -> Decimal:
    """What the entry comes to, from its sources alone."""
    return calc_total(sum((count(agreement, one).earned for one in positions), ZERO), agreement.cap)


def list_new_lines(
    agreement: Agreement,
    positions: Iterable[Position],
    recorded: Mapping[str, Counted],
    today: date,
    open_from: date,
) -> list[Line]:
    """What is to be added so that the lines come to what was received. `recorded`: by key, all that stands there.

    `open_from`: the first day that no settlement covers; no line is owed from before it. Nothing to add: empty.
    """
    found = {one.key: one for one in positions}
    gone = [Position(key, today, today, ZERO) for key in recorded if key not in found and key != CAP_KEY]
    earned = sum((one.earned for one in recorded.values()), ZERO)
    booked = sum((one.amount for one in recorded.values()), ZERO)
    lines = []
    for one in sorted([*found.values(), *gone], key=lambda one: (one.moved_on, one.key)):
        was, now = recorded.get(one.key, Counted()), count(agreement, one)
        if not one.is_known or (was.net, was.earned) == (now.net, now.earned):
            continue
        earned += now.earned - was.earned
        total = calc_total(earned, agreement.cap)
        lines.append(_line(one, was, now, total - booked, open_from))
        booked = total
    left = calc_total(earned, agreement.cap) - booked
    if left:
        day = max(today, open_from)
        lines.append(Line(CAP_KEY, LineKind.CHANGED, today, ZERO, ZERO, left, day))
    return lines


def _line(one: Position, was: Counted, now: Counted, amount: Decimal, open_from: date) -> Line:
    net, earned = now.net - was.net, now.earned - was.earned
    kind = LineKind.CHANGED if net == 0 else LineKind.RECEIVED if net > 0 else LineKind.RETURNED
    on = one.on if was == Counted() else one.moved_on
    return Line(one.key, kind, on, net, earned, amount, max(_owed_from(one, was, amount), open_from))


def _owed_from(one: Position, was: Counted, amount: Decimal) -> date:
    """What is taken off is so at once, unless the very receipt that it is taken off is not owed yet."""
    is_held = one.is_debit and (amount >= 0 or was.amount + amount >= 0)
    return max(one.moved_on, one.on + HELD_FOR) if is_held else one.moved_on
