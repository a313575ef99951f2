"""What staff would issue, from details, prices and discounts as they stand, is an e-invoice that may leave."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from bursar.billing.documents.checking import check
from bursar.billing.documents.peppol import why_not_for_network
from bursar.billing.documents.ubl import Profile, to_ubl
from bursar.billing.proposing import Wanted, decide_for_item, make_invoice, propose_items
from bursar.billing.queries import get_details
from bursar.billing.rules import ItemKind
from bursar.billing.store import set_details
from bursar.plans.queries import load_account
from bursar.plans.store import discounts
from tests.billing.documents.reading import list_differences, read
from tests.billing.test_proposing import PUBLIC
from tests.cast import NOW, Cast


def test_a_year_with_an_odd_discount_may_leave(cast: Cast, settings: Any) -> None:
    """The discount is rounded by month, so it may be some cents off its per cent."""
    settings.BURSAR_SELLER_NAME, settings.BURSAR_SELLER_ADDRESS = "Agora Voices B.V.", ["Dam 1", "1012 JS", "Amsterdam"]
    settings.BURSAR_SELLER_VAT_ID, settings.BURSAR_SELLER_IBAN = "NL004495445B01", "NL91ABNA0417164300"
    settings.BURSAR_SELLER_LEGAL_ID, settings.BURSAR_SELLER_PEPPOL_ID = "12345678", "0106:12345678"
    set_details({cast.haarlem.pk: PUBLIC}, NOW)
    subject = {"account_id": cast.haarlem.pk, "workspace_id": None}
    discounts.set_discounts([subject], NOW - timedelta(days=1), {"kind": "partner", "percent": 33, "end_date": None})
    details = get_details(cast.haarlem.pk)
    assert details is not None
    vat = decide_for_item(details, ItemKind.SUBSCRIPTION, NOW.date())
    items = propose_items(load_account(cast.haarlem.pk), "yearly", date(2026, 12, 1), vat)
    document = make_invoice(details, Wanted(tuple(items)), NOW)
    assert why_not_for_network(document) == []
    xml = to_ubl(document, Profile.PEPPOL)
    assert check(xml) == [] and list_differences(xml, document) == []
    assert read(xml, "cac:InvoiceLine/cac:AllowanceCharge/cbc:Amount") and read(xml, "cac:PaymentMeans/cbc:PaymentID")
