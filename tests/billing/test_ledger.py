"""Whatever happens to invoices, each euro stands in one place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Entry, EntryKind, Standing
from bursar.core.money import ZERO

AMOUNTS = st.decimals(Decimal("0.01"), Decimal("3000.00"), places=2)
PICK = st.integers(0, 1000)


class Books(RuleBasedStateMachine):
    """`outside`: what came less what went back, counted by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.invoices: dict[int, Standing] = {}
        self.credit, self.outside = ZERO, ZERO

    def book(self, entries: list[Entry]) -> None:
        self.invoices = {key: one.after(entries) for key, one in self.invoices.items()}
        self.credit += ledger.change_of_credit(entries)

    def pick(self, number: int, wanted: Any) -> Standing | None:
        fit = [one for one in self.invoices.values() if wanted(one)]
        return fit[number % len(fit)] if fit else None

    @rule(gross=AMOUNTS)
    def issue(self, gross: Decimal) -> None:
        self.invoices[len(self.invoices)] = Standing(len(self.invoices), gross)

    @rule(amount=AMOUNTS, number=PICK, several=st.booleans())
    def money_comes(self, amount: Decimal, number: int, several: bool) -> None:
        one = self.pick(number, lambda _: True)
        chosen = list(self.invoices.values()) if several else [one] if one else []
        self.book(ledger.receive(amount, chosen))
        self.outside += amount

    @rule(number=PICK, short=st.decimals(Decimal("0.00"), Decimal("0.09"), places=2))
    def nearly_all_comes(self, number: int, short: Decimal) -> None:
        one = self.pick(number, lambda one: one.open > short)
        if one:
            self.book(ledger.settle(one.open - short, one, Decimal("0.05")))
            self.outside += one.open - short
            assert (self.invoices[one.invoice].open == 0) == (short <= Decimal("0.05"))

    @rule(number=PICK, amount=AMOUNTS)
    def a_credit_note(self, number: int, amount: Decimal) -> None:
        one = self.pick(number, lambda one: one.creditable > 0)
        if one:
            self.book(ledger.credit(min(amount, one.creditable), one))

    @rule(number=PICK, amount=AMOUNTS)
    def a_refund(self, number: int, amount: Decimal) -> None:
        one = self.pick(number, lambda one: one.paid > 0)
        if one:
            back, before = min(amount, one.paid), one.open
            self.book(ledger.refund(back, one))
            self.outside -= back
            assert self.invoices[one.invoice].open == before

    @rule(number=PICK, amount=AMOUNTS)
    def a_chargeback(self, number: int, amount: Decimal) -> None:
        one = self.pick(number, lambda one: one.paid > 0)
        if one:
            back = min(amount, one.paid)
            self.book(ledger.take_back(back, one))
            self.outside -= back
            assert not self.invoices[one.invoice].is_settled

    @precondition(lambda self: self.credit > 0)
    @rule(number=PICK, amount=AMOUNTS)
    def credit_is_applied(self, number: int, amount: Decimal) -> None:
        one = self.pick(number, lambda one: one.open > 0)
        if one:
            self.book(ledger.apply(min(amount, self.credit, one.open), one))

    @rule(number=PICK)
    def credit_is_taken_off_again(self, number: int) -> None:
        one = self.pick(number, lambda one: one.paid > 0)
        if one:
            self.book(ledger.unapply(one.paid, one))

    @precondition(lambda self: self.credit > 0)
    @rule(amount=AMOUNTS)
    def credit_is_paid_back(self, amount: Decimal) -> None:
        back = min(amount, self.credit)
        self.book(ledger.pay_back(back))
        self.outside -= back

    @rule(number=PICK)
    def it_is_given_up(self, number: int) -> None:
        one = self.pick(number, lambda one: one.open > 0)
        if one:
            self.book(ledger.write_off(one))
            assert not self.invoices[one.invoice].is_settled

    @rule(number=PICK)
    def it_is_not_given_up_after_all(self, number: int) -> None:
        one = self.pick(number, lambda one: one.written_off > 0)
        if one:
            self.book(ledger.reopen(one.written_off, one))

    @invariant()
    def each_euro_has_one_place(self) -> None:
        every = self.invoices.values()
        for one in every:
            parts = (one.open, one.paid, one.credited, one.written_off, one.difference)
            assert min(parts) >= 0 and sum(parts) == one.gross
        assert self.credit >= 0
        assert sum((one.paid for one in every), ZERO) + self.credit == self.outside


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def amounts(entries: list[Entry]) -> list[tuple[str, bool, Decimal]]:
    return [(entry.kind.value, entry.invoice is None, entry.amount) for entry in entries]


def test_money_over_is_credit_and_money_for_what_was_given_up_reopens_it() -> None:
    given_up = Standing(1, Decimal(100), written_off=Decimal(100))
    entries = ledger.receive(Decimal(130), [given_up])
    assert amounts(entries) == [
        ("written_off", False, Decimal(-100)), ("received", False, Decimal(100)), ("received", True, Decimal(30)),
    ]  # fmt: skip
    assert given_up.after(entries).is_settled


def test_a_credit_note_on_what_is_paid_frees_the_money() -> None:
    part = Standing(1, Decimal(100), paid=Decimal(60))
    entries = ledger.credit(Decimal(100), part)
    assert amounts(entries) == [
        ("credited", False, Decimal(100)), ("moved", False, Decimal(-60)), ("moved", True, Decimal(60)),
    ]  # fmt: skip
    assert not part.after(entries).is_settled


def test_only_money_settles() -> None:
    one = Standing(1, Decimal(100))
    assert one.after(ledger.receive(Decimal(100), [one])).is_settled
    assert one.after(ledger.settle(Decimal("99.99"), one, Decimal("0.01"))).is_settled
    assert not one.after(ledger.write_off(one)).is_settled
    assert not one.after(ledger.credit(Decimal(100), one)).is_settled
    half = one.after(ledger.receive(Decimal(50), [one]))
    assert not half.after(ledger.write_off(half)).is_settled
    assert half.after(ledger.credit(Decimal(50), half)).is_settled, "all that is left of it is paid"


def test_what_does_not_balance_is_loud() -> None:
    with pytest.raises(ValueError, match="out of balance"):
        Standing(1, Decimal(10)).after([Entry(EntryKind.RECEIVED, 1, Decimal(11))])
