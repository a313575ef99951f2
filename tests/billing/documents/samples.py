"""Documents of every case of VAT: a plain one by hand, and any number by chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bursar.billing.documents.document import (
    BankAccount,
    Document,
    DocumentKind,
    Id,
    Item,
    ItemKind,
    Party,
    Preceding,
    Received,
    Unit,
)
from bursar.billing.rules import Buyer, ItemCategory, Rates, Seller, VatDecision, VatIdStatus, decide_vat
from bursar.core.money import cents

DAY = date(2026, 11, 24)
RATES = Rates()
NUMBER = "2026-000042"

SELLER = Party(
    "Agora Voices B.V.", "Keizersgracht 1", "1015 CJ", "Amsterdam", "NL", vat_id="NL004495445B01",
    legal_id=Id("0106", "12345678"), endpoint=Id("0106", "12345678"), mail="billing@agora.example",
)  # fmt: skip
PAYEE = BankAccount("NL91ABNA0417164300", "Agora Voices B.V.")
DUTCH = Party(
    "Gemeente Haarlem", "Grote Markt 2", "2011 RD", "Haarlem", "NL", vat_id="", legal_id=Id("0190", "00000001001234567000"),
    endpoint=Id("0190", "00000001001234567000"),
)  # fmt: skip
GERMAN = Party(
    "Stadt Köln", "Rathausplatz 2", "50667", "Köln", "DE", vat_id="DE136695976", endpoint=Id("9930", "DE136695976")
)
FRENCH = Party("Une Personne", "Rue de la Paix 1", "75002", "Paris", "FR")
AMERICAN = Party("City of New York", "City Hall Park", "10007", "New York", "US")


def vat_of(buyer: Party, category: ItemCategory = ItemCategory.STANDARD, *, uses_oss: bool = False) -> VatDecision:
    status = VatIdStatus.VALID if buyer.vat_id else VatIdStatus.NONE
    asked = Buyer(buyer.country, buyer.postcode, buyer.vat_id, status)
    return decide_vat(Seller("NL", uses_oss), asked, category, DAY, RATES)


def seats(buyer: Party = DUTCH, quantity: str = "12", price: str = "900.00", **more: Any) -> Item:
    """A year of seats."""
    values: dict[str, Any] = {
        "kind": ItemKind.SUBSCRIPTION, "description": "Changemaker", "quantity": Decimal(quantity), "unit": Unit.SEAT,
        "unit_price": Decimal(price), "vat": vat_of(buyer), "service_from": date(2026, 12, 1),
        "service_until": date(2027, 11, 30),
    }  # fmt: skip
    return Item(**{**values, **more})


def invoice(buyer: Party = DUTCH, *items: Item, **more: Any) -> Document:
    values: dict[str, Any] = {
        "kind": DocumentKind.INVOICE, "number": NUMBER, "issued_on": DAY, "language": "en", "seller": SELLER,
        "buyer": buyer, "items": items or (seats(buyer),), "payee": PAYEE, "due_on": DAY + timedelta(days=30),
        "order_number": "PO-7",
    }  # fmt: skip
    return Document(**{**values, **more})


def credit_note(buyer: Party = DUTCH, *items: Item, **more: Any) -> Document:
    about = {"preceding": Preceding(NUMBER, DAY - timedelta(days=5)), "due_on": None, "payee": None}
    return replace(invoice(buyer, *items), kind=DocumentKind.CREDIT_NOTE, **{**about, **more})


BUYERS = st.sampled_from([DUTCH, GERMAN, FRENCH, AMERICAN])
AMOUNTS = st.decimals(Decimal("0.01"), Decimal("99999.99"), places=2)
PRICES = st.decimals(Decimal("0.0001"), Decimal("9999.9999"), places=4)
QUANTITIES = st.decimals(Decimal("0.01"), Decimal(500), places=2) | st.integers(1, 500).map(Decimal)
DESCRIPTIONS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=80).filter(
    str.strip
)


@st.composite
def items(draw: st.DrawFn, buyer: Party, *, uses_oss: bool) -> Item:
    exempt = buyer.country != "US" and draw(st.integers(0, 9)) == 0
    category = ItemCategory.EXEMPT if exempt else ItemCategory.STANDARD
    quantity, price, percent = draw(QUANTITIES), draw(PRICES), draw(st.sampled_from([0, 0, 10, 33, 100]))
    return seats(
        buyer, str(quantity), str(price), vat=vat_of(buyer, category, uses_oss=uses_oss), discount_percent=percent,
        discount=cents(quantity * price * percent / 100), kind=draw(st.sampled_from(list(ItemKind))),
        description=draw(DESCRIPTIONS),
    )  # fmt: skip


@st.composite
def documents(draw: st.DrawFn, most: int = 60, fewest: int = 1) -> Document:
    """Invoices and credit notes of every treatment, `fewest` to `most` lines, discounts, odd cents."""
    buyer, uses_oss = draw(BUYERS), draw(st.booleans())
    lines = draw(st.lists(items(buyer, uses_oss=uses_oss), min_size=fewest, max_size=most))
    language = draw(st.sampled_from(["en", "nl"]))
    if draw(st.booleans()):
        return credit_note(buyer, *lines, language=language)
    made = invoice(buyer, *lines, language=language)
    if draw(st.booleans()) and made.totals.gross > 0:
        return replace(made, received=(Received(made.totals.gross, DAY, "iDEAL"),), due_on=None, payee=None)
    return made
