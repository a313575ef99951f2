"""The desk where the demo company's invoices are issued and paid: each deed at its own time, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bursar.access.actor import system
from bursar.billing import files
from bursar.billing.documents.document import Document, Item, ItemKind
from bursar.billing.models import BillingDetails, Invoice
from bursar.billing.proposing import Wanted, make_credit_note, make_credit_note_of, make_invoice
from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Entry
from bursar.billing.seller import seller_day
from bursar.billing.store import documents
from bursar.billing.store import ledger as books
from bursar.billing.store.documents import Issue
from bursar.billing.store.ledger import Cause
from bursar.tenants.models import BillingAccount


@dataclass
class Paper:
    """An invoice to be. `row`: once it is issued."""

    details: BillingDetails
    items: tuple[Item, ...]
    how: Issue
    row: Invoice = field(init=False)

    @property
    def account(self) -> BillingAccount:
        return self.details.account


class Desk:
    """Takes deeds in any order; `play` does them by their time, so that no series goes back."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._deeds: list[tuple[datetime, Callable[[datetime], None]]] = []

    def issue(self, at: datetime, details: BillingDetails, items: Iterable[Item], how: Issue | None = None) -> Paper:
        paper = Paper(details, tuple(items), how or Issue())

        def do(at: datetime) -> None:
            document = make_invoice(details, Wanted(paper.items), at)
            seats = sum(int(item.quantity) for item in paper.items if item.kind is ItemKind.SUBSCRIPTION)
            paper.row = self._write(paper, document, replace(paper.how, seats=seats), at)

        return self._plan(at, do, paper)

    def receive(self, at: datetime, paper: Paper, share: Decimal = Decimal(1), words: str = "") -> Paper:
        """`share`: of what was asked for; above 1, the rest stands as credit."""

        def do(at: datetime) -> None:
            amount = (paper.row.gross * share).quantize(Decimal("0.01"))
            self._book(paper, ledger.receive(amount, [paper.row.standing]), at, words or paper.row.reference)

        return self._plan(at, do, paper)

    def receive_short(self, at: datetime, paper: Paper, missing: Decimal) -> Paper:
        """So little is missing that it is let be."""

        def do(at: datetime) -> None:
            entries = ledger.settle(paper.row.gross - missing, paper.row.standing, missing)
            self._book(paper, entries, at, paper.row.reference)

        return self._plan(at, do, paper)

    def take_back(self, at: datetime, paper: Paper) -> Paper:
        """All that was paid for it, which was booked by mistake."""
        return self._plan(
            at, lambda at: self._book(paper, ledger.take_back(paper.row.paid, paper.row.standing), at), paper
        )

    def apply(self, at: datetime, paper: Paper) -> Paper:
        """As much of its account's credit as it takes."""

        def do(at: datetime) -> None:
            amount = min(books.get_credit(paper.account), paper.row.open)
            self._book(paper, ledger.apply(amount, paper.row.standing), at)

        return self._plan(at, do, paper)

    def credit(self, at: datetime, paper: Paper, share: Decimal = Decimal(1)) -> Paper:
        """`share`: of what was asked for."""

        def do(at: datetime) -> None:
            invoice, gross = paper.row.document, (paper.row.gross * share).quantize(Decimal("0.01"))
            whole = share == 1
            document = (
                make_credit_note(invoice, invoice.items, at) if whole else make_credit_note_of(invoice, gross, at)
            )
            note = self._write(paper, document, Issue(corrects=paper.row), at)
            self._book(paper, ledger.credit(gross, paper.row.standing), at, "", note.public_id)

        return self._plan(at, do, paper)

    def write_off(self, at: datetime, paper: Paper) -> Paper:
        return self._plan(at, lambda at: self._book(paper, ledger.write_off(paper.row.standing), at), paper)

    def pay_back(self, at: datetime, paper: Paper) -> Paper:
        """All the credit of its account."""
        return self._plan(at, lambda at: self._book(paper, ledger.pay_back(books.get_credit(paper.account)), at), paper)

    def play(self) -> None:
        """What lies ahead of `now` has not happened yet. Raises what `documents.issue` raises."""
        for at, deed in sorted(self._deeds, key=lambda one: one[0]):
            if at <= self.now:
                deed(at)

    def _plan(self, at: datetime, deed: Callable[[datetime], None], paper: Paper) -> Paper:
        self._deeds.append((at, deed))
        return paper

    def _write(self, paper: Paper, document: Document, how: Issue, at: datetime) -> Invoice:
        row = documents.issue(paper.account, document, how, lambda: at)
        files.keep(row, files.write(row), system("demo"), at)  # and sent to nobody: it is long ago
        return row

    def _book(self, paper: Paper, entries: list[Entry], at: datetime, words: str = "", what: str = "") -> None:
        held = books.hold([paper.row])
        books.book(paper.account, held, entries, Cause(seller_day(at), what, words), at)
        paper.row = held[paper.row.pk]


def days(count: float) -> timedelta:
    return timedelta(days=count)
