"""What Peppol and the Dutch rules refuse, in our words: a document that may leave, and each thing that stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from bursar.billing.documents.checking import check
from bursar.billing.documents.document import BankAccount, Document, Id, Item, Preceding, Received
from bursar.billing.documents.peppol import why_not_for_network
from bursar.billing.documents.ubl import Profile, to_ubl
from tests.billing.documents.samples import (
    AMERICAN,
    DAY,
    DUTCH,
    FRENCH,
    GERMAN,
    SELLER,
    credit_note,
    documents,
    invoice,
    seats,
)

OIN = Id("0190", "00000001001234567000")
KVK = Id("0106", "12345678")


def buyer(**changes: Any) -> Document:
    return invoice(replace(DUTCH, **changes))


def seller(**changes: Any) -> Document:
    return replace(invoice(), seller=replace(SELLER, **changes))


def item(**changes: Any) -> Document:
    return invoice(DUTCH, seats(**changes))


def outside(*more: Item, **changes: Any) -> Document:
    there = replace(AMERICAN, endpoint=Id("0088", "7300010000001"))
    return replace(invoice(there, seats(there), *more), **changes)


FINE = {
    "Dutch": invoice(),
    "Dutch, by KvK number": buyer(legal_id=KVK, endpoint=KVK),
    "German": invoice(GERMAN),
    "Belgian": invoice(replace(FRENCH, country="BE", endpoint=Id("0208", "0203201340"))),
    "outside the EU": outside(),
    "credit note": credit_note(),
    "by buyer reference": invoice(order_number="", buyer_reference="I-99"),
    "debited": invoice(debit_on=date(2026, 12, 3), mandate="MD-5FBX", payee=None, due_on=None),
    "paid": replace(invoice(payee=None, due_on=None), received=(Received(Decimal("13068.00"), DAY, "iDEAL"),)),
    "with an RF reference": invoice(reference="RF18539007547034"),
}

REFUSED = {
    "no endpoint of the customer": (buyer(endpoint=None), "customer has no Peppol id"),
    "no endpoint of the seller": (seller(endpoint=None), "seller has no Peppol id"),
    "an endpoint by mail": (buyer(endpoint=Id("EM", "a@b.example")), "knows no scheme EM"),
    "neither reference": (invoice(order_number="", buyer_reference=" "), "neither a purchase order number"),
    "a reference of two lines": (invoice(order_number="PO\n7"), "order number must be one line"),
    "a reference too long": (invoice(buyer_reference="x" * 101), "buyer reference must be one line"),
    "no legal id of the seller": (seller(legal_id=None), "seller's KvK number or OIN is missing"),
    "another legal id of the seller": (seller(legal_id=Id("0088", "7300010000001")), "seller's KvK number or OIN"),
    "another legal id of the customer": (buyer(legal_id=Id("0088", "7300010000001")), "customer's legal id must be"),
    "a KvK number too short": (seller(legal_id=Id("0106", "1234567")), "a KvK number has 8 digits"),
    "an OIN too short": (buyer(legal_id=Id("0190", "0000000100123456700")), "an OIN has 20 digits"),
    "a KvK number in letters": (buyer(endpoint=Id("0106", "1234567O")), "a KvK number has 8 digits"),
    "a Dutch VAT id as endpoint": (buyer(endpoint=Id("9944", "004495445B01")), "NL123456789B01"),
    "a Belgian number": (buyer(endpoint=Id("0208", "0203201341")), "Its check digits do not fit"),
    "a GLN": (buyer(endpoint=Id("0088", "7300010000002")), "Its check digits do not fit"),
    "an empty endpoint": (buyer(endpoint=Id("9930", " ")), "Its form is wrong: it is empty."),
    "no street of the seller": (seller(street=""), "seller's address lacks street"),
    "no place of the customer": (buyer(city=" ", postcode=""), "customer's address lacks postcode and city"),
    "no name of the customer": (buyer(name=" "), "customer's name is missing"),
    "a credit note of nothing": (credit_note(preceding=None), "does not name the invoice"),
    "a credit note of a nameless": (credit_note(preceding=Preceding(" ", DAY)), "does not name the invoice"),
    "a credit note with a due date": (credit_note(due_on=DAY), "A credit note has no due date"),
    "a credit note to be debited": (credit_note(debit_on=DAY), "A credit note has no due date"),
    "reversed without the customer's id": (
        replace(invoice(GERMAN), buyer=replace(GERMAN, vat_id="")), "customer's VAT id is missing",
    ),
    "reversed without the seller's id": (
        replace(invoice(GERMAN), seller=replace(SELLER, vat_id="")), "seller's VAT id is missing",
    ),
    "charged without the seller's id": (seller(vat_id=""), "seller's VAT id is missing"),
    "outside and inside": (outside(seats(DUTCH)), "need a document of their own"),
    "outside without a legal id": (outside(seller=replace(SELLER, legal_id=None)), "the seller needs its legal id"),
    "another currency": (invoice(currency="USD"), "Its currency is USD"),
    "no account": (invoice(payee=None), "names no account"),
    "no due date": (invoice(due_on=None), "names no due date"),
    "no IBAN": (invoice(payee=BankAccount("NL91ABNA0417164301", "Agora")), "is no IBAN"),
    "no RF reference": (invoice(reference="RF00539007547034"), "is no creditor reference"),
    "debited without a mandate": (invoice(debit_on=DAY), "does not name the mandate"),
    "no line": (replace(invoice(), items=()), "It has no line"),
    "a line of nothing": (item(description="\t"), "Line 1 does not say"),
    "a period backwards": (item(service_until=date(2026, 11, 30)), "period of line 1 ends before"),
}  # fmt: skip


@pytest.mark.parametrize("case", FINE)
def test_what_may_leave_is_not_refused(case: str) -> None:
    assert why_not_for_network(FINE[case]) == []
    assert check(to_ubl(FINE[case], Profile.PEPPOL)) == []


@pytest.mark.parametrize("case", REFUSED)
def test_each_thing_that_stops_it_is_said(case: str) -> None:
    document, words = REFUSED[case]
    said = [sentence for sentence in why_not_for_network(document) if words in sentence]
    assert len(said) == 1 and said[0].endswith(".")


def test_nlcius_wants_the_id_of_every_dutch_customer() -> None:
    nameless = buyer(legal_id=None)
    assert why_not_for_network(nameless) == []
    assert why_not_for_network(nameless, Profile.NLCIUS) == [
        "The customer's KvK number or OIN is missing: a Dutch customer must be named with it."
    ]
    assert why_not_for_network(invoice(GERMAN), Profile.NLCIUS) == []


def test_the_dutch_rules_bind_dutch_sellers_only() -> None:
    belgian = Id("0208", "0203201340")
    there = replace(SELLER, country="BE", legal_id=belgian, endpoint=belgian, street="")
    assert why_not_for_network(replace(invoice(), seller=there)) == []


@given(documents(3))
@settings(max_examples=30, deadline=None)
def test_what_is_not_refused_is_valid(document: Document) -> None:
    made = replace(document, buyer=replace(document.buyer, endpoint=OIN))
    assert why_not_for_network(made) == []
    assert check(to_ubl(made, Profile.PEPPOL)) == []
