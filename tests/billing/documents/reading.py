"""An e-invoice read again, as its receiver would, and held against the document that it was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from lxml import etree

from bursar.billing.documents.document import Document
from bursar.core.money import ZERO, cents

NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
AMOUNTS: dict[str, Callable[[Document], Decimal]] = {
    "cac:TaxTotal/cbc:TaxAmount": lambda document: document.totals.vat,
    "cac:LegalMonetaryTotal/cbc:LineExtensionAmount": lambda document: document.totals.net,
    "cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount": lambda document: document.totals.net,
    "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount": lambda document: document.totals.gross,
    "cac:LegalMonetaryTotal/cbc:PrepaidAmount": lambda document: document.prepaid,
    "cac:LegalMonetaryTotal/cbc:PayableAmount": lambda document: document.due,
}
Rated = tuple[str, Decimal, Decimal, Decimal]
"""Category, per cent, net, VAT."""


def read(xml: bytes, path: str) -> list[str]:
    """The texts of all elements at `path`."""
    return [one.text or "" for one in etree.fromstring(xml).findall(path, NAMES)]


def list_differences(xml: bytes, document: Document) -> list[str]:
    """Where its amounts, rates or categories are not those of `document`, to the cent."""
    root = etree.fromstring(xml)
    return [*_compare_totals(root, document), *_compare_rates(root, document), *_compare_lines(root, document)]


def _compare_totals(root: Any, document: Document) -> Iterator[str]:
    for path, expected in AMOUNTS.items():
        found = [Decimal(one.text) for one in root.findall(path, NAMES)]
        is_optional = path.endswith("PrepaidAmount") and not document.prepaid
        if found != ([] if is_optional else [expected(document)]):
            yield f"{path}: {found}"
    for amount in root.iterfind(".//*[@currencyID]"):
        if amount.get("currencyID") != document.currency:
            yield f"{amount.tag}: {amount.get('currencyID')}"


def _compare_rates(root: Any, document: Document) -> Iterator[str]:
    found: list[Rated] = []
    for part in root.findall("cac:TaxTotal/cac:TaxSubtotal", NAMES):
        category, percent = _category(part.find("cac:TaxCategory", NAMES))
        found.append((category, percent, _number(part, "cbc:TaxableAmount"), _number(part, "cbc:TaxAmount")))
    expected: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = {}
    for one in document.totals.rates:
        net, vat = expected.get((one.treatment.ubl_category, one.rate), (ZERO, ZERO))
        expected[one.treatment.ubl_category, one.rate] = net + one.net, vat + one.vat
    if sorted(found) != sorted((*key, *sums) for key, sums in expected.items()):
        yield f"breakdown: {found}"


def _compare_lines(root: Any, document: Document) -> Iterator[str]:
    lines = root.findall("cac:InvoiceLine", NAMES) + root.findall("cac:CreditNoteLine", NAMES)
    if len(lines) != len(document.items):
        yield f"{len(lines)} lines"
        return
    for line, item in zip(lines, document.items, strict=True):
        category = _category(line.find("cac:Item/cac:ClassifiedTaxCategory", NAMES))
        found = _number(line, "cbc:LineExtensionAmount"), *category
        if found != (item.net, item.vat.ubl_category, item.vat.rate):
            yield f"line: {found}"
        quantity = _number(line, "cbc:InvoicedQuantity") + _number(line, "cbc:CreditedQuantity")
        if (quantity, _number(line, "cac:Price/cbc:PriceAmount")) != (item.quantity, item.unit_price):
            yield f"line: {quantity} pieces"
        if _number(line, "cac:AllowanceCharge/cbc:Amount") != cents(item.discount):
            yield "line: another discount"
        agreed = [
            _number(line, f"cac:AllowanceCharge/cbc:{name}") for name in ("MultiplierFactorNumeric", "BaseAmount")
        ]
        if agreed not in ([ZERO, ZERO], [item.discount_percent, cents(item.quantity * item.unit_price)]):
            yield f"line: {agreed} agreed"


def _category(of: Any) -> tuple[str, Decimal]:
    return (of.findtext("cbc:ID", "", NAMES), _number(of, "cbc:Percent")) if of is not None else ("", ZERO)


def _number(parent: Any, path: str) -> Decimal:
    return Decimal(parent.findtext(path, "0", NAMES))
