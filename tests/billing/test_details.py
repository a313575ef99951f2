"""Billing details as they are kept: who pays, what is known of a VAT id, and whose VAT follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.billing import queries, store
from bursar.billing.rules import Answer, Treatment, VatIdStatus, configured
from bursar.billing.seller import get_identity, seller_day, seller_month, span_of
from bursar.billing.store import Asked, Details
from bursar.core.calendar import Month
from tests.cast import NOW, Cast

DAY = date(2026, 11, 24)
GERMAN = Details(
    "Stadt Köln", "Rathausplatz 2", "50667", "Köln", "DE", vat_id="DE136695976", mails=("ap@koeln.example",)
)


def test_without_details_an_account_is_a_customer_of_the_sellers_own_country(cast: Cast, settings: Any) -> None:
    assert queries.get_details(cast.haarlem.pk) is None
    found = queries.decide(cast.haarlem.pk, DAY)
    assert (found.treatment, found.rate, found.state) == (Treatment.CHARGED, Decimal(21), "NL")
    settings.BURSAR_SELLER_COUNTRY = "DE"
    assert queries.decide(cast.haarlem.pk, DAY).rate == 19
    settings.BURSAR_VAT_RATES = configured.read_rates('{"DE": {"2026-11-24": "20"}}')
    assert queries.decide(cast.haarlem.pk, DAY).rate == 20
    assert queries.decide(cast.haarlem.pk, DAY - timedelta(days=1)).rate == 19


def test_what_is_known_of_an_id_stays_while_the_id_does(cast: Cast) -> None:
    pk = cast.haarlem.pk
    made = store.set_details({pk: GERMAN}, NOW)[pk]
    assert (made.vat_status, made.known_at, queries.decide(pk, DAY).rate) == (VatIdStatus.UNKNOWN, None, 21)
    store.take_answers({pk: Asked("DE136695976", Answer.VALID, "WAPI1")}, NOW)
    assert queries.decide(pk, DAY).treatment == Treatment.REVERSE_CHARGE
    store.set_details({pk: replace(GERMAN, street="Rathausplatz 1")}, NOW)
    row = queries.get_details(pk)
    assert row is not None
    assert (row.street, row.vat_status, row.known_at, row.consultation) == (
        "Rathausplatz 1", VatIdStatus.VALID, NOW, "WAPI1",
    )  # fmt: skip
    assert row.mails == ["ap@koeln.example"]
    other = store.set_details({pk: replace(GERMAN, vat_id="DE129273398")}, NOW)[pk]
    assert (other.vat_status, other.known_at, other.consultation) == (VatIdStatus.UNKNOWN, None, "")
    none = store.set_details({pk: replace(GERMAN, vat_id="")}, NOW)[pk]
    assert (none.vat_id, none.vat_status) == ("", VatIdStatus.NONE)


def test_silence_changes_nothing_and_the_registers_word_ends_what_was_accepted(cast: Cast) -> None:
    pk, later = cast.haarlem.pk, NOW + timedelta(days=1)
    store.set_details({pk: GERMAN}, NOW)
    store.accept([pk], "WAPI-BY-HAND", NOW)
    assert queries.decide(pk, DAY).treatment == Treatment.REVERSE_CHARGE
    silent = store.take_answers({pk: Asked("DE136695976", Answer.SILENT)}, later)[pk]
    assert (silent.is_accepted, silent.consultation, silent.asked_at) == (True, "WAPI-BY-HAND", later)
    assert queries.decide(pk, DAY).treatment == Treatment.REVERSE_CHARGE
    refuted = store.take_answers({pk: Asked("DE136695976", Answer.INVALID)}, later)[pk]
    assert (refuted.is_accepted, refuted.vat_status) == (False, VatIdStatus.INVALID)
    assert queries.decide(pk, DAY).rate == 21
    assert not store.take_answers({pk: Asked("DE129273398", Answer.VALID)}, later), "the answer is about another id"
    row = queries.get_details(pk)
    assert row is not None and row.vat_status == VatIdStatus.INVALID


def test_many_are_decided_in_one_statement(cast: Cast) -> None:
    ids = [cast.haarlem.pk, cast.samen.pk, cast.oost.pk]
    store.set_details({ids[0]: GERMAN, ids[1]: replace(GERMAN, country="US", vat_id="")}, NOW)
    store.take_answers({ids[0]: Asked("DE136695976", Answer.VALID)}, NOW)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = queries.decide_all(ids, DAY)
    assert len(asked) == 1
    assert [found[pk].treatment for pk in ids] == [
        Treatment.REVERSE_CHARGE, Treatment.OUTSIDE_SCOPE, Treatment.CHARGED,
    ]  # fmt: skip
    assert found == {pk: queries.decide(pk, DAY) for pk in ids}


def test_days_and_months_are_the_sellers(settings: Any) -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert (seller_day(late), seller_month(late)) == (date(2026, 12, 1), Month(2026, 12))
    span = span_of(Month(2026, 11))
    assert span.start == datetime(2026, 10, 31, 23, tzinfo=UTC) and span.end == datetime(2026, 11, 30, 23, tzinfo=UTC)
    summer = span_of(Month(2026, 10))
    assert (summer.end - summer.start) == timedelta(days=31, hours=1), "the clocks went back"
    settings.BURSAR_SELLER_ZONE = ZoneInfo("America/New_York")
    assert seller_day(late) == date(2026, 11, 30)


def test_the_company_sells_unless_another_name_is_set(settings: Any) -> None:
    assert get_identity().name == settings.BURSAR_COMPANY_NAME
    settings.BURSAR_SELLER_NAME, settings.BURSAR_SELLER_ADDRESS = "Agora Voices B.V.", ["Dam 1", "1012 JS", "Amsterdam"]
    assert get_identity()[:2] == ("Agora Voices B.V.", ["Dam 1", "1012 JS Amsterdam"])


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (configured.read_country, "US", "member state"),
        (configured.read_country, "EL", "member state"),
        (configured.read_own_id, "NL004495446B01", "check digits"),
        (configured.read_zone, "Amsterdam", "time zone"),
        (configured.read_zone, "../etc/passwd", "time zone"),
        (configured.read_rates, '{"US": {"2027-01-01": "22"}}', "no VAT of “US”"),
        (configured.read_rates, '{"NL": {"2027-13-01": "22"}}', "month"),
        (configured.read_rates, '{"NL": {"2027-01-01": 22}}', "per cent as text"),
        (configured.read_rates, '{"NL": {"2027-01-01": "NaN"}}', "per cent as text"),
        (configured.read_rates, '{"NL": "22"}', "days and rates"),
        (configured.read_rates, "[]", "JSON object"),
        (configured.read_version, "v" * 41, "40 characters"),
    ],
)
def test_a_setting_that_cannot_be_is_named(read: Any, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(text)


def test_the_sellers_id_is_of_the_sellers_country() -> None:
    assert configured.why_not_own("NL", configured.read_own_id("nl 004495445b01")) is None
    assert configured.why_not_own("GR", configured.read_own_id("GR 094259216")) is None
    assert "another country" in (configured.why_not_own("DE", "NL004495445B01") or "")
