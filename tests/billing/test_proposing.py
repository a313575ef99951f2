"""What an invoice would say: seats at the price, who pays, and when it is due."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.billing.documents.document import Id, Item, ItemKind
from bursar.billing.models import BillingDetails
from bursar.billing.proposing import Wanted, decide_for_item, make_invoice, order_number_of, propose_items
from bursar.billing.queries import get_details
from bursar.billing.seller import why_not_invoice
from bursar.billing.store import Details, set_details
from bursar.core.money import cents
from bursar.plans.queries import load_account
from bursar.plans.store import discounts
from tests.cast import NOW, Cast, fact

DAY = date(2026, 12, 1)
PUBLIC = Details(
    "Gemeente Haarlem", "Grote Markt 2", "2011 RD", "Haarlem", "NL", legal_id="00000001001234567000",
    peppol_id="0190:00000001001234567000", order_number="PO-7", order_last_day=date(2026, 12, 31), payment_days=14,
    language="nl", contract="2026/4",
)  # fmt: skip


@pytest.fixture
def seller(settings: Any) -> Any:
    settings.BURSAR_SELLER_NAME, settings.BURSAR_SELLER_ADDRESS = "Agora Voices B.V.", ["Dam 1", "1012 JS", "Amsterdam"]
    settings.BURSAR_SELLER_VAT_ID, settings.BURSAR_SELLER_IBAN = "NL004495445B01", "NL91ABNA0417164300"
    settings.BURSAR_SELLER_LEGAL_ID = "12345678"
    return settings


@pytest.fixture
def details(cast: Cast) -> BillingDetails:
    set_details({cast.haarlem.pk: PUBLIC}, NOW)
    found = get_details(cast.haarlem.pk)
    assert found is not None
    return found


def items_of(cast: Cast, cadence: str = "yearly") -> list[Item]:
    vat = decide_for_item(get_details(cast.haarlem.pk), ItemKind.SUBSCRIPTION, DAY)
    return propose_items(load_account(cast.haarlem.pk), cadence, DAY, vat)


def test_seats_come_to_the_price_times_the_months(cast: Cast, details: BillingDetails) -> None:
    for cadence, months in (("yearly", 12), ("monthly", 1)):
        items = items_of(cast, cadence)
        assert {item.kind for item in items} == {ItemKind.SUBSCRIPTION} and items[0].description == "Changemaker"
        assert all(item.service_from == DAY for item in items)
        last = date(2027, 11, 30) if months == 12 else date(2026, 12, 31)
        assert {item.service_until for item in items} == {last}
        assert sum(item.net for item in items) == sum(
            cents(item.quantity * item.unit_price) - item.discount for item in items
        )
    row = fact(cast.haarlem)
    assert sum(item.net for item in items_of(cast)) == 12 * row.mrr > 0


def test_a_discount_stands_on_its_line_to_the_cent(cast: Cast, details: BillingDetails) -> None:
    full = sum((item.net for item in items_of(cast)), Decimal(0))
    subject = {"account_id": cast.haarlem.pk, "workspace_id": None}
    values = {"kind": "partner", "percent": 33, "end_date": None}
    discounts.set_discounts([subject], NOW - timedelta(days=1), values)
    items = items_of(cast)
    assert {item.discount_percent for item in items} == {33}
    assert sum(item.net for item in items) == full - sum(item.discount for item in items) < full


def test_an_invoice_says_who_pays_and_when_it_is_due(cast: Cast, details: BillingDetails, seller: Any) -> None:
    document = make_invoice(details, Wanted(tuple(items_of(cast))), NOW)
    assert (document.number, document.issued_on, document.due_on) == ("2026-000000", NOW.date(), date(2026, 12, 8))
    assert document.buyer.legal_id == document.buyer.endpoint == Id("0190", "00000001001234567000")
    assert document.seller.legal_id == Id("0106", "12345678") and document.seller.city == "Amsterdam"
    assert document.payee is not None and document.payee.iban == "NL91ABNA0417164300"
    assert (document.order_number, document.contract, document.language) == ("PO-7", "2026/4", "nl")
    other = make_invoice(details, Wanted(tuple(items_of(cast)), payment_days=60, order_number="PO-8"), NOW)
    assert other.due_on == NOW.date() + timedelta(days=60) and other.order_number == "PO-8"
    assert order_number_of(details, date(2027, 1, 1)) == "", "it held through the end of the year"
    assert len(other.reference) == len(document.reference) and document.due == document.totals.gross


def test_whoever_sells_must_be_known_first(seller: Any) -> None:
    assert why_not_invoice() is None
    seller.BURSAR_SELLER_IBAN = ""
    assert "BURSAR_SELLER_IBAN unset" in (why_not_invoice() or "")


def test_what_was_agreed_on_the_first_day_itself_is_asked_for(cast: Cast, details: BillingDetails) -> None:
    """Set managed, change the tier, issue: all on one day."""
    today, vat = NOW.date(), decide_for_item(details, ItemKind.SUBSCRIPTION, NOW.date())
    assert propose_items(load_account(cast.samen.pk), "yearly", today, vat) == []
    run("plans.account.set_managed", cast.iris, cast.samen.public_id, {"cadence": "yearly"}, reason="agreed")
    run("plans.workspace.change_tier", cast.iris, cast.panel.public_id, {"tier": "guardian"}, reason="agreed")
    [item] = propose_items(load_account(cast.samen.pk), "yearly", today, vat)
    assert item.description == "Guardian" and item.net > 0
    assert propose_items(load_account(cast.samen.pk), "yearly", today - timedelta(days=1), vat) == []
