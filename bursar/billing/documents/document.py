"""What an invoice or a credit note says: one frozen value, from which page, PDF, UBL, CSV and ledger all read.

It is kept as JSON when it is issued, and is never worked out again: a later change of details, rates or texts moves no
document. Amounts are EUR; a credit note's are positive, as is usual in the trade. No Django, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from bursar.billing.rules import ItemKind as ItemKind
from bursar.billing.rules import Line, Totals, VatDecision, add_up
from bursar.core.money import ZERO


class DocumentKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Unit(StrEnum):
    """Of a quantity: a seat for the whole service period, or a piece."""

    SEAT = "seat"
    PIECE = "piece"


@dataclass(frozen=True)
class Id:
    """`scheme`: of ISO 6523, such as 0106 (KvK) or 0190 (OIN)."""

    scheme: str
    value: str


@dataclass(frozen=True)
class Party:
    """As it stands on the document. `vat_id` may be empty. `endpoint`: where a network delivers to."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    street_more: str = ""
    vat_id: str = ""
    legal_id: Id | None = None
    endpoint: Id | None = None
    mail: str = ""


@dataclass(frozen=True)
class BankAccount:
    """To which is paid."""

    iban: str
    holder: str
    bic: str = ""


@dataclass(frozen=True)
class Item:
    """A line. `unit_price`: net, before `discount`, may have more decimals than cents. `discount`: off the line.

    `discount_percent`: what the discount was agreed as; 0 for an amount. `service_from`, `service_until`: first and
    last day of what is supplied.
    """

    kind: ItemKind
    description: str
    quantity: Decimal
    unit: Unit
    unit_price: Decimal
    vat: VatDecision
    discount: Decimal = ZERO
    discount_percent: int = 0
    service_from: date | None = None
    service_until: date | None = None

    @property
    def line(self) -> Line:
        return Line(self.quantity, self.unit_price, self.vat, self.discount)

    @property
    def net(self) -> Decimal:
        return self.line.net


@dataclass(frozen=True)
class Received:
    """Money that had come before the document was issued. `how`: in words, of the document's language."""

    amount: Decimal
    on: date
    how: str


@dataclass(frozen=True)
class Preceding:
    """The invoice that a credit note is about, or that an invoice takes the place of."""

    number: str
    issued_on: date


@dataclass(frozen=True)
class Document:
    """`number` and `reference` are given when it is issued; before, others of the same form and length stand for them.

    `due_on`: None for a credit note and where nothing is due. `debit_on`: Mollie will collect it on that day, by
    `mandate`, the mandate's reference as the customer knows it.
    `reference`: the creditor reference of ISO 11649, empty for a credit note. `language`: "en" or "nl".
    `notes`: texts that the seller has chosen, or that the case needs, in the document's language.
    `stated_vat`: the VAT of each rate where amounts were asked for with VAT included (`add_up`); empty: as it comes.
    """

    kind: DocumentKind
    number: str
    issued_on: date
    language: str
    seller: Party
    buyer: Party
    items: tuple[Item, ...]
    payee: BankAccount | None = None
    reference: str = ""
    due_on: date | None = None
    debit_on: date | None = None
    mandate: str = ""
    received: tuple[Received, ...] = ()
    preceding: Preceding | None = None
    buyer_reference: str = ""
    order_number: str = ""
    contract: str = ""
    notes: tuple[str, ...] = ()
    stated_vat: tuple[Decimal, ...] = ()
    currency: str = field(default="EUR")

    @cached_property
    def totals(self) -> Totals:
        return add_up((item.line for item in self.items), self.stated_vat)

    @property
    def prepaid(self) -> Decimal:
        return sum((one.amount for one in self.received), ZERO)

    @property
    def due(self) -> Decimal:
        """What is still asked for, EUR."""
        return self.totals.gross - self.prepaid

    @property
    def abroad_net(self) -> Decimal:
        """Of what it sells with VAT to buyers elsewhere in the EU, EUR."""
        return sum((item.net for item in self.items if item.vat.counts_for_oss), ZERO)

    @property
    def uses_oss(self) -> bool:
        return any(item.vat.is_oss for item in self.items)

    def as_json(self) -> dict[str, Any]:
        """Decimals as text, days in ISO 8601."""
        kept: dict[str, Any] = _plain(asdict(self))
        for one, item in zip(kept["items"], self.items, strict=True):
            one["vat"] = item.vat.as_json()
        return kept


def read_document(kept: Mapping[str, Any]) -> Document:
    """From `Document.as_json`."""
    dated = {name: _day(kept[name]) for name in ("due_on", "debit_on")}
    return Document(
        **{
            **kept,
            **dated,
            "kind": DocumentKind(kept["kind"]),
            "issued_on": date.fromisoformat(kept["issued_on"]),
            "seller": _read_party(kept["seller"]),
            "buyer": _read_party(kept["buyer"]),
            "items": tuple(_read_item(one) for one in kept["items"]),
            "payee": BankAccount(**kept["payee"]) if kept["payee"] else None,
            "received": tuple(
                Received(Decimal(one["amount"]), date.fromisoformat(one["on"]), one["how"]) for one in kept["received"]
            ),
            "preceding": _read_preceding(kept["preceding"]),
            "notes": tuple(kept["notes"]),
            "stated_vat": tuple(Decimal(one) for one in kept.get("stated_vat", ())),
        }
    )


def _read_party(kept: Mapping[str, Any]) -> Party:
    ids = {name: Id(**kept[name]) if kept[name] else None for name in ("legal_id", "endpoint")}
    return Party(**{**kept, **ids})


def _read_item(kept: Mapping[str, Any]) -> Item:
    amounts = {name: Decimal(kept[name]) for name in ("quantity", "unit_price", "discount")}
    days = {name: _day(kept[name]) for name in ("service_from", "service_until")}
    kinds = {"kind": ItemKind(kept["kind"]), "unit": Unit(kept["unit"])}
    return Item(**{**kept, **amounts, **days, **kinds, "vat": VatDecision.read(kept["vat"])})


def _read_preceding(kept: Mapping[str, Any] | None) -> Preceding | None:
    return Preceding(kept["number"], date.fromisoformat(kept["issued_on"])) if kept else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, (Decimal, date)):
        return str(value)
    return value
