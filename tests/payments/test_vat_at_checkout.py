"""VIES has three seconds at checkout: confirmed, no VAT is charged; silent, it is, and the customer is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bursar.audit.models import AuditLine
from bursar.billing.models import BillingDetails
from bursar.billing.store import Details, set_details
from bursar.core import clock
from tests.billing.payer import GERMAN
from tests.billing.register import Register, open_register
from tests.payments.buying import Buyer
from tests.payments.test_levers import YEAR, buyer

__all__ = ["buyer"]
BUY = {**YEAR, "agrees": True}
TOWN = Details("Stadt Köln", "Rathausplatz 2", "50667", "Köln", "DE", vat_id=GERMAN)


@pytest.fixture
def register(settings: Any) -> Iterator[Register]:
    with open_register() as register:
        settings.BURSAR_VIES, settings.BURSAR_VIES_URL = True, register.url
        yield register


def test_an_id_that_is_confirmed_at_checkout_spares_the_vat(buyer: Buyer, register: Register) -> None:
    set_details({buyer.account.pk: TOWN}, clock.now())
    words = buyer.foresee("check_out", BUY)
    assert "Together € 1,089.00 with VAT" in words and "VIES, the register of the EU, is asked" in words
    assert not register.asked, "a look asks nobody"
    register.valid = {GERMAN}
    outcome = buyer.do("check_out", BUY)
    charge = buyer.newest()
    assert (charge.gross, charge.vat, charge.decision["treatment"]) == (900, 0, "reverse_charge")
    assert charge.decision["inputs"]["buyer"]["status"] == "valid" and "not confirmed" not in outcome.sentence
    row = BillingDetails.objects.get(account=buyer.account)
    assert row.vat_status == "valid" and row.known_at
    line = AuditLine.objects.get(key=buyer.key("check_out"))
    changes = {change["label"]: (change["before"], change["after"]) for change in line.changes}
    assert changes["VAT"] == ("21 % VAT (Netherlands)", "no VAT (reverse charge)")
    assert "is asked" not in buyer.foresee("check_out", BUY)
    buyer.counter.pay(charge.payments.get())
    assert buyer.tier() == "changemaker"


def test_where_the_register_is_silent_vat_is_charged_and_the_customer_told(buyer: Buyer, register: Register) -> None:
    set_details({buyer.account.pk: TOWN}, clock.now())
    outcome = buyer.do("check_out", BUY)
    charge = buyer.newest()
    assert len(register.asked) == 1 and charge.vat == 189 and charge.is_abroad
    assert "The VAT id is not confirmed yet: VAT is charged until it is." in outcome.sentence
    assert charge.decision["remarks"] == ["The VAT id is not confirmed yet: VAT is charged until it is."]


def test_what_the_register_calls_invalid_bears_vat_and_what_it_knew_is_not_asked_again(
    buyer: Buyer, register: Register
) -> None:
    set_details({buyer.account.pk: TOWN}, clock.now())
    register.invalid = {GERMAN}
    buyer.do("check_out", BUY)
    assert buyer.newest().vat == 189
    assert BillingDetails.objects.get(account=buyer.account).vat_status == "invalid"
    asked = len(register.asked)
    buyer.do("check_out", BUY)
    assert len(register.asked) == asked
