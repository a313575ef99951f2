"""What stays of the money that paid invoices, receipt by receipt and without its VAT, as the ledger has it. Pure.

Each receipt bears the net of its invoice by its share; parts are rounded on the sum so far, so that an invoice paid in
parts comes to its net. What goes back is taken off the receipt that it names, else off the newest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby

from bursar.core.money import ZERO, cents
from bursar.partners.rules.accrual import Position

PAYMENT = "pmt_"
"""A receipt through Mollie is known by its payment, whether it has its invoice yet or not; any other by its booking."""


@dataclass(frozen=True)
class Paper:
    """An invoice: gross, net, and what of the net asks for the subscription. `replaces`: the one it stands for now.

    `is_known` False: what it said is gone, and so is what it asked for.
    """

    gross: Decimal
    net: Decimal
    subscription: Decimal
    replaces: int | None = None
    is_known: bool = True


@dataclass(frozen=True)
class Entry:
    """Of the ledger, of an invoice, about money. `turns_round`: the booking that it undoes. In the order of booking."""

    booking: str
    invoice: int
    amount: Decimal
    on: date
    cause: str = ""
    turns_round: str = ""

    @property
    def key(self) -> str:
        return self.cause if self.cause.startswith(PAYMENT) else self.booking


@dataclass
class _Held:
    """A receipt at one invoice: what came, what went back of it, and the net of what came."""

    key: str
    booking: str
    invoice: int
    on: date
    moved_on: date
    came: Decimal = ZERO
    went: Decimal = ZERO
    subscription: Decimal = ZERO
    other: Decimal = ZERO

    @property
    def stays(self) -> Decimal:
        return self.came - self.went

    def part_of(self, net: Decimal) -> Decimal:
        return net - cents(net * self.went / self.came) if self.went else net


@dataclass
class _Till:
    papers: Mapping[int, Paper]
    held: dict[int, list[_Held]] = field(default_factory=lambda: defaultdict(list))
    came: dict[int, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def receive(self, key: str, entry: Entry, amount: Decimal, on: date) -> None:
        """What had gone back of this very receipt comes again first."""
        rows = self.held[entry.invoice]
        row = next((one for one in rows if one.key == key), None)
        if row is None:
            row = _Held(key, entry.booking, entry.invoice, on, entry.on)
            rows.append(row)
        row.moved_on = max(row.moved_on, entry.on)
        again = min(amount, row.went)
        row.went -= again
        self._bear(row, amount - again)

    def _bear(self, row: _Held, amount: Decimal) -> None:
        paper, before = self.papers[row.invoice], self.came[row.invoice]
        after = before + amount
        net, subscription = (_share(whole, before, after, paper.gross) for whole in (paper.net, paper.subscription))
        row.came += amount
        row.subscription += subscription
        row.other += net - subscription
        self.came[row.invoice] = after

    def give(self, entry: Entry, freed: list[tuple[_Held, Decimal]]) -> None:
        """Notes in `freed` what was taken off which."""
        left, rows = -entry.amount, self.held[entry.invoice]
        named = [one for one in rows if one.key == entry.key or (one.booking == entry.turns_round != "")]
        for row in [*named, *(one for one in reversed(rows) if one not in named)]:
            taken = min(left, row.stays)
            if taken > 0:
                row.went += taken
                row.moved_on = max(row.moved_on, entry.on)
                freed.append((row, taken))
                left -= taken

    def carry_over(self, entry: Entry, freed: Sequence[tuple[_Held, Decimal]]) -> None:
        """The invoice that stands for another one keeps its receipts, with their days."""
        whole, left = sum((taken for _, taken in freed), ZERO), entry.amount
        for place, (row, taken) in enumerate(freed):
            is_last = place == len(freed) - 1
            part = left if is_last else cents(entry.amount * taken / whole)
            self.receive(row.key, entry, part, row.on)
            left -= part


def _share(whole: Decimal, before: Decimal, after: Decimal, gross: Decimal) -> Decimal:
    return cents(whole * after / gross) - cents(whole * before / gross)


def list_positions(papers: Mapping[int, Paper], entries: Iterable[Entry], debits: Collection[str]) -> list[Position]:
    """By key. `papers`: by the key of the invoice. `debits`: keys of receipts that came by direct debit."""
    till = _Till(papers)
    for _, together in groupby(entries, key=lambda entry: entry.booking):
        freed: list[tuple[_Held, Decimal]] = []
        for entry in together:
            replaced = [one for one in freed if one[0].invoice == papers[entry.invoice].replaces]
            if entry.amount < 0:
                till.give(entry, freed)
            elif replaced:
                till.carry_over(entry, replaced)
            else:
                till.receive(entry.key, entry, entry.amount, entry.on)
    by_key: dict[str, list[_Held]] = defaultdict(list)
    for rows in till.held.values():
        for row in rows:
            by_key[row.key].append(row)
    return [_add_up(key, rows, papers, is_debit=key in debits) for key, rows in by_key.items()]


def _add_up(key: str, rows: Sequence[_Held], papers: Mapping[int, Paper], *, is_debit: bool) -> Position:
    return Position(
        key,
        min(row.on for row in rows),
        max(row.moved_on for row in rows),
        sum((row.part_of(row.subscription) for row in rows), ZERO),
        sum((row.part_of(row.other) for row in rows), ZERO),
        is_debit,
        all(papers[row.invoice].is_known for row in rows),
    )
