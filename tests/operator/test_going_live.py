"""What `check-deploy` asks of whoever goes live with money."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.config.deployment import list_findings
from bursar.payments.models import MollieCustomer
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(settings: Any) -> Any:
    """All is set as it should be."""
    settings.BURSAR_MOLLIE_KEY, settings.BURSAR_MOLLIE_URL = "live_x", "https://api.mollie.com"
    settings.BURSAR_ADDRESS, settings.BURSAR_TERMS_VERSION = "https://bursar.agora.example", "2026-11"
    settings.BURSAR_SELLER_NAME, settings.BURSAR_SELLER_ADDRESS = "Agora Voices B.V.", ["Dam 1", "1012 JS", "Amsterdam"]
    settings.BURSAR_SELLER_VAT_ID, settings.BURSAR_VIES = "NL004495445B01", True
    settings.BURSAR_INVOICES_FROM = NOW.date()
    return settings


def found(words: str) -> list[bool]:
    """For each finding with these words, whether it is a danger."""
    return [one.is_danger for one in list_findings() if words in one.sentence]


def test_what_is_set_is_not_said(live: Any) -> None:
    for words in ("BURSAR_ADDRESS", "BURSAR_TERMS", "BURSAR_SELLER", "BURSAR_VIES", "BURSAR_MOLLIE", "BURSAR_INVOICES"):
        assert found(words) == [], words


@pytest.mark.parametrize(
    "address",
    ["http://bursar.agora.example", "https://localhost", "https://127.0.0.1", "https://bursar", "https://x.localhost"],
)
def test_a_live_key_needs_an_address_that_mollie_reaches(live: Any, address: str) -> None:
    live.BURSAR_ADDRESS = address
    assert found("Mollie cannot reach") == [True]
    live.BURSAR_MOLLIE_KEY = "test_x"
    assert found("Mollie cannot reach") == [], "a simulator may stand on this machine"


def test_nobody_pays_without_terms(live: Any) -> None:
    live.BURSAR_TERMS_VERSION = ""
    assert found("BURSAR_TERMS_VERSION is unset") == [True]
    live.BURSAR_MOLLIE_KEY = ""
    assert found("BURSAR_TERMS_VERSION is unset") == []


def test_what_was_tried_out_is_not_taken_along(live: Any, cast: Cast) -> None:
    MollieCustomer.objects.create(account=cast.haarlem, mode="test", mollie_id="cst_a", rules_since=NOW, learned_at=NOW)
    assert found("Accounts that pay in Mollie's test mode: 1.") == [True]
    live.BURSAR_MOLLIE_KEY = "test_x"
    assert found("in Mollie's test mode") == []


def test_whoever_sells_is_named(live: Any) -> None:
    live.BURSAR_SELLER_NAME, live.BURSAR_SELLER_ADDRESS = "", []
    assert found("BURSAR_SELLER_NAME, BURSAR_SELLER_ADDRESS: unset") == [True]
    live.BURSAR_MOLLIE_KEY = ""
    assert found("BURSAR_SELLER_NAME, BURSAR_SELLER_ADDRESS: unset") == [False]


def test_a_register_that_nobody_asks_is_a_warning(live: Any) -> None:
    live.BURSAR_VIES = False
    assert found("BURSAR_VIES is off") == [False]


def test_whoever_goes_live_says_from_when_on_invoices_are_bursars(live: Any) -> None:
    live.BURSAR_INVOICES_FROM = None
    assert found("BURSAR_INVOICES_FROM is unset") == [False]
    live.BURSAR_MOLLIE_KEY = ""
    assert found("BURSAR_INVOICES_FROM is unset") == []
