"""Where each euro of invoices stands: the only rules of the ledger. Pure. EUR.

An invoice's gross is always open + paid + credited + written off. Money over stands as the account's credit, which is
below 0 by what went back beyond what had come and was not given up, and by no more. Each change is a few entries; an
entry lowers what is open of its invoice by its amount, or raises the account's credit where it has none. Nothing is
ever changed or taken out: what was wrong is turned round by further entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from bursar.core.money import ZERO, cents


class EntryKind(StrEnum):
    """RECEIVED: came from outside. RETURNED: went back there. MOVED: between an invoice and the account's credit.

    CREDITED: by a credit note. WRITTEN_OFF: given up, of an invoice or of what the account owes beside them.
    DIFFERENCE: so small that it is let be, and settles. OVERDRAWN: went back beyond what had come, of the account
    alone, which owes it.
    """

    RECEIVED = "received"
    RETURNED = "returned"
    MOVED = "moved"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"
    DIFFERENCE = "difference"
    OVERDRAWN = "overdrawn"


_MONEY = frozenset({EntryKind.RECEIVED, EntryKind.RETURNED, EntryKind.MOVED})
_OF_OWED = frozenset({EntryKind.OVERDRAWN, EntryKind.WRITTEN_OFF})


@dataclass(frozen=True)
class Entry:
    """`invoice`: its key; None: the account's credit."""

    kind: EntryKind
    invoice: int | None
    amount: Decimal


@dataclass(frozen=True)
class Standing:
    """Of one invoice. `paid`: money, and credit of the account that was applied."""

    invoice: int
    gross: Decimal
    paid: Decimal = ZERO
    credited: Decimal = ZERO
    written_off: Decimal = ZERO
    difference: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        return self.gross - self.paid - self.credited - self.written_off - self.difference

    @property
    def creditable(self) -> Decimal:
        return self.gross - self.credited

    @property
    def is_settled(self) -> bool:
        """By money: nothing is open, nothing was given up, and not all of it was credited."""
        return self.open == 0 and self.written_off == 0 and self.creditable > 0 and self.paid > 0

    def after(self, entries: Iterable[Entry]) -> Standing:
        """Raises ValueError where a part would be below 0: the ledger holds no such thing."""
        paid, credited, written_off, difference = self.paid, self.credited, self.written_off, self.difference
        for entry in entries:
            if entry.invoice != self.invoice:
                continue
            if entry.kind in _MONEY:
                paid += entry.amount
            elif entry.kind is EntryKind.CREDITED:
                credited += entry.amount
            elif entry.kind is EntryKind.WRITTEN_OFF:
                written_off += entry.amount
            else:
                difference += entry.amount
        then = replace(self, paid=paid, credited=credited, written_off=written_off, difference=difference)
        if min(paid, credited, written_off, difference, then.open) < 0:
            raise ValueError(f"{then} is out of balance")
        return then


class InvoiceState(StrEnum):
    """As lists say it; OVERDUE and PART_PAID ask for money still."""

    OPEN = "open"
    PART_PAID = "part paid"
    OVERDUE = "overdue"
    PAID = "paid"
    CREDITED = "credited"
    WRITTEN_OFF = "written off"


def say_state(one: Standing, due_on: date | None, today: date) -> InvoiceState:
    """Of an invoice. What is due today is not overdue."""
    if one.open > 0:
        if due_on is not None and due_on < today:
            return InvoiceState.OVERDUE
        return InvoiceState.PART_PAID if one.paid else InvoiceState.OPEN
    if one.written_off:
        return InvoiceState.WRITTEN_OFF
    return InvoiceState.CREDITED if one.creditable == 0 else InvoiceState.PAID


def change_of_credit(entries: Iterable[Entry]) -> Decimal:
    """Of the account's credit, by these entries."""
    return sum((entry.amount for entry in entries if entry.invoice is None), ZERO)


def change_of_overdrawn(entries: Iterable[Entry]) -> Decimal:
    """Of what went back of the account's money beyond what had come, by these entries."""
    return -sum((entry.amount for entry in entries if entry.kind is EntryKind.OVERDRAWN), ZERO)


def change_of_owed(entries: Iterable[Entry]) -> Decimal:
    """Of that, what was not given up: by as much the account's credit may be below 0."""
    return -sum((entry.amount for entry in entries if entry.invoice is None and entry.kind in _OF_OWED), ZERO)


def change_of_given_up(entries: Iterable[Entry]) -> Decimal:
    """Of what the account owed beside its invoices and is asked for no more."""
    given_up = (entry for entry in entries if entry.invoice is None and entry.kind is EntryKind.WRITTEN_OFF)
    return sum((entry.amount for entry in given_up), ZERO)


def receive(amount: Decimal, invoices: Sequence[Standing]) -> list[Entry]:
    """Money from outside: for these invoices in their order, the rest is the account's credit.

    Where an invoice was given up, money that still comes for it reopens that much. amount: above 0.
    """
    entries, left = [], amount
    for one in invoices:
        taken = min(left, one.open + one.written_off)
        reopened = max(ZERO, taken - one.open)
        if reopened:
            entries.append(Entry(EntryKind.WRITTEN_OFF, one.invoice, -reopened))
        if taken:
            entries.append(Entry(EntryKind.RECEIVED, one.invoice, taken))
        left -= taken
    if left:
        entries.append(Entry(EntryKind.RECEIVED, None, left))
    return entries


