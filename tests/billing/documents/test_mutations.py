"""An e-invoice that was changed is noticed: by the rules, or by holding it against its document."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from bursar.billing.documents.checking import check
from bursar.billing.documents.document import Document, Received
from bursar.billing.documents.ubl import Profile, to_ubl
from bursar.billing.rules import ItemCategory
from tests.billing.documents.reading import list_differences
from tests.billing.documents.samples import AMERICAN, DAY, DUTCH, GERMAN, credit_note, invoice, seats, vat_of

DOCUMENTS = {
    "every part": replace(
        invoice(
            DUTCH, seats(price="33.3333", discount=Decimal("40.00"), discount_percent=10),
            seats(vat=vat_of(DUTCH, ItemCategory.EXEMPT)),
            reference="RF712348231", buyer_reference="I-99", contract="C-1", notes=("A note.",),
        ),
        received=(Received(Decimal("100.00"), DAY, "bank transfer"),),
    ),
    "reverse charge": invoice(GERMAN),
    "outside the EU": invoice(AMERICAN),
    "credit note": credit_note(),
}  # fmt: skip
# What may be missing: no rule of EN 16931 asks for it, and it is no amount. Peppol's rules of their own are our refusals.
OPTIONAL = {
    "DueDate", "Note", "BuyerReference", "OrderReference", "BillingReference", "ContractDocumentReference", "Contact",
    "EndpointID", "StreetName", "CityName", "PostalZone", "PaymentMeans", "PaymentID", "InvoicePeriod", "StartDate",
    "EndDate", "TaxExemptionReasonCode", "TaxExemptionReason", "MultiplierFactorNumeric", "BaseAmount", "ElectronicMail",
    "InvoiceDocumentReference/IssueDate", "PartyLegalEntity/CompanyID",
}  # fmt: skip

NUMBERS = {"Percent", "MultiplierFactorNumeric", "InvoicedQuantity", "CreditedQuantity"}


def name_of(element: Any) -> str:
    """With its parent's name where that makes the difference."""
    name, parent = str(etree.QName(element).localname), element.getparent()
    is_ambiguous = name in ("IssueDate", "CompanyID") and parent is not None and parent.getparent() is not None
    return f"{etree.QName(parent).localname}/{name}" if is_ambiguous else name


def list_removals(xml: bytes) -> Iterator[tuple[str, bytes]]:
    """Without one of its elements, each by turns."""
    root = etree.fromstring(xml)
    for place, element in enumerate(root.iter()):
        if element is not root:
            copy = deepcopy(root)
            gone = list(copy.iter())[place]
            gone.getparent().remove(gone)
            yield name_of(element), etree.tostring(copy)


def list_changes(xml: bytes) -> Iterator[tuple[str, bytes]]:
    """With a cent more or less in one amount, another number, or another category, each by turns."""
    root = etree.fromstring(xml)
    for place, element in enumerate(root.iter()):
        for text in other_texts(element):
            copy = deepcopy(root)
            list(copy.iter())[place].text = text
            yield f"{name_of(element)} {element.text} → {text}", etree.tostring(copy)


def other_texts(element: Any) -> Iterator[str]:
    name, parent = name_of(element), element.getparent()
    if element.get("currencyID") or name in NUMBERS:
        yield from (str(Decimal(element.text) + more) for more in (Decimal("0.01"), Decimal("-0.01"), Decimal(100)))
    if (
        name == "ID"
        and parent is not None
        and etree.QName(parent).localname in ("TaxCategory", "ClassifiedTaxCategory")
    ):
        yield from sorted({"S", "AE", "E", "O", "Z", "K", "X"} - {element.text})


def is_noticed(xml: bytes, document: Document) -> bool:
    return bool(list_differences(xml, document)) or bool(check(xml))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_other_amount_rate_or_category_is_noticed(name: str) -> None:
    document = DOCUMENTS[name]
    xml = to_ubl(document, Profile.EN16931)
    assert not is_noticed(xml, document)
    changes = dict(list_changes(xml))
    assert len(changes) > 20
    assert [what for what, changed in changes.items() if not is_noticed(changed, document)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_required_element_that_is_missing_is_noticed(name: str) -> None:
    document = DOCUMENTS[name]
    removals = list(list_removals(to_ubl(document, Profile.EN16931)))
    assert len(removals) > 50
    assert {what for what, changed in removals if not is_noticed(changed, document)} <= OPTIONAL
