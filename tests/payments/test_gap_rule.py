"""The gap's causes: a table of examples, and that they always add up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.core.calendar import Month
from bursar.core.money import ZERO
from bursar.payments.rules.gap import BACK, CAUSES, WITHOUT_MONEY, Back, Cause, Let, Owed, Try, explain

MARCH = Month(2026, 3)
GROSS = Decimal("121.00")
TODAY = date(2026, 3, 20)
ALL = date(2026, 6, 1)


def on(day: int, month: int = 3) -> date:
    return date(2026, month, day)


DUE = on(5)


def owed(due: date | None = DUE, *, is_owed: bool = True, is_settled: bool = False, is_invoice: bool = False) -> Owed:
    return Owed(GROSS, due, is_owed, is_settled, is_invoice)


def paid(day: date, amount: Decimal = GROSS, *back: Back, made: date | None = None) -> Try:
    return Try(amount, made or day, day, day, back)


def failed(day: date) -> Try:
    return Try(GROSS, day, None, day)


def back(day: date, amount: str = "121.00", cause: Cause = Cause.CHARGED_BACK) -> Back:
    return Back(day, Decimal(amount), cause)


def let(cause: Cause, day: date = DUE, amount: str = "121.00") -> Let:
    return Let(day, Decimal(amount), cause)


C = Cause
CASES = {
    "paid when due": (owed(), [paid(on(5))], TODAY, {}),
    "its day is still to come": (owed(on(25)), [], TODAY, {C.NOT_YET_DUE: "121"}),
    "its day is today": (owed(TODAY), [], TODAY, {C.NOT_YET_DUE: "121"}),
    "its day has passed and nobody tried": (owed(), [], TODAY, {C.NEVER_ATTEMPTED: "121"}),
    "an invoice": (owed(is_invoice=True), [], TODAY, {C.UNPAID_INVOICE: "121"}),
    "with the bank": (owed(), [Try(GROSS, on(5), None, None)], TODAY, {C.UNDER_WAY: "121"}),
    "with the bank at the month's end": (owed(on(31)), [paid(on(2, 4), made=on(31))], ALL, {C.UNDER_WAY: "121"}),
    "failed": (owed(), [failed(on(5))], TODAY, {C.FAILED: "121"}),
    "failed, and paid in the next month": (owed(), [failed(on(5)), paid(on(4, 4))], ALL, {C.FAILED: "121"}),
    "failed, then paid": (owed(), [failed(on(5)), paid(on(9))], TODAY, {}),
    "taken back": (owed(), [paid(on(5), GROSS, back(on(9)))], TODAY, {C.CHARGED_BACK: "121"}),
    "taken back and come again": (
        owed(), [paid(on(5), GROSS, back(on(9)), back(on(12), "-121.00"))], TODAY, {},
    ),
    "taken back, paid again": (owed(), [paid(on(5), GROSS, back(on(9))), paid(on(15))], TODAY, {}),
    "given back in part": (owed(), [paid(on(5), GROSS, back(on(9), "21.00", C.REFUNDED))], TODAY, {C.REFUNDED: "21"}),
    "of February, taken back now": (owed(on(5, 2)), [paid(on(5, 2), GROSS, back(on(9)))], TODAY, {C.CHARGED_BACK: "121"}),
    "of February, paid now": (owed(on(5, 2)), [failed(on(5, 2)), paid(on(3))], TODAY, {C.OTHER_MONTH: "-121"}),
    "paid in February": (owed(), [paid(on(27, 2))], TODAY, {C.PAID_EARLIER: "121"}),
    "paid and taken back in February": (
        owed(), [paid(on(20, 2), GROSS, back(on(25, 2)))], TODAY, {C.CHARGED_BACK: "121"},
    ),
    "a part of it": (owed(), [paid(on(5), Decimal("100.00"))], TODAY, {C.PART_PAID: "21"}),
    "less, and settled": (owed(is_settled=True), [paid(on(5), Decimal("100.00"))], TODAY, {C.OTHER_AMOUNT: "21"}),
    "more": (owed(is_settled=True), [paid(on(5), Decimal("131.00"))], TODAY, {C.OTHER_AMOUNT: "-10"}),
    "twice": (owed(is_settled=True), [paid(on(5)), paid(on(6))], TODAY, {C.UNEXPECTED: "-121"}),
    "of nobody": (None, [paid(on(5))], TODAY, {C.UNEXPECTED: "-121"}),
    "after its end": (owed(is_owed=False), [paid(on(5))], TODAY, {C.UNEXPECTED: "-121"}),
    "without a day": (owed(None), [failed(on(5))], TODAY, {}),
    "of another month": (owed(on(5, 4)), [], TODAY, {}),
    "a booking taken off again": (owed(on(5, 2)), [paid(on(5, 2), GROSS, back(on(9), cause=C.REVERSED))], TODAY, {C.REVERSED: "121"}),
    "credit that left": (None, [Try(ZERO, on(9), None, on(9), (back(on(9), "50.00", C.PAID_BACK),))], TODAY, {C.PAID_BACK: "50"}),
    "an invoice that a link could not collect": (owed(is_invoice=True), [failed(on(6))], TODAY, {C.UNPAID_INVOICE: "121"}),
}  # fmt: skip
ASKED = owed(is_invoice=True)
LETS = {
    "credited": (ASKED, [], [let(C.CREDITED)], {C.CREDITED: "121"}),
    "credited in part, the rest is asked for": (
        ASKED, [], [let(C.CREDITED, amount="21.00")], {C.CREDITED: "21", C.UNPAID_INVOICE: "100"},
    ),
    "written off": (ASKED, [], [let(C.WRITTEN_OFF)], {C.WRITTEN_OFF: "121"}),
    "written off and reopened": (
        ASKED, [], [let(C.WRITTEN_OFF), let(C.WRITTEN_OFF, amount="-121.00")], {C.UNPAID_INVOICE: "121"},
    ),
    "nearly paid": (ASKED, [paid(on(6), Decimal("120.98"))], [let(C.DIFFERENCE, amount="0.02")], {C.DIFFERENCE: "0.02"}),
    "settled from credit": (ASKED, [], [let(C.FROM_CREDIT)], {C.FROM_CREDIT: "121"}),
    "credited in a later month": (ASKED, [], [let(C.CREDITED, on(2, 4))], {C.UNPAID_INVOICE: "121"}),
    "credited after it was paid": (ASKED, [paid(on(6))], [let(C.CREDITED)], {}),
    "half of it in this month, half in the next": (
        ASKED, [paid(on(6), Decimal("60.50")), paid(on(6, 4), Decimal("60.50"))], [], {C.PART_PAID: "60.50"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_examples(name: str) -> None:
    charge, tries, today, wanted = CASES[name]
    assert explain(charge, tries, MARCH, today) == {cause: Decimal(amount) for cause, amount in wanted.items()}


@pytest.mark.parametrize("name", LETS)
def test_what_is_settled_without_money(name: str) -> None:
    asked, tries, lets, wanted = LETS[name]
    assert explain(asked, tries, MARCH, ALL, lets) == {cause: Decimal(amount) for cause, amount in wanted.items()}


def test_every_cause_has_an_example_and_words() -> None:
    examples = [*CASES.values(), *LETS.values()]
    assert {cause for *_, wanted in examples for cause in wanted} == set(Cause) == set(CAUSES)


days = st.integers(0, 150).map(lambda n: date(2026, 1, 1) + timedelta(days=n))
amounts = st.integers(1, 30_000).map(lambda n: Decimal(n) / 100)
either = st.one_of(amounts, amounts.map(lambda one: -one))
backs = st.builds(Back, days, either, st.sampled_from(BACK))
lets = st.lists(st.builds(Let, days, either, st.sampled_from(WITHOUT_MONEY)), max_size=4)


@st.composite
def tries(draw: st.DrawFn) -> Try:
    made = draw(days)
    decided = draw(st.one_of(st.none(), st.integers(0, 40).map(lambda n: made + timedelta(days=n))))
    is_paid = decided is not None and draw(st.booleans())
    return Try(draw(amounts), made, decided if is_paid else None, decided, tuple(draw(st.lists(backs, max_size=3))))


charges = st.one_of(
    st.none(), st.builds(Owed, amounts, st.one_of(st.none(), days), st.booleans(), st.booleans(), st.booleans())
)


@settings(max_examples=400)
@given(charges, st.lists(tries(), max_size=5), st.integers(1, 6), days, lets)
def test_the_causes_add_up_to_due_less_arrived(
    owed: Owed | None, tries: list[Try], number: int, today: date, lets: list[Let]
) -> None:
    month = Month(2026, number)

    def is_in(day: date | None) -> bool:
        return day is not None and Month.of(day) == month

    due = owed.gross if owed and owed.is_owed and is_in(owed.due_on) else Decimal(0)
    arrived = sum((one.amount for one in tries if is_in(one.paid_on)), Decimal(0))
    arrived -= sum((back.amount for one in tries for back in one.back if is_in(back.day)), Decimal(0))
    parts = explain(owed, tries, month, today, lets)
    assert sum(parts.values(), Decimal(0)) == due - arrived
    assert all(parts.values())
    assert Cause.NOT_YET_DUE not in parts or (owed and owed.due_on and owed.due_on >= today)
