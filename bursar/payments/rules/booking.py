"""What the ledger is to book of a charge's money: the difference between what Mollie says and what stands there. Pure.

EUR. Each payment and refund is the cause of its entries, so what is booked of it is their sum, whatever became of the
invoice meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Entry, Standing
from bursar.core.money import ZERO, euros
from bursar.payments.states import PaymentState


class NotThere(Exception):
    """More went back than the ledger has of it. The sentence says how much."""


@dataclass(frozen=True)
class Books:
    """The invoice of a charge, and the account's credit: all of it, and how much of it is money of this charge."""

    invoice: Standing
    credit: Decimal
    own_credit: Decimal

    @property
    def own(self) -> Decimal:
        return max(ZERO, min(self.own_credit, self.credit))

    def after(self, entries: Sequence[Entry]) -> Books:
        by = ledger.change_of_credit(entries)
        return Books(self.invoice.after(entries), self.credit + by, self.own_credit + by)


class Back(NamedTuple):
    """`noted`: as much of a refund as takes a credit note; the rest was paid twice, or credited before."""

    entries: list[Entry]
    noted: Decimal


def calc_kept(status: str, amount: Decimal, charged_back: Decimal) -> Decimal:
    """Of one payment: what came and was not charged back."""
    return max(ZERO, amount - charged_back) if status == PaymentState.PAID else ZERO


def follow(kept: Decimal, booked: Decimal, books: Books) -> list[Entry]:
    """Of one payment: what is missing is received, what is too much is taken back. Raises NotThere."""
    more = kept - booked
    if more > 0:
        return ledger.receive(more, [books.invoice])
    return _take_back(-more, books) if more else []


def _take_back(amount: Decimal, books: Books) -> list[Entry]:
    """First what stands to the account's good from this very charge; then the invoice is open again. As much as there
    is: only where there is nothing of it, NotThere.
    """
    from_credit = min(amount, books.own)
    from_invoice = min(amount - from_credit, books.invoice.paid)
    from_credit += min(amount - from_credit - from_invoice, books.credit - from_credit)
    if not from_credit and not from_invoice:
        raise NotThere(f"{euros(amount)} were charged back that had left before, as a refund or as credit paid back.")
    entries = ledger.pay_back(from_credit) if from_credit else []
    return entries + (ledger.take_back(from_invoice, books.invoice) if from_invoice else [])


def refund(amount: Decimal, books: Books) -> Back:
    """Mollie sent it. What was paid twice goes first, and makes no credit note. Raises NotThere."""
    from_credit = min(amount, books.own)
    noted = amount - from_credit
    if noted > min(books.invoice.paid, books.invoice.creditable):
        raise NotThere(f"{noted} EUR were refunded of an invoice for which less is booked as paid. Look at its ledger.")
    entries = ledger.pay_back(from_credit) if from_credit else []
    return Back(entries + (ledger.refund(noted, books.invoice) if noted else []), noted)


def follow_as_credit(kept: Decimal, booked: Decimal, credit: Decimal) -> list[Entry]:
    """As `follow`, of a payment that settles no invoice: it stands to the account's good. Raises NotThere."""
    more = kept - booked
    if more > 0:
        return ledger.receive(more, [])
    return _leave(-more, credit, "charged back") if more else []


def send_again(amount: Decimal, books: Books) -> list[Entry]:
    """A refund that came back, and has its credit note, leaves after all. Raises NotThere."""
    return _leave(amount, books.credit, "refunded")


def leave_credit(amount: Decimal, credit: Decimal) -> list[Entry]:
    """A refund of money that stood to the account's good: no credit note. Raises NotThere."""
    return _leave(amount, credit, "refunded")


def _leave(amount: Decimal, credit: Decimal, went: str) -> list[Entry]:
    if amount > credit:
        raise NotThere(f"{amount} EUR were {went} that do not stand to the account's good any more.")
    return ledger.pay_back(amount)


def come_again(amount: Decimal, books: Books | None = None) -> list[Entry]:
    """A refund that Mollie had sent did not go through: the credit note stands, so the account has it to its good."""
    return ledger.receive(amount, [])
