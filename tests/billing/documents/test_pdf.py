"""What stands on an invoice and a credit note: the Dutch list for invoices, item by item, read from the PDF."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from bursar.billing.documents.content import describe
from bursar.billing.documents.document import Document, DocumentKind, ItemKind, Received, Unit
from bursar.billing.documents.pdf import to_pdf
from bursar.billing.rules import ItemCategory, Treatment
from bursar.billing.rules.references import make_reference
from tests.billing.documents.reading_pdf import read_amount, read_lines, read_pages, read_text, say
from tests.billing.documents.samples import (
    AMERICAN,
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

REFERENCE = make_reference(NUMBER)
TRAINING = seats(
    description="Training on site", quantity="1.5", unit=Unit.PIECE, price="1234.5678", kind=ItemKind.TRAINING,
    discount=Decimal("185.19"), discount_percent=10, service_from=date(2026, 11, 3), service_until=date(2026, 11, 3),
)  # fmt: skip
PAID = Received(Decimal("13068.00"), date(2026, 12, 3), "iDEAL")


def asked(buyer: object = DUTCH, **more: object) -> Document:
    return invoice(buyer, reference=REFERENCE, **more)  # type: ignore[arg-type]  # a Party


def test_number_and_dates() -> None:
    assert "Invoice 2026-000042 Date of issue 24 November 2026" in say(asked())
    text = say(asked(language="nl"))
    assert "Factuur 2026-000042 Factuurdatum 24 november 2026" in text
    assert "Vervaldatum 24 december 2026" in text


def test_seller_and_buyer_with_addresses_and_ids() -> None:
    text = say(asked(GERMAN))
    assert "Agora Voices B.V. Keizersgracht 1 1015 CJ Amsterdam Netherlands KvK 12345678 VAT id NL004495445B01" in text
    assert "billing@agora.example" in text
    assert "Invoice to Stadt Köln Rathausplatz 2 50667 Köln Germany VAT id DE136695976" in text
    assert "OIN 00000001001234567000" in say(asked())
    dutch = say(asked(replace(GERMAN, street_more="2e verdieping"), language="nl"))
    assert "Factuur aan Stadt Köln Rathausplatz 2 2e verdieping 50667 Köln Duitsland Btw-nummer DE136695976" in dutch


def test_the_service_period_stands_once_where_it_is_that_of_all() -> None:
    text = say(asked())
    assert text.count("1 December 2026 – 30 November 2027") == 1
    assert "Service period 1 December 2026 – 30 November 2027" in text
    mixed = say(invoice(DUTCH, seats(), TRAINING))
    assert "Service period see each line" in mixed
    assert "Changemaker 1 December 2026 – 30 November 2027" in mixed and "Training on site 3 November 2026" in mixed


def test_the_day_supplied() -> None:
    assert "Date of supply 3 November 2026" in say(invoice(DUTCH, TRAINING))
    undated = replace(TRAINING, service_from=None, service_until=None)
    assert "Leverdatum 24 november 2026" in say(invoice(DUTCH, undated, language="nl")), "the day of issue"


def test_a_prepayment_that_was_received() -> None:
    before = replace(PAID, on=date(2026, 11, 20))
    assert "Prepayment received on 20 November 2026, iDEAL −13,068.00" in say(asked(received=(before,)))
    assert "Vooruitbetaling ontvangen op 20 november 2026, iDEAL" in say(asked(received=(before,), language="nl"))


def test_quantity_kind_unit_price_discount_rate_and_net() -> None:
    text = say(invoice(DUTCH, TRAINING, seats(quantity="1")))
    assert "Description Quantity Unit price Discount VAT Net, EUR" in text
    assert "Training on site 3 November 2026 1.5 pieces 1,234.5678 −185.19 10 % 21 % 1,666.66" in text
    assert "1 seat 900.00 21 % 900.00" in text
    dutch = say(invoice(DUTCH, TRAINING, seats(quantity="1"), language="nl"))
    assert "1,5 stuks 1.234,5678 −185,19 10 % 21 % 1.666,66" in dutch and "1 plaats 900,00 21 % 900,00" in dutch
    assert "Discount" not in say(asked())


def test_net_per_rate_vat_in_euro_and_totals() -> None:
    text = say(invoice(DUTCH, seats(), seats(price="10.01", vat=vat_of(DUTCH, ItemCategory.EXEMPT))))
    assert (
        "Total excluding VAT 10,920.12 VAT 21 % on 10,800.00 2,268.00 Exempt from VAT on 120.12 0.00 "
        "Total VAT 2,268.00 Total including VAT €13,188.12" in text
    )
    assert "Totaal exclusief btw 10.800,00 Btw 21 % over 10.800,00 2.268,00 Totaal inclusief btw € 13.068,00" in say(
        asked(language="nl")
    )


def test_reverse_charge_with_both_ids() -> None:
    text = say(asked(GERMAN))
    assert "VAT reverse charge on 10,800.00 0.00" in text and "reverse charge 10,800.00" in text
    assert "VAT reverse charge (btw verlegd): the customer accounts for the VAT" in text
    assert "VAT id of the seller NL004495445B01, of the customer DE136695976." in text
    dutch = say(asked(GERMAN, language="nl"))
    assert "Btw verlegd (VAT reverse charge)" in dutch
    assert "Btw-nummer van de leverancier NL004495445B01, van de afnemer DE136695976." in dutch
    assert "verlegd" not in say(asked(language="nl"))


def test_exempt_and_outside_scope_say_so() -> None:
    exempt = seats(vat=vat_of(DUTCH, ItemCategory.EXEMPT))
    assert "What is marked “exempt” is exempt from VAT." in say(invoice(DUTCH, exempt))
    assert "Wat met “vrijgesteld” is aangegeven, is vrijgesteld van btw." in say(invoice(DUTCH, exempt, language="nl"))
    assert "No VAT: the place of supply lies outside the VAT area of the EU" in say(asked(AMERICAN))
    dutch = say(asked(AMERICAN, language="nl"))
    assert "Geen btw: de plaats van dienst ligt buiten het btw-gebied van de EU" in dutch and "NL004495445B01" in dutch


def test_vat_of_another_state_names_it() -> None:
    text = say(invoice(FRENCH, seats(vat=vat_of(FRENCH, uses_oss=True))))
    assert "VAT 20 % (France) on 10,800.00 2,160.00" in text
    assert "VAT of France is declared by the one-stop shop (OSS)." in text


def test_order_number_buyer_reference_contract_and_notes() -> None:
    document = asked(order_number="PO-7", buyer_reference="Afd. 3", contract="RC-118", notes=("First.", "Second."))
    text = say(document)
    assert "Order number PO-7 Your reference Afd. 3 Contract RC-118" in text and "First. Second." in text
    bare = say(replace(document, order_number="", buyer_reference="", contract="", notes=()))
    assert not re.search("Order number|Your reference|Contract|First", bare)


def test_pay_by_when_to_which_iban_under_which_reference() -> None:
    text = say(asked())
    assert "Please pay €13,068.00 by 24 December 2026." in text
    assert "IBAN NL91 ABNA 0417 1643 00 In the name of Agora Voices B.V." in text
    assert "Payment reference RF02 2026 0000 42 Scan with your banking app" in text
    dutch = say(asked(language="nl"))
    assert "Wij ontvangen graag € 13.068,00 uiterlijk op 24 december 2026." in dutch
    assert "Betalingskenmerk RF02 2026 0000 42 Scan met uw bankapp" in dutch


def test_without_a_due_date_or_an_account_it_still_asks() -> None:
    assert "Please pay €13,068.00. Amount" in say(asked(due_on=None))
    bare = say(asked(payee=None))
    assert "Please pay €13,068.00 by 24 December 2026." in bare and "IBAN" not in bare and "Scan" not in bare


@pytest.mark.parametrize(
    "unfit", [{"reference": "RF00123"}, {"reference": ""}, {"currency": "USD"}], ids=["wrong", "none", "dollars"]
)
def test_without_a_valid_reference_there_is_no_qr(unfit: dict[str, str]) -> None:
    document = replace(asked(), **unfit)  # type: ignore[arg-type]  # texts
    assert not describe(document)["payment"]["qr"] and "IBAN NL91" in say(document)


def test_money_that_came_is_said_when_and_how_and_nothing_is_due() -> None:
    document = asked(received=(PAID,), due_on=None)
    text = say(document)
    assert "Paid on 3 December 2026, iDEAL −13,068.00 Amount due €0.00" in text
    assert "Paid Nothing is left to be paid." in text
    assert not re.search("Please pay|IBAN|RF02|Scan", text) and not describe(document)["payment"]["qr"]
    dutch = say(replace(document, language="nl"))
    assert "Betaald op 3 december 2026, iDEAL −13.068,00 Te betalen € 0,00" in dutch and "Voldaan" in dutch


def test_of_money_that_came_in_part_the_rest_is_asked_for() -> None:
    document = asked(received=(replace(PAID, amount=Decimal("3000.00")), replace(PAID, amount=Decimal("68.00"))))
    text = say(document)
    assert "−3,000.00" in text and "−68.00" in text and "Amount due €10,000.00" in text
    assert "Please pay €10,000.00 by" in text and describe(document)["payment"]["qr"]


def test_what_will_be_debited_says_so_and_when() -> None:
    document = asked(debit_on=date(2026, 12, 1), mandate="mdt_7")
    text = say(document)
    assert "Collected on 1 December 2026 Mandate mdt_7" in text and "Mandate" not in say(asked(mandate="mdt_7"))
    assert "€13,068.00 will be collected on 1 December 2026" in text
    assert not re.search("Please pay|Due date|IBAN|Scan", text) and not describe(document)["payment"]["qr"]
    assert "€ 13.068,00 wordt op 1 december 2026 afgeschreven" in say(replace(document, language="nl"))


def test_a_credit_note_names_its_invoice_and_asks_for_nothing() -> None:
    document = replace(credit_note(), due_on=date(2026, 12, 24), reference=REFERENCE, payee=invoice().payee)
    text = say(document)
    assert "Credit note 2026-000042" in text and "Credits invoice 2026-000042 of 19 November 2026" in text
    assert "Total credited €13,068.00" in text
    assert not re.search("Due date|Please pay|IBAN|RF02|Scan|Amount due|Invoice to", text)
    assert describe(document)["payment"] == {}
    dutch = say(replace(document, language="nl"))
    assert "Creditnota 2026-000042" in dutch and "Crediteert factuur 2026-000042 van 19 november 2026" in dutch
    assert "Totaal gecrediteerd € 13.068,00" in dutch


def test_sixty_lines_repeat_their_header_and_count_pages() -> None:
    lines = [seats(description=f"Workspace {number}.", quantity=str(number + 1)) for number in range(60)]
    pages = read_pages(to_pdf(invoice(DUTCH, *lines, reference=REFERENCE)))
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        assert f"Invoice 2026-000042 Page {number} of 3" in page
        assert page.count("Description Quantity Unit price VAT Net, EUR") == ("Workspace" in page)
    assert all(f"Workspace {number}. {number + 1} seat" in " ".join(pages) for number in range(60))


def test_a_description_longer_than_a_page_is_there_whole() -> None:
    words = [f"word{number}" for number in range(3000)]
    pages = read_pages(to_pdf(invoice(DUTCH, seats(description=" ".join(words)), seats())))
    assert len(pages) > 3 and set(words) <= set(" ".join(pages).split())


def test_names_of_two_hundred_signs_stay_on_the_page() -> None:
    """As one word: it is broken, and what stands beside it stays."""
    name = "Gemeentelijke" * 16
    document = asked(replace(DUTCH, name=name, street=name, city=name), order_number=name, contract=name, notes=(name,))
    pdf = to_pdf(document)
    assert read_text(pdf).replace(" ", "").count(name) == 6
    assert max(len(line) for line in read_lines(pdf)) < 110, "no line runs out of the paper"


@given(documents(8))
@settings(max_examples=30, deadline=None)
def test_amounts_on_paper_are_those_of_the_document(document: Document) -> None:
    """Read again from the PDF's text, by a reader that knows nothing of how they were written."""
    text, totals = say(document), document.totals
    is_dutch, is_credit = document.language == "nl", document.kind == DocumentKind.CREDIT_NOTE
    label = {
        (True, True): "Totaal gecrediteerd", (True, False): "Totaal inclusief btw",
        (False, True): "Total credited", (False, False): "Total including VAT",
    }[is_dutch, is_credit]  # fmt: skip
    sums = text[text.rindex("Totaal exclusief btw" if is_dutch else "Total excluding VAT") :]
    before, _, after = sums.partition(label)
    figures = [
        read_amount(one, document.language) for one in re.findall(r"−?\d[\d.,]*,\d\d\b|−?\d[\d.,]*\.\d\d\b", before)
    ]
    expected = [totals.net, *(figure for rate in totals.rates for figure in (rate.net, rate.vat))]
    assert figures == [*expected, *([totals.vat] if len(totals.rates) > 1 else [])]
    assert read_amount(after, document.language) == totals.gross
    if document.received:
        due = after[after.index("Te betalen" if is_dutch else "Amount due") :]
        assert read_amount(due, document.language) == document.due == 0
    treatments = {rate.treatment for rate in totals.rates}
    assert ("verlegd" in sums if is_dutch else "reverse charge" in sums) == (Treatment.REVERSE_CHARGE in treatments)
