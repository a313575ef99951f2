"""Every item that the law asks of an invoice (article 35a Wet op de omzetbelasting 1968, article 27 Handelsregisterwet),
on paper, in the e-invoice and in what is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import pytest

from bursar.billing.documents.checking import check
from bursar.billing.documents.document import Document, Preceding, Received
from bursar.billing.documents.peppol import why_not_for_network
from bursar.billing.documents.ubl import Profile, to_ubl
from bursar.billing.rules import ItemCategory
from tests.billing.documents.reading import read
from tests.billing.documents.reading_pdf import say
from tests.billing.documents.samples import (
    AMERICAN,
    DUTCH,
    GERMAN,
    NUMBER,
    SELLER,
    credit_note,
    invoice,
    seats,
    vat_of,
)

SELLERS, BUYERS = "cac:AccountingSupplierParty/cac:Party", "cac:AccountingCustomerParty/cac:Party"
LINE, RATE = "cac:InvoiceLine", "cac:TaxTotal/cac:TaxSubtotal"
DUTCH_TO_GERMANY = "Btw verlegd (VAT reverse charge)"


class Asked(NamedTuple):
    """`words`: on paper. `at`, `values`: in the e-invoice. `kept`: of the JSON that is kept, whatever the text."""

    document: Document
    words: tuple[str, ...]
    at: dict[str, list[str]]
    kept: Callable[[dict[str, Any]], object]
    value: object


def discounted() -> Document:
    return invoice(DUTCH, seats(quantity="3", price="33.50", discount=Decimal("10.05"), discount_percent=10))


def prepaid() -> Document:
    made = invoice(due_on=None, payee=None)
    return replace(made, received=(Received(made.totals.gross, date(2026, 11, 20), "bank transfer"),))


def replacing() -> Document:
    return invoice(GERMAN, preceding=Preceding("2026-000007", date(2026, 11, 3)))


def first(kept: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = kept["items"][0]
    return item


SIMPLE, EXEMPT = invoice(), invoice(DUTCH, seats(vat=vat_of(DUTCH, ItemCategory.EXEMPT)))
REVERSED = invoice(GERMAN, language="nl")
ITEMS: dict[str, Asked] = {
    "the day of issue": Asked(
        SIMPLE, ("Date of issue 24 November 2026",), {"cbc:IssueDate": ["2026-11-24"]},
        lambda kept: kept["issued_on"], "2026-11-24",
    ),
    "a number that stands once": Asked(
        SIMPLE, (f"Invoice {NUMBER}",), {"cbc:ID": [NUMBER]}, lambda kept: kept["number"], NUMBER
    ),
    "who sells": Asked(
        SIMPLE, ("Agora Voices B.V.", "Keizersgracht 1", "1015 CJ Amsterdam", "Netherlands"),
        {f"{SELLERS}/cac:PartyLegalEntity/cbc:RegistrationName": ["Agora Voices B.V."],
         f"{SELLERS}/cac:PostalAddress/cbc:StreetName": ["Keizersgracht 1"],
         f"{SELLERS}/cac:PostalAddress/cbc:PostalZone": ["1015 CJ"],
         f"{SELLERS}/cac:PostalAddress/cbc:CityName": ["Amsterdam"]},
        lambda kept: (kept["seller"]["name"], kept["seller"]["street"]), (SELLER.name, SELLER.street),
    ),
    "who buys": Asked(
        SIMPLE, ("Gemeente Haarlem", "Grote Markt 2", "2011 RD Haarlem"),
        {f"{BUYERS}/cac:PartyLegalEntity/cbc:RegistrationName": ["Gemeente Haarlem"],
         f"{BUYERS}/cac:PostalAddress/cbc:StreetName": ["Grote Markt 2"],
         f"{BUYERS}/cac:PostalAddress/cac:Country/cbc:IdentificationCode": ["NL"]},
        lambda kept: (kept["buyer"]["name"], kept["buyer"]["postcode"]), (DUTCH.name, DUTCH.postcode),
    ),
    "the seller's VAT id": Asked(
        SIMPLE, ("VAT id NL004495445B01",), {f"{SELLERS}/cac:PartyTaxScheme/cbc:CompanyID": ["NL004495445B01"]},
        lambda kept: kept["seller"]["vat_id"], SELLER.vat_id,
    ),
    "the seller's KvK number": Asked(
        SIMPLE, ("KvK 12345678",), {f"{SELLERS}/cac:PartyLegalEntity/cbc:CompanyID": ["12345678"]},
        lambda kept: kept["seller"]["legal_id"], {"scheme": "0106", "value": "12345678"},
    ),
    "quantity and kind": Asked(
        SIMPLE, ("Changemaker 12 seats",),
        {f"{LINE}/cbc:InvoicedQuantity": ["12"], f"{LINE}/cac:Item/cbc:Name": ["Changemaker"]},
        lambda kept: (first(kept)["quantity"], first(kept)["description"]), ("12", "Changemaker"),
    ),
    "the days of supply": Asked(
        SIMPLE, ("Service period 1 December 2026 – 30 November 2027",),
        {f"{LINE}/cac:InvoicePeriod/cbc:StartDate": ["2026-12-01"],
         f"{LINE}/cac:InvoicePeriod/cbc:EndDate": ["2027-11-30"]},
        lambda kept: (first(kept)["service_from"], first(kept)["service_until"]), ("2026-12-01", "2027-11-30"),
    ),
    "the day of a prepayment": Asked(
        prepaid(), ("Prepayment received on 20 November 2026, bank transfer", "Amount due €0.00"),
        {"cac:LegalMonetaryTotal/cbc:PrepaidAmount": ["13068.00"],
         "cac:LegalMonetaryTotal/cbc:PayableAmount": ["0.00"]},
        lambda kept: kept["received"], [{"amount": "13068.00", "on": "2026-11-20", "how": "bank transfer"}],
    ),
    "the price of one, without VAT": Asked(
        discounted(), ("33.50",), {f"{LINE}/cac:Price/cbc:PriceAmount": ["33.5"]},
        lambda kept: first(kept)["unit_price"], "33.50",
    ),
    "a discount": Asked(
        discounted(), ("−10.05 10 %", "90.45"),
        {f"{LINE}/cac:AllowanceCharge/cbc:Amount": ["10.05"],
         f"{LINE}/cac:AllowanceCharge/cbc:MultiplierFactorNumeric": ["10"],
         f"{LINE}/cbc:LineExtensionAmount": ["90.45"]},
        lambda kept: (first(kept)["discount"], first(kept)["discount_percent"]), ("10.05", 10),
    ),
    "the rate": Asked(
        SIMPLE, ("VAT 21 % on 10,800.00",), {f"{RATE}/cac:TaxCategory/cbc:Percent": ["21"]},
        lambda kept: first(kept)["vat"]["rate"], "21",
    ),
    "what is taxed, and the VAT in euro": Asked(
        SIMPLE, ("Total excluding VAT 10,800.00", "2,268.00", "Total including VAT €13,068.00"),
        {f"{RATE}/cbc:TaxableAmount": ["10800.00"], "cac:TaxTotal/cbc:TaxAmount": ["2268.00"],
         "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount": ["13068.00"], "cbc:DocumentCurrencyCode": ["EUR"]},
        lambda kept: kept["currency"], "EUR",
    ),
    "that it is reversed, with both VAT ids": Asked(
        REVERSED, (DUTCH_TO_GERMANY, "NL004495445B01", "DE136695976", "artikel 196"),
        {f"{RATE}/cac:TaxCategory/cbc:ID": ["AE"], f"{RATE}/cac:TaxCategory/cbc:TaxExemptionReason": ["Btw verlegd"],
         f"{BUYERS}/cac:PartyTaxScheme/cbc:CompanyID": ["DE136695976"]},
        lambda kept: (first(kept)["vat"]["treatment"], kept["buyer"]["vat_id"]), ("reverse_charge", "DE136695976"),
    ),
    "that it is exempt": Asked(
        EXEMPT, ("Exempt from VAT on 10,800.00", "is exempt from VAT"),
        {f"{RATE}/cac:TaxCategory/cbc:ID": ["E"]}, lambda kept: first(kept)["vat"]["treatment"], "exempt",
    ),
    "that it lies outside the EU": Asked(
        invoice(AMERICAN), ("Outside EU VAT on 10,800.00", "No VAT: the place of supply"),
        {f"{RATE}/cac:TaxCategory/cbc:ID": ["O"]}, lambda kept: first(kept)["vat"]["treatment"], "outside_scope",
    ),
    "whose VAT it is, by the one-stop shop": Asked(
        invoice(GERMAN, seats(vat=vat_of(replace(GERMAN, vat_id=""), uses_oss=True))),
        ("VAT 19 % (Germany)", "VAT of Germany is declared by the one-stop shop (OSS)"),
        {f"{RATE}/cac:TaxCategory/cbc:Percent": ["19"]},
        lambda kept: (first(kept)["vat"]["state"], first(kept)["vat"]["is_oss"]), ("DE", True),
    ),
    "which invoice a credit note is about": Asked(
        credit_note(), (f"Credits invoice {NUMBER} of 19 November 2026",),
        {"cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID": [NUMBER]},
        lambda kept: kept["preceding"], {"number": NUMBER, "issued_on": "2026-11-19"},
    ),
    "which invoice another takes the place of": Asked(
        replacing(), ("Replaces invoice 2026-000007 of 3 November 2026",),
        {"cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID": ["2026-000007"]},
        lambda kept: kept["preceding"]["number"], "2026-000007",
    ),
}  # fmt: skip


@cache
def paper_of(name: str) -> str:
    return say(ITEMS[name].document).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("name", ITEMS)
def test_it_stands_on_paper(name: str) -> None:
    missing = [words for words in ITEMS[name].words if words not in paper_of(name)]
    assert missing == [], paper_of(name)


@pytest.mark.parametrize("name", ITEMS)
def test_it_stands_in_the_e_invoice(name: str) -> None:
    xml = to_ubl(ITEMS[name].document, Profile.PEPPOL)
    assert {path: read(xml, path) for path in ITEMS[name].at} == ITEMS[name].at


def test_one_that_takes_the_place_of_another_may_leave() -> None:
    assert why_not_for_network(replace(replacing(), reference="RF712348231")) == []
    assert check(to_ubl(replacing(), Profile.PEPPOL)) == []


@pytest.mark.parametrize("name", ITEMS)
def test_it_is_kept(name: str) -> None:
    assert ITEMS[name].kept(ITEMS[name].document.as_json()) == ITEMS[name].value