def settle(amount: Decimal, one: Standing, tolerated: Decimal) -> list[Entry]:
    """As `receive` for one invoice; where no more than `tolerated` stays open, that is booked as a difference."""
    entries = receive(amount, [one])
    left = one.after(entries).open
    if 0 < left <= tolerated:
        entries.append(Entry(EntryKind.DIFFERENCE, one.invoice, left))
    return entries


def credit(amount: Decimal, one: Standing) -> list[Entry]:
    """A credit note: of what is open first, then of what was given up or let be; what was paid for it becomes the
    account's credit. amount: above 0 and at most `creditable`.
    """
    entries = [Entry(EntryKind.CREDITED, one.invoice, amount)]
    left = amount - min(amount, one.open)
    for kind, given_up in ((EntryKind.WRITTEN_OFF, one.written_off), (EntryKind.DIFFERENCE, one.difference)):
        freed = min(left, given_up)
        if freed:
            entries.append(Entry(kind, one.invoice, -freed))
        left -= freed
    return entries + (_move(-left, one.invoice) if left else [])


def refund(amount: Decimal, one: Standing) -> list[Entry]:
    """Money that went back with a credit note of that part: what is open stays. amount: at most `paid`."""
    return [Entry(EntryKind.CREDITED, one.invoice, amount), Entry(EntryKind.RETURNED, one.invoice, -amount)]


def take_back(amount: Decimal, one: Standing) -> list[Entry]:
    """Money that was charged back, or booked by mistake: the invoice is open again by that much.

    amount: at most `paid`. What was let be for a small difference is asked for again.
    """
    entries = [Entry(EntryKind.RETURNED, one.invoice, -amount)]
    if one.difference:
        entries.append(Entry(EntryKind.DIFFERENCE, one.invoice, -one.difference))
    return entries


def take_off(amount: Decimal, one: Standing, received: Decimal) -> list[Entry]:
    """A payment taken off its invoice: money first; the rest was the account's credit, and is so again.

    amount: at most `paid`. received: what of that came from outside.
    """
    money = min(amount, received)
    entries = take_back(money, one) if money else []
    return entries + (unapply(amount - money, one) if amount > money else [])


def apply(amount: Decimal, one: Standing) -> list[Entry]:
    """The account's credit pays an invoice. amount: at most the credit, and at most `open`."""
    return _move(amount, one.invoice)


def unapply(amount: Decimal, one: Standing) -> list[Entry]:
    """What `apply` did, turned round. amount: at most `paid`."""
    return _move(-amount, one.invoice)


def carry_over(one: Standing, new: Standing) -> list[Entry]:
    """One that another takes the place of: it is credited in full, and what was paid for it, given up or let be stands
    at the new one, as far as that asks for as much; the rest is the account's credit.

    one: nothing of it is credited. new: nothing is booked yet, and it asks for no more.
    """
    entries, left = credit(one.gross, one), new.gross
    paid = min(one.paid, left)
    if paid:
        entries += _move(paid, new.invoice)
    left -= paid
    for kind, amount in ((EntryKind.WRITTEN_OFF, one.written_off), (EntryKind.DIFFERENCE, one.difference)):
        kept = min(amount, left)
        if kept:
            entries.append(Entry(kind, new.invoice, kept))
        left -= kept
    return entries


def pay_back(amount: Decimal) -> list[Entry]:
    """The account's credit leaves. amount: at most the credit."""
    return [Entry(EntryKind.RETURNED, None, -amount)]


def take_again(amount: Decimal) -> list[Entry]:
    """What `pay_back` did, turned round: it did not leave after all."""
    return [Entry(EntryKind.RETURNED, None, amount)]


def overdraw(amount: Decimal) -> list[Entry]:
    """Money went back that is nowhere here: the account owes it."""
    return [Entry(EntryKind.OVERDRAWN, None, -amount)]


def make_up(amount: Decimal, owed: Decimal) -> list[Entry]:
    """What `overdraw` did, turned round: it came again. What was given up of it is asked for again first.

    amount: at most `owed`, what the account owes still, and what was given up.
    """
    given_up = max(ZERO, amount - owed)
    return [*(ask_again(given_up) if given_up else []), Entry(EntryKind.OVERDRAWN, None, amount)]


def give_up(amount: Decimal) -> list[Entry]:
    """What the account owes beside its invoices is asked for no more. amount: at most what its credit is below 0."""
    return [Entry(EntryKind.WRITTEN_OFF, None, amount)]


def ask_again(amount: Decimal) -> list[Entry]:
    """What `give_up` did, turned round. amount: at most what was given up."""
    return [Entry(EntryKind.WRITTEN_OFF, None, -amount)]


def write_off(one: Standing) -> list[Entry]:
    """All that is open is given up; no credit note."""
    return [Entry(EntryKind.WRITTEN_OFF, one.invoice, one.open)]


def reopen(amount: Decimal, one: Standing) -> list[Entry]:
    """What `write_off` did, turned round. amount: at most `written_off`."""
    return [Entry(EntryKind.WRITTEN_OFF, one.invoice, -amount)]


def _move(amount: Decimal, invoice: int) -> list[Entry]:
    """From the account's credit to the invoice; below 0, the other way."""
    moved = cents(amount)
    return [Entry(EntryKind.MOVED, invoice, moved), Entry(EntryKind.MOVED, None, -moved)]
