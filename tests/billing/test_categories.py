"""A VAT category per kind of item, the one-stop shop from its day on, and the VAT of the day of supply."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.billing import queries
from bursar.billing.models import Invoice
from bursar.billing.rules import Categories, ItemCategory, ItemKind, Treatment, configured
from bursar.billing.store import Details, set_details
from tests.billing.test_proposing import PUBLIC, seller
from tests.cast import NOW, Cast

__all__ = ["seller"]
GERMAN = Details("Erika Muster", "Rathausplatz 2", "50667", "Köln", "DE")
NEW_YEAR = date(2027, 1, 1)


def test_a_kind_is_exempt_from_its_day_on() -> None:
    said = configured.read_categories('{"training": {"2026-03-01": "exempt", "2027-01-01": "standard"}}')
    categories = Categories(said)
    training = [categories.of(ItemKind.TRAINING, day) for day in (date(2026, 2, 28), date(2026, 3, 1), NEW_YEAR)]
    assert training == [ItemCategory.STANDARD, ItemCategory.EXEMPT, ItemCategory.STANDARD]
    assert categories.of(ItemKind.SUBSCRIPTION, date(2026, 6, 1)) == ItemCategory.STANDARD


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"dinner": {}}', "dinner"),
        ('{"training": {"2026-03-01": "free"}}', "standard"),
        ('{"training": {"soon": "exempt"}}', "soon"),
        ('{"training": "exempt"}', "names days"),
        ("[]", "JSON object"),
    ],
)
def test_what_the_setting_cannot_mean_stops_the_start(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        configured.read_categories(text)


def test_the_one_stop_shop_has_a_day(cast: Cast, settings: Any) -> None:
    assert configured.read_oss("no") is None is configured.read_oss("")
    assert configured.read_oss("2027-01-01") == NEW_YEAR
    with pytest.raises(ValueError, match="from which on"):
        configured.read_oss("yes")
    set_details({cast.haarlem.pk: GERMAN}, NOW)
    settings.BURSAR_OSS = NEW_YEAR
    before, after = (queries.decide(cast.haarlem.pk, day) for day in (NEW_YEAR - timedelta(days=1), NEW_YEAR))
    assert (before.rate, before.state, before.is_oss) == (21, "NL", False)
    assert (after.rate, after.state, after.is_oss) == (19, "DE", True)


def issue(cast: Cast, **data: Any) -> Invoice:
    made = run("billing.account.issue_invoice", cast.ties, cast.haarlem.public_id, data, reason="agreed")
    return Invoice.objects.get(public_id=made.data["invoice"])


def test_seats_bear_the_vat_of_their_first_day_and_other_lines_that_of_today(cast: Cast, seller: Any) -> None:
    """Dearer from New Year on: a year that begins then bears it, though the invoice is of November."""
    set_details({cast.haarlem.pk: PUBLIC}, NOW)
    seller.BURSAR_VAT_RATES = {"NL": {NEW_YEAR: "22"}}
    row = issue(
        cast, with_seats=True, first_day="2027-01-01", lines=[{"description": "Setting up", "unit_price": "100.00"}]
    )
    assert [(item.kind, item.vat.rate) for item in row.document.items][-1] == (ItemKind.OTHER, 21)
    assert {item.vat.rate for item in row.document.items if item.kind is ItemKind.SUBSCRIPTION} == {22}


def test_what_is_exempt_stands_beside_what_is_not(cast: Cast, seller: Any) -> None:
    set_details({cast.haarlem.pk: PUBLIC}, NOW)
    seller.BURSAR_VAT_CATEGORIES = {"training": {date(2026, 1, 1): ItemCategory.EXEMPT}}
    row = issue(
        cast,
        with_seats=True,
        first_day="2026-12-01",
        lines=[{"kind": "training", "description": "Workshop", "unit_price": "100.00"}],
    )
    assert {item.vat.treatment for item in row.document.items} == {Treatment.CHARGED, Treatment.EXEMPT}
    assert row.vat == sum(rate.vat for rate in row.document.totals.rates if rate.treatment == Treatment.CHARGED)
    assert row.net == row.subscription_net + 100


def test_only_sales_with_vat_to_the_rest_of_the_eu_count_for_the_shop(cast: Cast, seller: Any, settings: Any) -> None:
    for details, counts in ((GERMAN, True), (PUBLIC, False), (Details("X", "S", "10007", "New York", "US"), False)):
        set_details({cast.haarlem.pk: details}, NOW)
        row = issue(cast, lines=[{"description": "Help", "unit_price": "50.00", "quantity": "2"}])
        assert row.abroad_net == (100 if counts else 0)
    set_details({cast.haarlem.pk: Details("X", "S", "35001", "Las Palmas", "ES")}, NOW)
    assert issue(cast, lines=[{"description": "Help", "unit_price": "50.00"}]).abroad_net == 0
    settings.BURSAR_OSS = date(2026, 1, 1)
    set_details({cast.haarlem.pk: GERMAN}, NOW)
    shop = issue(cast, lines=[{"description": "Help", "unit_price": "50.00"}])
    assert shop.abroad_net == 50 and shop.document.uses_oss and shop.vat == 9.5
