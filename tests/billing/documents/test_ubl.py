"""The e-invoice of every case of VAT: valid under the schema and EN 16931, and to the cent what the document says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from bursar.billing.documents.checking import check, examine
from bursar.billing.documents.document import BankAccount, Document, ItemKind, Received, Unit
from bursar.billing.documents.rulebook import find_rules
from bursar.billing.documents.ubl import Profile, to_ubl
from bursar.billing.rules import COUNTRIES, ItemCategory
from tests.billing.documents.reading import list_differences, read
from tests.billing.documents.samples import (
    AMERICAN,
    DAY,
    DUTCH,
    FRENCH,
    GERMAN,
    NUMBER,
    credit_note,
    documents,
    invoice,
    seats,
    vat_of,
)

LEGAL_TOTAL = "cac:LegalMonetaryTotal"
MEANS = "cac:PaymentMeans"
CATEGORY = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory"
VAT_IDS = ".//cac:PartyTaxScheme/cbc:CompanyID"


def french(*, uses_oss: bool) -> Document:
    return invoice(FRENCH, seats(FRENCH, vat=vat_of(FRENCH, uses_oss=uses_oss)))


def debited() -> Document:
    return invoice(debit_on=date(2026, 12, 3), due_on=None, payee=None, mandate="MD-5FBX")


def exempt() -> Document:
    return invoice(DUTCH, seats(vat=vat_of(DUTCH, ItemCategory.EXEMPT)))


def paid() -> Document:
    made = invoice(payee=None, due_on=None)
    return replace(made, received=(Received(made.totals.gross, DAY, "iDEAL"),))


CASES: dict[str, Callable[[], Document]] = {
    "Dutch": invoice,
    "reverse charge": lambda: invoice(GERMAN, language="nl"),
    "outside the EU": lambda: invoice(AMERICAN),
    "exempt": exempt,
    "no VAT id": lambda: french(uses_oss=False),
    "one-stop shop": lambda: french(uses_oss=True),
    "paid": paid,
    "part paid": lambda: replace(invoice(), received=(Received(Decimal("100.01"), DAY, "bank transfer"),)),
    "debited": debited,
    "credit note": credit_note,
    "credit note abroad": lambda: credit_note(GERMAN),
    "two treatments": lambda: invoice(DUTCH, seats(), seats(vat=vat_of(DUTCH, ItemCategory.EXEMPT))),
    "discount": lambda: invoice(DUTCH, seats(discount=Decimal("1080.00"), discount_percent=10)),
}


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("case", CASES)
def test_every_case_is_valid_in_every_profile(case: str, profile: Profile) -> None:
    document = CASES[case]()
    xml = to_ubl(document, profile)
    found = examine(xml)
    assert not found.faults and not found.warnings
    assert not list_differences(xml, document)
    assert read(xml, "cbc:CustomizationID") == [profile.value]


@given(documents(60))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)  # more of them in tests/soak
def test_any_document_is_valid_and_exact(document: Document) -> None:
    xml = to_ubl(document, Profile.EN16931)
    assert check(xml) == []
    assert list_differences(xml, document) == []


def test_a_dutch_invoice_says_who_what_and_how_to_pay() -> None:
    xml = to_ubl(
        invoice(reference="RF712348231", buyer_reference="I-99", contract="C-1", notes=("One.", "Two.")), Profile.PEPPOL
    )
    expected = {
        "cbc:ProfileID": "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0", "cbc:ID": NUMBER, "cbc:IssueDate": "2026-11-24",
        "cbc:DueDate": "2026-12-24", "cbc:InvoiceTypeCode": "380", "cbc:Note": "One.\nTwo.", "cbc:BuyerReference": "I-99",
        "cac:OrderReference/cbc:ID": "PO-7", "cac:ContractDocumentReference/cbc:ID": "C-1",
        f"{MEANS}/cbc:PaymentMeansCode": "58", f"{MEANS}/cbc:PaymentID": "RF712348231",
        f"{MEANS}/cac:PayeeFinancialAccount/cbc:ID": "NL91ABNA0417164300",
        "cac:AccountingSupplierParty/cac:Party/cbc:EndpointID": "12345678",
        "cac:AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID": "00000001001234567000",
        f"{CATEGORY}/cbc:ID": "S", f"{CATEGORY}/cbc:Percent": "21",
        "cac:InvoiceLine/cac:InvoicePeriod/cbc:StartDate": "2026-12-01",
        "cac:InvoiceLine/cac:InvoicePeriod/cbc:EndDate": "2027-11-30",
    }  # fmt: skip
    assert {path: read(xml, path) for path in expected} == {path: [text] for path, text in expected.items()}
    assert b'<cbc:EndpointID schemeID="0190">' in xml and b'unitCode="C62">12<' in xml


def test_a_reverse_charge_says_so_in_the_language_of_the_document() -> None:
    for language, words in [("nl", "Btw verlegd"), ("en", "Reverse charge")]:
        xml = to_ubl(invoice(GERMAN, language=language), Profile.PEPPOL)
        assert read(xml, f"{CATEGORY}/cbc:ID") == ["AE"] and read(xml, f"{CATEGORY}/cbc:Percent") == ["0"]
        assert read(xml, f"{CATEGORY}/cbc:TaxExemptionReason") == [words]
        assert read(xml, f"{CATEGORY}/cbc:TaxExemptionReasonCode") == ["VATEX-EU-AE"]
        assert read(xml, VAT_IDS) == ["NL004495445B01", "DE136695976"]


def test_outside_the_eu_no_vat_id_and_no_rate_is_shown() -> None:
    xml = to_ubl(invoice(replace(AMERICAN, vat_id="GB980780684")), Profile.PEPPOL)
    assert read(xml, f"{CATEGORY}/cbc:ID") == ["O"] and read(xml, ".//cbc:Percent") == []
    assert read(xml, f"{CATEGORY}/cbc:TaxExemptionReasonCode") == ["VATEX-EU-O"]
    assert read(xml, VAT_IDS) == []


def test_exempt_items_say_why() -> None:
    xml = to_ubl(replace(exempt(), language="nl"), Profile.PEPPOL)
    assert read(xml, f"{CATEGORY}/cbc:ID") == ["E"]
    assert read(xml, f"{CATEGORY}/cbc:TaxExemptionReason") == ["Vrijgesteld van btw"]


def test_the_one_stop_shop_charges_the_rate_of_where_the_customer_is() -> None:
    assert read(to_ubl(french(uses_oss=True), Profile.EN16931), f"{CATEGORY}/cbc:Percent") == ["20"]
    assert read(to_ubl(french(uses_oss=False), Profile.EN16931), f"{CATEGORY}/cbc:Percent") == ["21"]


def test_what_is_paid_asks_for_nothing() -> None:
    xml = to_ubl(paid(), Profile.PEPPOL)
    assert read(xml, f"{LEGAL_TOTAL}/cbc:PrepaidAmount") == ["13068.00"]
    assert read(xml, f"{LEGAL_TOTAL}/cbc:PayableAmount") == ["0.00"]
    assert read(xml, MEANS) == read(xml, "cbc:DueDate") == []


def test_what_will_be_debited_names_the_day_and_the_mandate() -> None:
    xml = to_ubl(debited(), Profile.PEPPOL)
    assert read(xml, "cbc:DueDate") == ["2026-12-03"] and read(xml, f"{MEANS}/cbc:PaymentMeansCode") == ["59"]
    assert read(xml, f"{MEANS}/cac:PaymentMandate/cbc:ID") == ["MD-5FBX"]
    assert read(xml, f"{MEANS}/cac:PayeeFinancialAccount/cbc:ID") == []


def test_a_credit_note_names_its_invoice_and_no_due_date() -> None:
    xml = to_ubl(credit_note(), Profile.PEPPOL)
    about = "cac:BillingReference/cac:InvoiceDocumentReference"
    assert read(xml, "cbc:CreditNoteTypeCode") == ["381"]
    assert read(xml, f"{about}/cbc:ID") == [NUMBER] and read(xml, f"{about}/cbc:IssueDate") == ["2026-11-19"]
    assert read(xml, f"{LEGAL_TOTAL}/cbc:PayableAmount") == ["13068.00"]
    assert read(xml, "cbc:DueDate") == read(xml, MEANS) == []


def test_a_day_in_a_credit_note_stands_with_the_payment() -> None:
    payee = BankAccount("DE89370400440532013000", "Stadt Köln")
    xml = to_ubl(credit_note(payee=payee, due_on=date(2026, 12, 1)), Profile.EN16931)
    assert read(xml, f"{MEANS}/cbc:PaymentDueDate") == ["2026-12-01"] and read(xml, "cbc:DueDate") == []
    assert check(xml) == []


def test_nlcius_gets_neither_code_of_exemption_nor_day_of_the_invoice() -> None:
    xml = to_ubl(credit_note(GERMAN), Profile.NLCIUS)
    assert read(xml, f"{CATEGORY}/cbc:TaxExemptionReasonCode") == []
    assert read(xml, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:IssueDate") == []
    assert read(xml, f"{CATEGORY}/cbc:TaxExemptionReason") == ["Reverse charge"]


def test_a_discount_shows_its_per_cent_only_where_the_amount_bears_it_out() -> None:
    of = "cac:InvoiceLine/cac:AllowanceCharge"
    agreed = to_ubl(invoice(DUTCH, seats(discount=Decimal("1080.00"), discount_percent=10)), Profile.PEPPOL)
    assert read(agreed, f"{of}/cbc:MultiplierFactorNumeric") == ["10"] and read(agreed, f"{of}/cbc:BaseAmount") == [
        "10800.00"
    ]
    other = to_ubl(invoice(DUTCH, seats(discount=Decimal("500.00"), discount_percent=10)), Profile.PEPPOL)
    assert read(other, f"{of}/cbc:MultiplierFactorNumeric") == read(other, f"{of}/cbc:BaseAmount") == []
    assert read(other, f"{of}/cbc:Amount") == ["500.00"] and check(other) == []


def test_two_states_of_one_rate_are_one_sum() -> None:
    here = vat_of(DUTCH)
    document = invoice(DUTCH, seats(price="10.01"), seats(price="20.02", vat=replace(here, state="ES")))
    assert len(document.totals.rates) == 2
    xml = to_ubl(document, Profile.EN16931)
    assert read(xml, f"{CATEGORY}/cbc:Percent") == ["21"]
    assert check(xml) == [] and list_differences(xml, document) == []


def test_a_price_below_zero_is_a_quantity_below_zero() -> None:
    less = seats(quantity="1", price="-12.50", kind=ItemKind.DIFFERENCE, unit=Unit.PIECE)
    xml = to_ubl(invoice(DUTCH, seats(), less), Profile.PEPPOL)
    assert read(xml, "cac:InvoiceLine/cbc:InvoicedQuantity") == ["12", "-1"]
    assert read(xml, "cac:InvoiceLine/cac:Price/cbc:PriceAmount") == ["900", "12.5"]
    assert read(xml, "cac:InvoiceLine/cbc:LineExtensionAmount") == ["10800.00", "-12.50"]
    assert check(xml) == []


def test_signs_that_xml_cannot_carry_fall_away_and_others_stay() -> None:
    xml = to_ubl(invoice(DUTCH, seats(description="Café <&> \x0b\x00 🗳 ")), Profile.EN16931)
    assert read(xml, "cac:InvoiceLine/cac:Item/cbc:Name") == ["Café <&>  🗳"]
    assert check(xml) == []


def test_no_element_is_empty() -> None:
    bare = replace(DUTCH, legal_id=None, endpoint=None, street="", city=" ", mail="")
    xml = to_ubl(invoice(bare, seats(service_until=None), payee=None, order_number=""), Profile.PEPPOL)
    assert not re.search(rb"<([\w:]+)[^>]*>\s*</\1>|/>", xml)


def test_every_country_is_one_of_the_rules() -> None:
    """Kosovo has another code in EN 16931 than in our list of countries."""
    listed = re.search(r"contains\(' (1A AD [^']*) '", (find_rules() / "EN16931-UBL-validation.xslt").read_text())
    assert listed
    path = "cac:AccountingCustomerParty/cac:Party/cac:PostalAddress/cac:Country/cbc:IdentificationCode"
    written = {read(to_ubl(invoice(replace(DUTCH, country=code)), Profile.EN16931), path)[0] for code in COUNTRIES}
    assert written <= set(listed[1].split())
