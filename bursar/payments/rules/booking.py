"""What the ledger is to book of a charge's money: the difference between what Mollie says and what stands there. Pure.

EUR. Each payment and refund is the cause of its entries, so what is booked of it is their sum, whatever became of the
invoice meanwhile. What came less what went back may be below 0: the invoice is open then for all that it still asks,
and the account owes the rest. Money that comes again settles the invoice first, then makes up for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Entry, Standing
from bursar.core.money import ZERO
from bursar.payments.states import PaymentState


@dataclass(frozen=True)
class Books:
    """The invoice of a charge (None: its money stands to the account's good), and the account's money.

    `there`: all that came for the account, was for no invoice and did not go back; `owed`: what went back beyond what
    had come, and was not given up. `own`, `own_owed`: of this charge's money the same, given up or not.
    """

    invoice: Standing | None
    there: Decimal
    owed: Decimal
    own: Decimal
    own_owed: Decimal

    @property
    def left(self) -> Decimal:
        """What is there still of this charge's money; the rest was applied or paid back."""
        return max(ZERO, min(self.own, self.there))

    def after(self, entries: Sequence[Entry]) -> Books:
        owed, overdrawn = ledger.change_of_owed(entries), ledger.change_of_overdrawn(entries)
        by = ledger.change_of_credit(entries) + owed
        invoice = self.invoice and self.invoice.after(entries)
        return Books(invoice, self.there + by, self.owed + owed, self.own + by, self.own_owed + overdrawn)


class Back(NamedTuple):
    """`noted`: as much of a refund as takes a credit note; the rest was paid twice, or credited before."""

    entries: list[Entry]
    noted: Decimal


def calc_kept(status: str, amount: Decimal, charged_back: Decimal) -> Decimal:
    """Of one payment: what came less what was charged back. With what refunds sent taken off as well, it is what really
    came of it and stayed, and may be below 0.
    """
    return amount - charged_back if status == PaymentState.PAID else ZERO


def follow(kept: Decimal, booked: Decimal, books: Books) -> list[Entry]:
    """Of one payment: what is missing is received, what is too much is taken back."""
    more = kept - booked
    if more > 0:
        return _receive(more, books)
    return leave(-more, books) if more else []


def _receive(amount: Decimal, books: Books) -> list[Entry]:
    """For the invoice, then for what this charge's money is owed, then to the account's good."""
    entries = ledger.receive(amount, [books.invoice] if books.invoice else [])
    over = ledger.change_of_credit(entries)
    return [one for one in entries if one.invoice is not None] + (come_again(over, books) if over else [])


def refund(amount: Decimal, invoice: Standing, books: Books) -> Back:
    """Mollie sent it. What was paid twice goes first, and makes no credit note; nor does what is credited already."""
    from_credit = min(amount, books.left)
    noted = min(amount - from_credit, invoice.creditable)
    from_invoice = min(noted, invoice.paid)
    entries = ledger.refund(from_invoice, invoice) if from_invoice else []
    if noted > from_invoice:
        entries += ledger.credit(noted - from_invoice, invoice.after(entries))
    rest = amount - from_invoice
    return Back(entries + (leave(rest, books.after(entries)) if rest else []), noted)


def leave(amount: Decimal, books: Books) -> list[Entry]:
    """Money goes, and no credit note is made of it: charged back, or a refund that came back and leaves after all.

    First what is there of this charge's money; then the invoice is open again; the rest is owed.
    """
    from_credit = min(amount, books.left)
    from_invoice = min(amount - from_credit, books.invoice.paid if books.invoice else ZERO)
    owed = amount - from_credit - from_invoice
    entries = ledger.pay_back(from_credit) if from_credit else []
    entries += ledger.overdraw(owed) if owed else []
    return entries + (ledger.take_back(from_invoice, books.invoice) if books.invoice and from_invoice else [])


def come_again(amount: Decimal, books: Books) -> list[Entry]:
    """A refund that Mollie had sent did not go through: the credit note stands, so the account has it to its good."""
    again = min(amount, books.own_owed)
    entries = ledger.make_up(again, books.owed) if again else []
    return entries + (ledger.receive(amount - again, []) if amount > again else [])
