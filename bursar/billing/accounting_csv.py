"""Documents as bookkeeping wants them: each line, and what a period comes to. EUR; credit notes are below zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from bursar.billing.documents.accounting import Box, Posting, Turnover, list_postings
from bursar.billing.documents.ledger_accounts import find_account
from bursar.billing.models import Invoice
from bursar.billing.rules.periods import Period
from bursar.billing.rules.vat_ids import say_state_of
from bursar.core.money import plain
from bursar.files import csv
from bursar.files.csv import Layout, Written

AT_ONCE = 500
LINES = (
    "number", "kind", "issued_on", "account_id", "account", "payer", "country", "vat_id", "line", "item", "description",
    "quantity", "unit_price_eur", "discount_eur", "service_from", "service_until", "net_eur", "vat_treatment",
    "vat_rate", "vat_state", "is_oss", "vat_eur", "box", "ledger_account", "corrects", "order_number", "invoice_id",
)  # fmt: skip
RETURN = ("period", "box", "state", "rate", "words", "net_eur", "vat_eur")
SUPPLIES = ("period", "vat_id", "country", "net_eur")
SHOP = ("period", "country", "rate", "net_eur", "vat_eur")


def list_issued(period: Period) -> Iterator[Invoice]:
    """In the order of their numbers' days, those that are kept still; memory stays flat."""
    rows = Invoice.objects.filter(issued_on__gte=period.first, issued_on__lt=period.end, removed_at=None)
    rows = rows.select_related("account").order_by("issued_on", "id")
    return rows.iterator(chunk_size=AT_ONCE)


def calc_turnover(period: Period) -> Turnover:
    return Turnover.of(row.document for row in list_issued(period))


def line_cells(row: Invoice) -> list[list[str]]:
    """Of one document, in the order of `LINES`."""
    document = row.document
    head = [
        row.number, row.kind, row.issued_on.isoformat(), row.account.public_id, str(row.account), document.buyer.name,
        document.buyer.country, document.buyer.vat_id,
    ]  # fmt: skip
    tail = [document.preceding.number if document.preceding else "", document.order_number, row.public_id]
    return [
        [*head, str(place), *_posting_cells(posting), *tail]
        for place, posting in enumerate(list_postings(document), start=1)
    ]


def _posting_cells(posting: Posting) -> list[str]:
    item, vat, box = posting.item, posting.item.vat, posting.cell.box
    days = [day.isoformat() if day else "" for day in (item.service_from, item.service_until)]
    return [
        item.kind.value, item.description, f"{item.quantity.normalize():f}", f"{item.unit_price:f}",
        plain(item.discount), *days, plain(posting.net), vat.treatment.value, f"{vat.rate.normalize():f}", vat.state,
        "yes" if vat.is_oss else "no", plain(posting.vat), box.value,
        find_account(settings.BURSAR_LEDGER_ACCOUNTS, item.kind, box),
    ]  # fmt: skip


def return_cells(found: Turnover, period: Period) -> list[list[str]]:
    """In the order of `RETURN`."""
    return [
        [period.name, cell.box.value, cell.state, f"{cell.rate.normalize():f}", cell.say(), plain(sums.net),
         plain(sums.vat)]
        for cell, sums in found.list_cells()
    ]  # fmt: skip


def supply_cells(found: Turnover, period: Period) -> list[list[str]]:
    """In the order of `SUPPLIES`."""
    return [[period.name, vat_id, say_state_of(vat_id), plain(net)] for vat_id, net in sorted(found.supplies.items())]


def shop_cells(found: Turnover, period: Period) -> list[list[str]]:
    """In the order of `SHOP`."""
    return [
        [period.name, cell.state, f"{cell.rate.normalize():f}", plain(sums.net), plain(sums.vat)]
        for cell, sums in found.list_cells(Box.OSS)
    ]


_OF_TURNOVER: dict[str, tuple[tuple[str, ...], Any]] = {
    "vat_return": (RETURN, return_cells),
    "supplies": (SUPPLIES, supply_cells),
    "shop": (SHOP, shop_cells),
}
KINDS = ("lines", *_OF_TURNOVER)


def write(kind: str, period: Period, layout: Layout) -> Written:
    """kind: one of `KINDS`."""
    if kind == "lines":
        return csv.write(LINES, _line_batches(period), layout)
    columns, cells = _OF_TURNOVER[kind]
    return csv.write(columns, [cells(calc_turnover(period), period)], layout)


def _line_batches(period: Period) -> Iterator[list[list[str]]]:
    batch: list[list[str]] = []
    for row in list_issued(period):
        batch += line_cells(row)
        if len(batch) >= csv.LINES:
            yield batch
            batch = []
    yield batch
