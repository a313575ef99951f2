"""Whatever comes and goes back of one charge's money, is given up and asked for again: the ledger against a sum of its
own.

What is owed beside a paid invoice is no fault: who pays the invoice expects that it is paid, by a link or a bank line
for what is open of it, while what a refund and a charge-back took together stays owed. To make up for that first would
leave the invoice open that was just paid, and its plan unpaid. So the demand is on the moment in which something
becomes owed: then the invoice asks for all that it can already.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Entry, EntryKind, Standing
from bursar.core.money import ZERO
from bursar.payments.rules import booking
from bursar.payments.rules.booking import Books

GROSS = Decimal("121.00")
PART = st.decimals(Decimal("0.01"), GROSS, places=2)
PICK = st.integers(0, 99)


@dataclass
class Paid:
    """As Mollie has it."""

    amount: Decimal
    charged_back: Decimal = ZERO


@dataclass
class Sent:
    amount: Decimal
    is_sent: bool = True


@dataclass
class Kept:
    """What is booked: of each cause, of the account, and what credit notes were made. `others`: what came for the
    account by other ways less what left; `others_owed`: what it owes of other charges' money, given up or not.
    """

    by: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    credit: Decimal = ZERO
    owed: Decimal = ZERO
    given_up: Decimal = ZERO
    notes: Decimal = ZERO
    others: Decimal = ZERO
    others_owed: Decimal = ZERO


class Following(RuleBasedStateMachine):
    """News pile up until somebody looks. `asks`: whether there is an invoice, or the money is the account's credit."""

    asks = True

    def __init__(self) -> None:
        super().__init__()
        self.payments: list[Paid] = []
        self.refunds: list[Sent] = []
        self.known: list[bool] = []
        self.books = Books(Standing(1, GROSS) if self.asks else None, ZERO, ZERO, ZERO, ZERO)
        self.kept = Kept()

    # Mollie

    @rule(amount=st.one_of(st.just(GROSS), PART))
    def money_comes(self, amount: Decimal) -> None:
        self.payments.append(Paid(amount))

    @precondition(lambda self: self.payments)
    @rule(number=PICK, amount=st.one_of(st.just(GROSS), PART))
    def it_is_charged_back(self, number: int, amount: Decimal) -> None:
        one = self.payments[number % len(self.payments)]
        one.charged_back += min(amount, one.amount - one.charged_back)

    @precondition(lambda self: self.payments)
    @rule(number=PICK, part=st.one_of(st.just(Decimal(1)), st.decimals(0, 1, places=2)))
    def a_chargeback_is_reversed(self, number: int, part: Decimal) -> None:
        one = self.payments[number % len(self.payments)]
        one.charged_back -= (one.charged_back * part).quantize(Decimal("0.01"))

    @precondition(lambda self: self.payments)
    @rule(number=PICK, amount=st.one_of(st.just(GROSS), PART))
    def it_is_refunded(self, number: int, amount: Decimal) -> None:
        """Whether it was charged back before, or is afterwards: the money leaves twice then."""
        self.refunds.append(Sent(min(amount, self.payments[number % len(self.payments)].amount)))

    @precondition(lambda self: self.refunds)
    @rule(number=PICK)
    def a_refund_fails_or_leaves_again(self, number: int) -> None:
        one = self.refunds[number % len(self.refunds)]
        one.is_sent = not one.is_sent

    # What somebody here does beside it

    @precondition(lambda self: self.asks)
    @rule(amount=PART)
    def somebody_credits_it(self, amount: Decimal) -> None:
        assert self.books.invoice is not None
        part = min(amount, self.books.invoice.creditable)
        if part:
            self.book(ledger.credit(part, self.books.invoice), "")
            self.kept.notes += part

    @precondition(lambda self: self.asks)
    @rule()
    def it_is_given_up(self) -> None:
        assert self.books.invoice is not None
        if self.books.invoice.open:
            self.book(ledger.write_off(self.books.invoice), "")

    @precondition(lambda self: self.kept.credit < 0)
    @rule(amount=PART)
    def what_is_owed_is_given_up(self, amount: Decimal) -> None:
        self.book_elsewhere(ledger.give_up(min(amount, -self.kept.credit)))

    @precondition(lambda self: self.kept.given_up > 0)
    @rule(amount=PART)
    def it_is_asked_for_again(self, amount: Decimal) -> None:
        self.book_elsewhere(ledger.ask_again(min(amount, self.kept.given_up)))

    @rule(amount=PART)
    def other_money_comes(self, amount: Decimal) -> None:
        self.book_elsewhere(ledger.receive(amount, []))
        self.kept.others += amount

    @precondition(lambda self: self.kept.credit > 0)
    @rule(amount=PART)
    def credit_pays_another_invoice(self, amount: Decimal) -> None:
        paid = min(amount, self.kept.credit)
        self.book_elsewhere([one for one in ledger.apply(paid, Standing(2, paid)) if one.invoice is None])
        self.kept.others -= paid

    @rule(amount=PART)
    def money_of_another_charge_leaves(self, amount: Decimal) -> None:
        self.book_elsewhere(ledger.overdraw(amount))
        self.kept.others -= amount
        self.kept.others_owed += amount

    @precondition(lambda self: self.kept.others_owed > 0)
    @rule(amount=PART)
    def it_comes_again(self, amount: Decimal) -> None:
        again = min(amount, self.kept.others_owed)
        self.book_elsewhere(ledger.make_up(again, self.kept.owed))
        self.kept.others += again
        self.kept.others_owed -= again

    # The minute

    def book(self, entries: list[Entry], cause: str) -> None:
        for entry in entries:
            if entry.kind in (EntryKind.RECEIVED, EntryKind.RETURNED, EntryKind.OVERDRAWN):
                self.kept.by[cause] += entry.amount
        self.keep(entries)
        self.books = self.books.after(entries)
        if ledger.change_of_overdrawn(entries) > 0:
            assert self.books.invoice is None or self.books.invoice.paid == 0, "it is open first for all that it asks"
            assert self.books.left == 0, "what is there of its money goes first"

    def book_elsewhere(self, entries: list[Entry]) -> None:
        """Of the account, and not of this charge's money."""
        self.keep(entries)
        owed = ledger.change_of_owed(entries)
        there = self.books.there + ledger.change_of_credit(entries) + owed
        self.books = replace(self.books, there=there, owed=self.books.owed + owed)

    def keep(self, entries: list[Entry]) -> None:
        self.kept.credit += ledger.change_of_credit(entries)
        self.kept.owed += ledger.change_of_owed(entries)
        self.kept.given_up += ledger.change_of_given_up(entries)

    @rule()
    def somebody_looks(self) -> None:
        for place, one in enumerate(self.payments):
            kept = booking.calc_kept("paid", one.amount, one.charged_back)
            self.book(booking.follow(kept, self.kept.by[f"p{place}"], self.books), f"p{place}")
        for place, sent in enumerate(self.refunds):
            cause, is_booked = f"r{place}", self.kept.by[f"r{place}"] != 0
            if place >= len(self.known):
                self.known.append(False)
            if sent.is_sent and not self.known[place] and self.books.invoice is not None:
                back = booking.refund(sent.amount, self.books.invoice, self.books)
                self.kept.notes += back.noted
                self.book(back.entries, cause)
                self.known[place] = True
            elif sent.is_sent and not is_booked:
                self.book(booking.leave(sent.amount, self.books), cause)
            elif not sent.is_sent and is_booked:
                self.book(booking.come_again(sent.amount, self.books), cause)
        self.check_whole()

    # What must be so

    def check_whole(self) -> None:
        came = sum((one.amount - one.charged_back for one in self.payments), ZERO)
        went = sum((one.amount for one in self.refunds if one.is_sent), ZERO)
        invoice = self.books.invoice or Standing(1, ZERO)
        stayed, credit = came - went + self.kept.others, self.kept.credit - self.kept.given_up
        assert invoice.paid + credit == stayed, "each euro stands in one place"
        asked = invoice.gross - self.kept.notes - invoice.written_off
        assert invoice.open - credit == asked - stayed, "what is owed is what was sold and not paid"
        for place, one in enumerate(self.payments):
            assert self.kept.by[f"p{place}"] == one.amount - one.charged_back
        for place, sent in enumerate(self.refunds):
            assert self.kept.by[f"r{place}"] == (-sent.amount if sent.is_sent else 0)

    @invariant()
    def no_part_is_below_zero(self) -> None:
        invoice = self.books.invoice or Standing(1, ZERO)
        assert min(invoice.open, invoice.paid, invoice.credited, self.kept.owed, self.kept.given_up) >= 0
        assert invoice.credited == self.kept.notes
        assert self.kept.credit + self.kept.owed == self.books.there >= 0 and self.books.owed == self.kept.owed
        assert self.books.own_owed + self.kept.others_owed == self.kept.owed + self.kept.given_up


class AsCredit(Following):
    asks = False


TestFollowing = Following.TestCase
TestFollowing.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestAsCredit = AsCredit.TestCase
TestAsCredit.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
