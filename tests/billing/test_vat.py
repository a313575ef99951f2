"""Whose VAT a sale bears: the cases that an accountant would ask about, and what holds for all of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.rules import (
    Answer,
    Buyer,
    ItemCategory,
    Rates,
    Seller,
    Standing,
    Treatment,
    VatIdStatus,
    configured,
    decide_vat,
    find_area,
    read_vat_id,
    say_state_of,
    why_not_vat_id,
)
from bursar.billing.rules.places import MEMBER_STATES
from bursar.billing.rules.rates import STANDARD
from bursar.billing.rules.vat import VatDecision

DAY = date(2026, 11, 26)
RATES = Rates()
OURS, OSS = Seller("NL"), Seller("NL", uses_oss=True)
VALID, INVALID, UNKNOWN = VatIdStatus.VALID, VatIdStatus.INVALID, VatIdStatus.UNKNOWN
CHARGED, REVERSE, OUTSIDE, EXEMPT = (
    Treatment.CHARGED,
    Treatment.REVERSE_CHARGE,
    Treatment.OUTSIDE_SCOPE,
    Treatment.EXEMPT,
)


def decide(buyer: Buyer, seller: Seller = OURS, category: ItemCategory = ItemCategory.STANDARD) -> VatDecision:
    return decide_vat(seller, buyer, category, DAY, RATES)


@pytest.mark.parametrize(
    ("buyer", "seller", "treatment", "rate", "state"),
    [
        (Buyer("NL"), OURS, CHARGED, "21", "NL"),
        (Buyer("NL", vat_id="NL004495445B01", status=VALID), OURS, CHARGED, "21", "NL"),
        (Buyer("DE"), OURS, CHARGED, "21", "NL"),
        (Buyer("DE"), OSS, CHARGED, "19", "DE"),
        (Buyer("DE", vat_id="DE136695976", status=VALID), OURS, REVERSE, "0", ""),
        (Buyer("DE", vat_id="DE136695976", status=VALID), OSS, REVERSE, "0", ""),
        (Buyer("DE", vat_id="DE136695976", status=UNKNOWN), OURS, CHARGED, "21", "NL"),
        (Buyer("DE", vat_id="DE136695976", status=UNKNOWN, is_accepted=True), OURS, REVERSE, "0", ""),
        (Buyer("DE", vat_id="DE136695976", status=INVALID, is_accepted=True), OURS, CHARGED, "21", "NL"),
        (Buyer("BE", vat_id="DE136695976", status=VALID), OURS, REVERSE, "0", ""),
        (Buyer("DE", vat_id="NL004495445B01", status=VALID), OURS, CHARGED, "21", "NL"),
        (Buyer("GR", vat_id="EL094259216", status=VALID), OURS, REVERSE, "0", ""),
        (Buyer("GB"), OURS, OUTSIDE, "0", ""),
        (Buyer("GB", vat_id="XI123456789", status=VALID), OURS, OUTSIDE, "0", ""),
        (Buyer("DE", vat_id="XI123456789", status=VALID), OURS, CHARGED, "21", "NL"),
        (Buyer("US"), OSS, OUTSIDE, "0", ""),
        (Buyer("CH"), OURS, OUTSIDE, "0", ""),
        (Buyer("MC", "98000"), OSS, CHARGED, "20", "FR"),
        (Buyer("ES", "35001"), OSS, OUTSIDE, "0", ""),
        (Buyer("ES", "28001"), OSS, CHARGED, "21", "ES"),
        (Buyer("FR", "97110"), OURS, OUTSIDE, "0", ""),
        (Buyer("GP", "97110"), OURS, OUTSIDE, "0", ""),
        (Buyer("FI", "FI-22100"), OURS, OUTSIDE, "0", ""),
        (Buyer("AX", "22100"), OURS, OUTSIDE, "0", ""),
        (Buyer("FI", "00100"), OSS, CHARGED, "25.5", "FI"),
        (Buyer("DE", "D-27498"), OURS, OUTSIDE, "0", ""),
        (Buyer("PT", "9000-001"), OSS, CHARGED, "22", "PT"),
        (Buyer("PT", "9500-001"), OSS, CHARGED, "16", "PT"),
        (Buyer("PT", "1000-001"), OSS, CHARGED, "23", "PT"),
        (Buyer("AT", "6991"), OSS, CHARGED, "19", "AT"),
    ],
)
def test_whose_vat(buyer: Buyer, seller: Seller, treatment: Treatment, rate: str, state: str) -> None:
    found = decide(buyer, seller)
    assert (found.treatment, found.rate, found.state) == (treatment, Decimal(rate), state)
    assert found.is_oss == (treatment == CHARGED and state != "NL")


def test_an_exempt_item_bears_none_where_vat_would_be_charged() -> None:
    assert decide(Buyer("NL"), category=ItemCategory.EXEMPT).treatment == EXEMPT
    assert decide(Buyer("DE"), OSS, ItemCategory.EXEMPT).treatment == EXEMPT
    assert decide(Buyer("US"), category=ItemCategory.EXEMPT).treatment == OUTSIDE


def test_what_should_be_read_is_said() -> None:
    assert decide(Buyer("BE", vat_id="DE136695976", status=VALID)).remarks == (
        "The VAT id is of Germany, the address in Belgium.",
    )
    assert decide(Buyer("GR", vat_id="EL094259216", status=VALID)).remarks == ()
    assert "the Canary Islands" in decide(Buyer("ES", "38 001")).remarks[0]
    assert "not confirmed" in decide(Buyer("DE", vat_id="DE136695976", status=UNKNOWN)).remarks[0]


def test_a_rate_holds_from_its_day() -> None:
    assert RATES.on("EE", date(2025, 6, 30)) == 22
    assert RATES.on("EE", date(2025, 7, 1)) == 24
    newer = Rates({"NL": {date(2027, 1, 1): "22"}})
    assert (newer.on("NL", date(2026, 12, 31)), newer.on("NL", date(2027, 1, 1))) == (21, 22)
    with pytest.raises(LookupError, match="no VAT rate of US on 2026-11-26"):
        RATES.on("US", DAY)


def test_an_id_is_read_as_people_write_it() -> None:
    assert read_vat_id(" nl 0044.95.445.B01 ") == "NL004495445B01"
    assert read_vat_id("GR 094259216") == "EL094259216"
    assert say_state_of("EL094259216") == "GR"
    assert say_state_of("XI123456789") == "" == say_state_of("GB123456789")
    assert why_not_vat_id("NL004495445B01") is None
    for wrong in ("", "NL", "NL004495446B01", "US123", "GB123456789", "DE13669597"):
        assert why_not_vat_id(wrong), wrong


def test_what_is_known_of_an_id_stands_until_the_register_says_otherwise() -> None:
    first, later = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    assert Standing.begin("").status == VatIdStatus.NONE
    assert Standing.begin("NL004495446B01").status == INVALID
    begun = Standing.begin("NL004495445B01")
    assert begun.status == UNKNOWN
    known = begun.after(Answer.VALID, first, "WAPI1")
    assert (known.status, known.known_at, known.consultation) == (VALID, first, "WAPI1")
    silent = known.after(Answer.SILENT, later)
    assert (silent.status, silent.known_at, silent.asked_at, silent.consultation) == (VALID, first, later, "WAPI1")
    assert silent.after(Answer.INVALID, later).status == INVALID
    assert Standing.begin("").after(Answer.VALID, first).status == VatIdStatus.NONE


countries = st.sampled_from([*sorted(MEMBER_STATES), "GB", "XI", "US", "CH", "MC", "AX", "GP", "NO", "IM"])
buyers = st.builds(
    Buyer,
    countries,
    st.from_regex(r"[0-9]{4,5}", fullmatch=True),
    st.sampled_from(["", "NL004495445B01", "DE136695976", "EL094259216", "XI123456789"]),
    st.sampled_from(VatIdStatus),
    st.booleans(),
)


LEFT_OUT = [
    ("DE", "27498"), ("DE", "78266"), ("ES", "35001"), ("ES", "38910"), ("ES", "51001"), ("ES", "52006"), ("FI", "22100"),
    ("FR", "97400"), ("FR", "98600"), ("FR", "98799"), ("FR", "98800"), ("FR", "98413"), ("GR", "63086"), ("GR", "63087"),
    ("IT", "22061"), ("IT", "23041"),
]  # fmt: skip
INSIDE = [
    ("DE", "27499"), ("DE", "78267"), ("ES", "34001"), ("ES", "50001"), ("FI", "20100"), ("FR", "75001"), ("FR", "96000"),
    ("GR", "63080"), ("IT", "22060"), ("IT", "23040"), ("MC", "98000"), ("CY", "1010"), ("IE", "D02 X285"), ("NL", ""),
]  # fmt: skip
EVERY_ID = ["", "NL004495445B01", "DE136695976", "EL094259216", "XI123456727"]
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def written(code: str) -> st.SearchStrategy[str]:
    """A postcode as people write it: with the country before it, with spaces or dashes between."""
    return st.tuples(
        st.sampled_from(["", "D-", "FI-", "F ", " "]), st.integers(0, len(code)), st.sampled_from(["", " ", "-"])
    ).map(lambda how: how[0] + code[: how[1]] + how[2] + code[how[1] :])


@given(
    st.sampled_from(LEFT_OUT), st.data(), st.sampled_from(sorted(MEMBER_STATES)), st.booleans(),
    st.sampled_from(EVERY_ID), st.sampled_from(VatIdStatus), st.booleans(), st.sampled_from(ItemCategory), days,
)  # fmt: skip
def test_a_territory_is_outside_whatever_the_id_the_seller_and_the_day(
    place: tuple[str, str], data: st.DataObject, of: str, uses_oss: bool, vat_id: str, status: VatIdStatus,
    is_accepted: bool, category: ItemCategory, day: date,
) -> None:  # fmt: skip
    buyer = Buyer(place[0], data.draw(written(place[1])), vat_id, status, is_accepted)
    found = decide_vat(Seller(of, uses_oss), buyer, category, day, RATES)
    assert (found.treatment, found.rate, found.state, found.is_oss) == (OUTSIDE, 0, "", False)
    assert any("outside the VAT area" in remark for remark in found.remarks)


@pytest.mark.parametrize("place", INSIDE)
def test_what_lies_beside_a_territory_is_inside(place: tuple[str, str]) -> None:
    assert find_area(*place).state and not find_area(*place).left_out


@given(
    st.sampled_from(sorted(MEMBER_STATES)), st.booleans(), st.sampled_from(["GB", *sorted(MEMBER_STATES)]),
    st.sampled_from(VatIdStatus), st.booleans(), days,
)  # fmt: skip
def test_an_id_of_northern_ireland_never_reverses_the_charge(
    of: str, uses_oss: bool, country: str, status: VatIdStatus, is_accepted: bool, day: date
) -> None:
    buyer = Buyer(country, "1000", "XI123456727", status, is_accepted)
    found = decide_vat(Seller(of, uses_oss), buyer, ItemCategory.STANDARD, day, RATES)
    plain = decide_vat(Seller(of, uses_oss), Buyer(country, "1000"), ItemCategory.STANDARD, day, RATES)
    assert (found.treatment, found.rate, found.state) == (plain.treatment, plain.rate, plain.state)
    assert (found.treatment == OUTSIDE) == (country == "GB")
    assert any("Northern Ireland" in remark for remark in found.remarks)


@given(
    st.sampled_from(sorted(MEMBER_STATES)), st.sampled_from(sorted(MEMBER_STATES)), st.sampled_from(VatIdStatus), days
)
def test_the_one_stop_shop_changes_only_sales_to_consumers_abroad(
    of: str, country: str, status: VatIdStatus, day: date
) -> None:
    """And then to their own rate of that day; at home, reversed and outside it changes nothing."""
    buyer = Buyer(country, "1000", "DE136695976", status)
    without, within = (decide_vat(Seller(of, on), buyer, ItemCategory.STANDARD, day, RATES) for on in (False, True))
    if country != of and without.treatment == CHARGED:
        assert (within.treatment, within.state, within.is_oss) == (CHARGED, country, True)
        assert within.rate == RATES.on(find_area(country, "1000").region or country, day)
        assert (without.state, without.rate) == (of, RATES.on(of, day))
    else:
        assert (within.treatment, within.rate, within.state, within.is_oss) == (
            without.treatment, without.rate, without.state, False,
        )  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(sorted(STANDARD)), st.dictionaries(days, st.integers(1, 50).map(str), max_size=4)),
    st.sampled_from(sorted(STANDARD)), days,
)  # fmt: skip
def test_of_dated_rates_the_newest_that_has_begun_holds(
    newer: dict[str, dict[date, str]], place: str, day: date
) -> None:
    """A setting adds days and corrects those that are the same; nothing of another place moves."""
    said = {**STANDARD[place], **newer.get(place, {})}
    begun = max(since for since in said if since <= day)
    assert Rates(newer).on(place, day) == Decimal(said[begun])
    text = json.dumps({of: {one.isoformat(): rate for one, rate in dated.items()} for of, dated in newer.items()})
    assert Rates(configured.read_rates(text)).on(place, day) == Decimal(said[begun])


@given(buyers, st.builds(Seller, st.sampled_from(sorted(MEMBER_STATES)), st.booleans()))
def test_what_lies_outside_never_stands_beside_what_does_not(buyer: Buyer, seller: Seller) -> None:
    """EN 16931 lets no line outside the scope stand beside another: the place decides, and a buyer has one."""
    found = {decide(buyer, seller, category).treatment for category in ItemCategory}
    assert OUTSIDE not in found or found == {OUTSIDE}


@given(buyers, st.builds(Seller, st.sampled_from(sorted(MEMBER_STATES)), st.booleans()), st.sampled_from(ItemCategory))
def test_of_every_sale(buyer: Buyer, seller: Seller, category: ItemCategory) -> None:
    """VAT only where the buyer is inside; never without proof; a rate exactly where it is charged; inputs kept."""
    found = decide_vat(seller, buyer, category, DAY, RATES)
    inside = find_area(buyer.country, buyer.postcode).state
    assert (found.treatment == OUTSIDE) == (not inside)
    assert (found.rate > 0) == (found.treatment == CHARGED) == bool(found.state)
    if found.treatment == REVERSE:
        assert buyer.has_proven_id and buyer.status != INVALID and inside != seller.country
        assert say_state_of(buyer.vat_id) not in ("", seller.country)
    if found.treatment == CHARGED and not found.is_oss:
        assert found.state == seller.country
    if found.is_oss:
        assert seller.uses_oss and found.state == inside != seller.country
    kept = found.as_json()["inputs"]
    again = decide_vat(Seller(**kept["seller"]), Buyer(**kept["buyer"]), ItemCategory(kept["category"]), DAY, RATES)
    assert again == found
