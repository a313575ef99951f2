"""What an entry comes to, whatever happens in whatever order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.core.money import ZERO
from bursar.partners.rules.accrual import (
    HELD_FOR,
    Agreement,
    Counted,
    Line,
    LineKind,
    Position,
    Terms,
    calc_whole,
    list_new_lines,
)
from bursar.partners.rules.positions import Entry, Paper, list_positions
from bursar.partners.rules.quarters import Quarter, quarters_between

START = date(2026, 1, 10)
D = Decimal


def agree(share: int = 10, cap: str | None = None, expires: date | None = None) -> Agreement:
    return Agreement(START, (Terms(START, share),), expires, D(cap) if cap else None)


def got(key: str, on: date, net: str, *, is_debit: bool = False, moved: date | None = None) -> Position:
    return Position(key, on, moved or on, D(net), is_debit=is_debit)


@dataclass
class Books:
    """One entry as its tables would hold it. `settled`: through which day."""

    agreement: Agreement
    lines: list[Line] = field(default_factory=list)
    settled: date = START - timedelta(days=1)

    def accrue(self, positions: list[Position], today: date) -> list[Line]:
        recorded: dict[str, Counted] = defaultdict(Counted)
        for line in self.lines:
            was = recorded[line.key]
            recorded[line.key] = Counted(was.net + line.net, was.earned + line.earned, was.amount + line.amount)
        new = list_new_lines(self.agreement, positions, recorded, today, self.settled + timedelta(days=1))
        self.lines += new
        return new

    def sum_until(self, day: date) -> Decimal:
        return sum((line.amount for line in self.lines if line.payable_on <= day), ZERO)

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)


def test_a_share_of_what_came_while_it_ran() -> None:
    books = Books(agree(expires=date(2026, 3, 31)))
    before, within, last, after = (date(2026, 1, 9), START, date(2026, 3, 31), date(2026, 4, 1))
    books.accrue([got(str(day), day, "100.05") for day in (before, within, last, after)], after)
    assert [(line.on, line.amount) for line in books.lines] == [(within, D("10.01")), (last, D("10.00"))]
    assert books.total == D("20.01")  # 20.010: rounded on the sum, not line by line
    assert books.accrue([got(str(day), day, "100.05") for day in (before, within, last, after)], after) == []


def test_what_goes_back_makes_room_under_the_cap_and_counts_after_the_expiry() -> None:
    books = Books(agree(50, cap="60", expires=date(2026, 2, 28)))
    first, second = got("a", date(2026, 2, 1), "100"), got("b", date(2026, 2, 2), "100")
    books.accrue([first, second], date(2026, 2, 3))
    assert [line.amount for line in books.lines] == [50, 10]
    gone = replace(first, moved_on=date(2026, 5, 1), subscription=ZERO)
    (line,) = books.accrue([gone, second], date(2026, 5, 1))
    assert (line.kind, line.net, line.amount) == (LineKind.RETURNED, -100, -10)  # 40 of b take the room
    assert books.total == 50


def test_a_direct_debit_is_owed_after_eight_weeks() -> None:
    books = Books(agree())
    day = date(2026, 2, 1)
    books.accrue([got("card", day, "100"), got("debit", day, "100", is_debit=True)], day)
    assert (books.sum_until(day), books.sum_until(day + HELD_FOR - timedelta(days=1))) == (10, 10)
    assert books.sum_until(day + HELD_FOR) == 20


def test_a_debit_that_goes_back_was_never_owed() -> None:
    books = Books(agree())
    day, back = date(2026, 2, 1), date(2026, 2, 20)
    books.accrue([got("debit", day, "100", is_debit=True)], day)
    books.accrue([got("debit", day, "0", is_debit=True, moved=back)], back)
    assert {books.sum_until(day + timedelta(days=days)) for days in range(80)} == {ZERO}


def test_what_goes_back_of_a_debit_above_the_cap_is_taken_off_at_once() -> None:
    books, back = Books(agree(cap="10")), date(2026, 2, 20)
    card, debit = got("card", date(2026, 2, 1), "100"), got("debit", date(2026, 2, 2), "100", is_debit=True)
    books.accrue([card, debit], date(2026, 2, 2))
    gone = [replace(card, subscription=ZERO, moved_on=back), replace(debit, subscription=ZERO, moved_on=back)]
    books.accrue(gone, back)
    books.accrue([*gone, got("new", back, "100")], back)
    assert [line.amount for line in books.lines] == [10, 0, 0, -10, 10]
    assert books.sum_until(back) == 10  # and not 20 until the debit would have been owed


def test_another_share_holds_from_its_day_on() -> None:
    books = Books(agree())
    early, late = got("a", date(2026, 2, 1), "100"), got("b", date(2026, 3, 1), "100")
    books.accrue([early], date(2026, 2, 1))
    books.agreement = replace(books.agreement, terms=(*books.agreement.terms, Terms(date(2026, 2, 15), 20)))
    books.accrue([early, late], date(2026, 3, 1))
    assert [line.amount for line in books.lines] == [10, 20]


def test_a_higher_cap_counts_what_stood_above_it() -> None:
    books = Books(agree(50, cap="60"))
    rows = [got("a", date(2026, 2, 1), "200")]
    books.accrue(rows, date(2026, 2, 1))
    books.agreement = replace(books.agreement, cap=D(80))
    (line,) = books.accrue(rows, date(2026, 3, 1))
    assert (line.kind, line.net, line.amount, books.total) == (LineKind.CHANGED, 0, 20, 80)


def test_what_nobody_can_read_any_more_stays_as_it_was_counted() -> None:
    books = Books(agree())
    books.accrue([got("a", date(2026, 2, 1), "100")], date(2026, 2, 1))
    assert books.accrue([replace(got("a", date(2026, 2, 1), "0"), is_known=False)], date(2034, 2, 1)) == []
    assert books.total == 10


# Positions


PAPER = Paper(D("121.00"), D("100.00"), D("80.00"))


def enter(booking: str, amount: str, day: int, *, invoice: int = 1, cause: str = "", undoes: str = "") -> Entry:
    return Entry(booking, invoice, D(amount), date(2026, 2, day), cause, undoes)


def test_parts_come_to_the_net_of_their_invoice() -> None:
    parts = [enter("b1", "40.33", 1), enter("b2", "40.33", 2), enter("b3", "40.34", 3)]
    found = list_positions({1: PAPER}, parts, ())
    assert [one.key for one in found] == ["b1", "b2", "b3"]
    assert sum(one.subscription for one in found) == 80 and sum(one.other for one in found) == 20


def test_what_goes_back_is_taken_off_what_it_names() -> None:
    entries = [enter("b1", "60.50", 1), enter("b2", "60.50", 2), enter("b3", "-60.50", 3, undoes="b1")]
    found = {one.key: one for one in list_positions({1: PAPER}, entries, ())}
    assert (found["b1"].subscription, found["b1"].moved_on) == (0, date(2026, 2, 3))
    assert found["b2"].subscription == 40
    newest = {one.key: one for one in list_positions({1: PAPER}, [*entries[:2], enter("b3", "-60.50", 3)], ())}
    assert (newest["b1"].subscription, newest["b2"].subscription) == (40, 0)


def test_a_charge_back_that_is_reversed_is_the_same_receipt() -> None:
    entries = [enter(f"b{n}", amount, n, cause="pmt_1") for n, amount in enumerate(["121", "-121", "121"], 1)]
    (one,) = list_positions({1: PAPER}, entries, {"pmt_1"})
    assert one == Position("pmt_1", date(2026, 2, 1), date(2026, 2, 3), D(80), D(20), is_debit=True)


def test_corrected_vat_keeps_the_receipt_and_its_net() -> None:
    papers = {1: Paper(D(121), D(100), D(100)), 2: Paper(D(100), D(100), D(100), replaces=1)}
    entries = [
        enter("b1", "121", 1, cause="pmt_1"),
        enter("b2", "-121", 20, cause="inv_2"),
        enter("b2", "100", 20, invoice=2, cause="inv_2"),
    ]
    (one,) = list_positions(papers, entries, ())
    assert (one.key, one.on, one.subscription) == ("pmt_1", date(2026, 2, 1), 100)


# Whatever happens

days = st.integers(0, 500)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), days, st.integers(1, 50_000), st.booleans()),
        st.tuples(st.just("back"), days, st.integers(0, 20), st.integers(1, 100)),
        st.tuples(st.just("again"), days, st.integers(0, 20), st.integers(1, 100)),
        st.tuples(st.just("share"), days, st.integers(1, 100), st.none()),
        st.tuples(st.just("cap"), days, st.integers(0, 30_000), st.none()),
        st.tuples(st.just("end"), days, st.integers(0, 100), st.none()),
        st.tuples(st.just("settle"), days, st.none(), st.none()),
        st.tuples(st.just("look"), days, st.none(), st.none()),
    ),
    max_size=40,
)


class Life:
    """One entry through random news. Money may be told late: a receipt's day is up to `late` days before its news."""

    def __init__(self, late: int) -> None:
        self.books = Books(agree(10, cap="150"))
        self.whole: dict[str, Decimal] = {}
        self.rows: dict[str, Position] = {}
        self.late = late
        self.frozen: dict[Quarter, list[Line]] = {}

    def pay(self, today: date, amount: int, is_debit: bool) -> None:
        key, on = f"k{len(self.rows)}", today - timedelta(days=self.late)
        net = D(amount) / 100
        self.whole[key], self.rows[key] = net, Position(key, on, on, net, is_debit=is_debit)

    def _move(self, today: date, which: int, percent: int, sign: int) -> None:
        if self.rows:
            key = list(self.rows)[which % len(self.rows)]
            step = (self.whole[key] * percent / 100).quantize(D("0.01")) * sign
            stays = min(max(self.rows[key].subscription + step, ZERO), self.whole[key])
            self.rows[key] = replace(self.rows[key], subscription=stays, moved_on=today)

    def back(self, today: date, which: int, percent: int) -> None:
        self._move(today, which, percent, -1)

    def again(self, today: date, which: int, percent: int) -> None:
        self._move(today, which, percent, 1)

    def share(self, today: date, share: int, _: None) -> None:
        terms = [one for one in self.books.agreement.terms if one.from_on < today]
        self.books.agreement = replace(self.books.agreement, terms=(*terms, Terms(today, share)))

    def cap(self, today: date, cents: int, _: None) -> None:
        """Never below what it came to: that is refused at the door."""
        self.look(today)
        self.books.agreement = replace(self.books.agreement, cap=max(D(cents) / 100, self.books.total))

    def end(self, today: date, days: int, _: None) -> None:
        if self.books.agreement.expires_on is None:
            self.books.agreement = replace(self.books.agreement, expires_on=today + timedelta(days=days))

    def settle(self, today: date, *_: None) -> None:
        self.look(today)
        last = Quarter.of(today).previous()
        for quarter in quarters_between(Quarter.of(self.books.settled + timedelta(days=1)), last):
            self.frozen[quarter] = self.lines_of(quarter)
        self.books.settled = max(self.books.settled, last.last)

    def look(self, today: date, *_: None) -> None:
        before = list(self.books.lines)
        self.books.accrue(list(self.rows.values()), today)
        assert self.books.lines[: len(before)] == before

    def lines_of(self, quarter: Quarter) -> list[Line]:
        return [line for line in self.books.lines if quarter.first <= line.payable_on <= quarter.last]

    def check(self, today: date) -> None:
        books, agreement = self.books, self.books.agreement
        assert books.total == calc_whole(agreement, self.rows.values())
        assert agreement.cap is not None and 0 <= books.total <= agreement.cap
        from_now_on = {today, *(line.payable_on for line in books.lines if line.payable_on > today)}
        assert all(books.sum_until(day) <= agreement.cap for day in from_now_on)
        for row in self.rows.values():
            counts = row.on >= START and (agreement.expires_on is None or row.on <= agreement.expires_on)
            of_row = sum((line.net for line in books.lines if line.key == row.key), ZERO)
            assert of_row == (row.subscription if counts else 0)
        assert {quarter: self.lines_of(quarter) for quarter in self.frozen} == self.frozen


