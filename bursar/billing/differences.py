"""What of a document is another than it was, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from bursar.billing.documents.document import Document, Item, Party
from bursar.core.days import say_day
from bursar.core.money import euros, plain


def list_differences(before: Document, after: Document) -> list[str]:
    """Nothing where only the days of issue moved on, and what follows from them."""
    return [*_parties(before, after), *_lines(before, after), *_rest(before, after)]


def _parties(before: Document, after: Document) -> Iterator[str]:
    for name, was, now in (("Invoice to", before.buyer, after.buyer), ("Seller", before.seller, after.seller)):
        if was != now:
            yield f"{name}: {_say_party(was)} → {_say_party(now)}."


def _say_party(party: Party) -> str:
    place = f"{party.postcode} {party.city}".strip()
    parts = (party.name, party.street, place, party.country, party.vat_id)
    return ", ".join(part for part in parts if part)


def _lines(before: Document, after: Document) -> Iterator[str]:
    was, now = ([_say_item(item) for item in one.items] for one in (before, after))
    yield from (f"No more: {line}." for line in was if line not in now)
    yield from (f"New: {line}." for line in now if line not in was)


def _say_item(item: Item) -> str:
    first, last = item.service_from, item.service_until
    days = f", {say_day(first)} through {say_day(last)}" if first else ""
    off = f", {item.discount_percent} % off" if item.discount_percent else ""
    return f"{item.quantity.normalize():f} × {item.description}{days}{off}, {euros(item.net)}"


def _rest(before: Document, after: Document) -> Iterator[str]:
    for name, was, now in (
        ("VAT", before.totals.vat, after.totals.vat),
        ("With VAT", before.totals.gross, after.totals.gross),
    ):
        if was != now:
            yield f"{name}: {plain(was)} → {euros(now)}."
    for name, was_text, now_text in (
        ("Purchase order number", before.order_number, after.order_number),
        ("Reference of the customer", before.buyer_reference, after.buyer_reference),
        ("Contract", before.contract, after.contract),
        ("Language", before.language, after.language),
    ):
        if was_text != now_text:
            yield f"{name}: {was_text or '–'} → {now_text or '–'}."
