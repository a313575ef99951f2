"""What a charge's own VAT invoice says: its lines, at the charge's own VAT, to the cent what was paid. Pure. EUR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from bursar.billing.documents.document import Item, ItemKind, Unit
from bursar.billing.rules import VatDecision, add_up
from bursar.payments.rules.amounts import JsonLine, Quote
from bursar.payments.states import ChargeKind
from bursar.plans.rules import MONTHS_OF

ONE = Decimal(1)
_SHORT = Decimal("0.000001")
"""Of a price of one, where it does not come out even: a line of ten thousand seats is still right to the cent."""
KINDS = {
    ChargeKind.FIRST: ItemKind.SUBSCRIPTION,
    ChargeKind.RENEWAL: ItemKind.SUBSCRIPTION,
    ChargeKind.SEAT: ItemKind.SEATS,
    ChargeKind.UPGRADE: ItemKind.UPGRADE,
}
_TEXTS = {
    "en": {
        ItemKind.SUBSCRIPTION: "Subscription", ItemKind.SEATS: "Additional seats", ItemKind.UPGRADE: "Change of plan",
        ItemKind.OTHER: "Payment", "part": "{what}, {days} of {of_days} days",
    },
    "nl": {
        ItemKind.SUBSCRIPTION: "Abonnement", ItemKind.SEATS: "Extra plaatsen", ItemKind.UPGRADE: "Ander abonnement",
        ItemKind.OTHER: "Betaling", "part": "{what}, {days} van {of_days} dagen",
    },
}  # fmt: skip
_METHODS = {
    "nl": {"directdebit": "SEPA-incasso", "creditcard": "kaart", "banktransfer": "overschrijving"},
}


class Billed(NamedTuple):
    """`stated_vat`: as in `Document`."""

    items: tuple[Item, ...]
    stated_vat: tuple[Decimal, ...]


class Days(NamedTuple):
    """First and last day of service; none where nothing lasts."""

    first: date | None
    last: date | None


@dataclass(frozen=True)
class Sold:
    """`tier`: what it buys, where it buys one. `labels`: names of tiers. `language`: the document's."""

    kind: ChargeKind
    tier: str
    days: Days
    labels: Mapping[str, str]
    language: str

    @property
    def of_kind(self) -> ItemKind:
        return KINDS.get(self.kind, ItemKind.OTHER)

    def name(self, tier: str) -> str:
        what, label = str(_TEXTS[self.language][self.of_kind]), self.labels.get(tier, "")
        if self.of_kind is ItemKind.SUBSCRIPTION:
            return label or what
        return f"{what}: {label}" if label else what


def bill(quote: Quote, sold: Sold) -> Billed:
    """`quote`: what was paid, of which net and VAT are what the document says. One line where it has no lines, or they
    do not come to its net.
    """
    items = [_item(line, sold, quote.decision) for line in quote.lines]
    if not items or sum(item.net for item in items) != quote.net:
        items = [_whole(quote.net, sold.tier, sold, quote.decision)]
    comes_to = add_up(item.line for item in items)
    return Billed(tuple(items), () if comes_to.vat == quote.vat else (quote.vat,))


def _item(line: JsonLine, sold: Sold, vat: VatDecision) -> Item:
    net, seats = Decimal(line["net"]), int(line["seats"])
    if "days" in line:
        return _part(line, net, seats, sold, vat)
    months = _count_months(line, net, seats)
    if months is None:
        return _whole(net, line["tier"], sold, vat)
    unit_price, percent = Decimal(line["rate"]) * months, int(line["percent"])
    return Item(
        sold.of_kind, sold.name(line["tier"]), Decimal(seats), Unit.SEAT, unit_price, vat, unit_price * seats - net,
        percent, sold.days.first, sold.days.last,
    )  # fmt: skip


def _count_months(line: JsonLine, net: Decimal, seats: int) -> int | None:
    """Of the interval, as the line itself says; None where it does not come out even."""
    a_month = Decimal(line["rate"] or 0) * seats * (100 - int(line["percent"])) / 100
    return next((months for months in MONTHS_OF.values() if net and a_month * months == net), None)


def _part(line: JsonLine, net: Decimal, seats: int, sold: Sold, vat: VatDecision) -> Item:
    """For some days of an interval: the price of one is what those days come to, a discount taken off already."""
    quantity, what = Decimal(max(seats, 1)), sold.name(line["tier"] or sold.tier)
    description = str(_TEXTS[sold.language]["part"]).format(what=what, days=line["days"], of_days=line["of_days"])
    unit, price = Unit.SEAT if seats else Unit.PIECE, net / quantity
    price = net if quantity == ONE else price.quantize(_SHORT)
    return _line(description, quantity, unit, price, sold, vat)


def _whole(net: Decimal, tier: str, sold: Sold, vat: VatDecision) -> Item:
    return _line(sold.name(tier), ONE, Unit.PIECE, net, sold, vat)


def _line(what: str, quantity: Decimal, unit: Unit, price: Decimal, sold: Sold, vat: VatDecision) -> Item:
    first, last = sold.days
    return Item(sold.of_kind, what, quantity, unit, price, vat, service_from=first, service_until=last)


def say_how(method: str, label: str, language: str) -> str:
    """By which it was paid, in the document's language. `label`: its name in English, which most have everywhere."""
    return _METHODS.get(language, {}).get(method, label)


def share(received: Sequence[Decimal], gross: Decimal) -> list[Decimal]:
    """Of money that had come, as much as the document asks for; the rest stands as credit."""
    left, shares = gross, []
    for amount in received:
        shares.append(min(amount, left))
        left -= shares[-1]
    return shares