@settings(max_examples=120, deadline=None)
@given(events=EVENTS, late=st.integers(0, 200))
def test_whatever_happens_the_lines_come_to_what_was_received(events: list[tuple], late: int) -> None:  # type: ignore[type-arg]  # of four shapes
    life = Life(late)
    for name, day, one, other in sorted(events, key=lambda event: event[1]):
        today = START + timedelta(days=day)
        getattr(life, name)(today, one, other)
        life.look(today)
        life.check(today)


@settings(max_examples=60, deadline=None)
@given(amounts=st.lists(st.integers(1, 20_000), min_size=1, max_size=8), order=st.randoms(use_true_random=False))
def test_the_order_of_news_moves_no_total(amounts: list[int], order: object) -> None:
    rows = [got(f"k{n}", START + timedelta(days=n), str(D(cents) / 100)) for n, cents in enumerate(amounts)]
    told = rows.copy()
    order.shuffle(told)  # type: ignore[attr-defined]  # hypothesis calls it an object
    at_once, one_by_one = Books(agree(15, cap="100")), Books(agree(15, cap="100"))
    at_once.accrue(rows, START)
    for n in range(len(told)):
        one_by_one.accrue(told[: n + 1], START + timedelta(days=n))
    assert at_once.total == one_by_one.total == calc_whole(at_once.agreement, rows)
