"""What bookkeeping reads of documents: each line with its share of the VAT, and what a period comes to for the taxman.

Every figure is added up from the same postings, so that the lines, the VAT return, the list of supplies within the EU
and the one-stop shop agree to the cent. Of a credit note all amounts are below zero; it counts in the period in which
it was issued. An accountant reads this before go-live. No Django, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from bursar.billing.documents.document import Document, DocumentKind, Item
from bursar.billing.rules import Treatment, VatDecision, say_rate
from bursar.billing.rules.places import say_country
from bursar.core.money import ZERO, cents


class Box(StrEnum):
    """Of the VAT return, in words. CHARGED: with the seller's own VAT, whoever buys."""

    CHARGED = "charged"
    REVERSE_CHARGE = "reverse_charge"
    OUTSIDE = "outside"
    EXEMPT = "exempt"
    OSS = "oss"


_BOXES = {
    Treatment.REVERSE_CHARGE: Box.REVERSE_CHARGE,
    Treatment.OUTSIDE_SCOPE: Box.OUTSIDE,
    Treatment.EXEMPT: Box.EXEMPT,
}


def find_box(vat: VatDecision) -> Box:
    return _BOXES.get(vat.treatment) or (Box.OSS if vat.is_oss else Box.CHARGED)


class Cell(NamedTuple):
    """What is declared as one figure. `state`: whose VAT, empty for none; `rate`: per cent."""

    box: Box
    state: str
    rate: Decimal

    def say(self) -> str:
        """ "VAT charged (Netherlands), 21 %" """
        words = {
            Box.CHARGED: f"VAT charged ({say_country(self.state)}), {say_rate(self.rate)}",
            Box.REVERSE_CHARGE: "Services to businesses elsewhere in the EU, reverse charge",
            Box.OUTSIDE: "Services to buyers outside the EU",
            Box.EXEMPT: "Exempt",
            Box.OSS: f"One-stop shop ({say_country(self.state)}), {say_rate(self.rate)}",
        }
        return words[self.box]


@dataclass(frozen=True)
class Posting:
    """One line of a document, EUR. `vat`: its share of what the document says for its rate."""

    item: Item
    net: Decimal
    vat: Decimal

    @property
    def cell(self) -> Cell:
        return Cell(find_box(self.item.vat), self.item.vat.state, self.item.vat.rate)


def list_postings(document: Document) -> list[Posting]:
    """In the order of its lines. The shares add up to the document's VAT, which is rounded once a rate."""
    sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
    left = {(one.treatment, one.rate, one.state): (one.net, one.vat) for one in document.totals.rates}
    made = []
    for item in document.items:
        key = item.vat.treatment, item.vat.rate, item.vat.state
        net, vat = left[key]
        share = cents(vat * item.net / net) if net else vat
        left[key] = net - item.net, vat - share
        made.append(Posting(item, ZERO + sign * item.net, ZERO + sign * share))
    return made


@dataclass
class Sum:
    net: Decimal = ZERO
    vat: Decimal = ZERO

    def add(self, net: Decimal, vat: Decimal) -> None:
        self.net, self.vat = self.net + net, self.vat + vat


@dataclass
class Turnover:
    """Of a period. `supplies`: net by VAT id of the buyer, of what was reverse charged."""

    cells: dict[Cell, Sum] = field(default_factory=dict)
    supplies: dict[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Iterable[Document]) -> Turnover:
        found = cls()
        for document in documents:
            for posting in list_postings(document):
                found._add(document, posting)
        return found

    def _add(self, document: Document, posting: Posting) -> None:
        cell = posting.cell
        self.cells.setdefault(cell, Sum()).add(posting.net, posting.vat)
        if cell.box is Box.REVERSE_CHARGE:
            buyer = document.buyer.vat_id
            self.supplies[buyer] = self.supplies.get(buyer, ZERO) + posting.net

    @property
    def total(self) -> Sum:
        found = Sum()
        for one in self.cells.values():
            found.add(one.net, one.vat)
        return found

    def list_cells(self, *boxes: Box) -> list[tuple[Cell, Sum]]:
        """In the order of the boxes, the highest rate first; of these boxes, or of all."""
        order = list(Box)
        chosen = [pair for pair in self.cells.items() if not boxes or pair[0].box in boxes]
        return sorted(chosen, key=lambda pair: (order.index(pair[0].box), pair[0].state, -pair[0].rate))
