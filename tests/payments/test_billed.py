"""The document of a charge, and of a refund of any part: to the cent what was paid, and valid under EN 16931."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bursar.billing.documents.checking import check
from bursar.billing.documents.document import Document, DocumentKind, ItemKind, Received, read_document
from bursar.billing.documents.ubl import Profile, to_ubl
from bursar.billing.proposing import make_credit_note_of
from bursar.billing.rules import Line, add_up, split_part
from bursar.core.money import cents, plain
from bursar.payments.rules.amounts import Quote, quote_as_stands
from bursar.payments.rules.billed import Days, Sold, bill
from bursar.payments.states import ChargeKind
from tests.billing.documents import samples
from tests.cast import NOW

LABELS = {"changemaker": "Changemaker", "guardian": "Guardian"}
DAYS = Days(date(2026, 11, 24), date(2027, 11, 23))
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
tiers = st.sampled_from(list(LABELS))


@st.composite
def whole_lines(draw: st.DrawFn) -> dict[str, Any]:
    rate, seats = draw(st.integers(1, 400)), draw(st.integers(1, 400))
    percent, months = draw(st.integers(0, 99)), draw(st.sampled_from([1, 12]))
    net = Decimal(rate * seats * months * (100 - percent)) / 100
    return {"tier": draw(tiers), "seats": seats, "rate": f"{rate}.00", "percent": percent, "net": plain(net)}


@st.composite
def part_lines(draw: st.DrawFn) -> dict[str, Any]:
    cents_ = draw(st.integers(1, 9_999_999))
    seats = draw(st.sampled_from([0, 1, 3, 7, 333]))
    return {"tier": draw(tiers) if seats else "", "seats": seats, "rate": "75.00" if seats else "", "percent": 0,
            "net": plain(Decimal(cents_) / 100), "days": draw(st.integers(1, 365)), "of_days": 365}  # fmt: skip


@st.composite
def paid(draw: st.DrawFn) -> tuple[Quote, Any]:
    """What a charge asks for, with the lines that its kind has, or an amount of Mollie's that no lines come to."""
    buyer = draw(samples.BUYERS)
    vat = samples.vat_of(buyer, uses_oss=draw(st.booleans()))
    lines = draw(st.one_of(st.lists(whole_lines(), max_size=4), st.lists(part_lines(), max_size=3)))
    gross = add_up(Line(Decimal(1), Decimal(line["net"]), vat) for line in lines).gross
    if not lines or draw(st.integers(0, 4)) == 0:
        gross = draw(st.decimals("0.01", "9999.99", places=2))
    return quote_as_stands(lines, gross, vat), buyer


def document_of(quote: Quote, buyer: Any, kind: ChargeKind, language: str) -> Document:
    billed = bill(quote, Sold(kind, "changemaker", DAYS, LABELS, language))
    received = (Received(quote.gross, samples.DAY, "iDEAL"),)
    made = samples.invoice(buyer, *billed.items, language=language, received=received, due_on=None)
    return replace(made, stated_vat=billed.stated_vat)


@FEW
@given(paid(), st.sampled_from(list(ChargeKind)), st.sampled_from(["en", "nl"]))
def test_it_says_what_was_paid_to_the_cent_and_is_valid(
    asked: tuple[Quote, Any], kind: ChargeKind, language: str
) -> None:
    quote, buyer = asked
    assume(quote.net > 0)
    document = document_of(quote, buyer, kind, language)
    totals = document.totals
    assert (totals.net, totals.vat, totals.gross) == (quote.net, quote.vat, quote.gross) and document.due == 0
    assert read_document(document.as_json()) == document
    assert not check(to_ubl(document, Profile.PEPPOL))


@FEW
@given(samples.documents(most=6), st.decimals("0.001", "1", places=3))
def test_a_part_is_credited_to_the_cent_and_is_valid(invoice: Document, share: Decimal) -> None:
    assume(invoice.kind is DocumentKind.INVOICE and all(one.net + one.vat > 0 for one in invoice.totals.rates))
    part = max(cents(invoice.totals.gross * share), Decimal("0.01"))
    note = make_credit_note_of(invoice, part, datetime.combine(samples.DAY, NOW.timetz()))
    assert note.totals.gross == part and note.kind is DocumentKind.CREDIT_NOTE
    assert sum((one.net + one.vat for one in split_part(part, invoice.totals)), Decimal(0)) == part
    named = replace(note, number="C2026-000001", preceding=replace(note.preceding, number="2026-000042"))  # type: ignore[type-var]
    assert not check(to_ubl(named, Profile.PEPPOL))


def test_each_rate_bears_its_share_of_a_part() -> None:
    lower = replace(samples.vat_of(samples.DUTCH), rate=Decimal(9))
    both = samples.invoice(samples.DUTCH, samples.seats(quantity="1", price="100.00"),
                           samples.seats(quantity="1", price="100.00", vat=lower))  # fmt: skip
    low, high = split_part(Decimal("23.00"), both.totals)
    assert (low.rate, low.net, low.vat) == (9, 10, Decimal("0.90"))
    assert (high.rate, high.net, high.vat) == (21, 10, Decimal("2.10"))


def test_a_line_for_each_tier_with_its_seats_price_and_discount() -> None:
    lines = [
        {"tier": "guardian", "seats": 2, "rate": "150.00", "percent": 50, "net": "1800.00"},
        {"tier": "changemaker", "seats": 3, "rate": "75.00", "percent": 0, "net": "2700.00"},
    ]
    quote = quote_as_stands(lines, Decimal("5445.00"), samples.vat_of(samples.DUTCH))
    first, second = bill(quote, Sold(ChargeKind.RENEWAL, "", DAYS, LABELS, "nl")).items
    assert (first.description, first.quantity, first.unit_price) == ("Guardian", 2, 1800)
    assert (first.discount, first.discount_percent, first.net) == (1800, 50, 1800)
    assert (second.unit_price, second.discount, second.kind) == (900, 0, ItemKind.SUBSCRIPTION)
    assert (second.service_from, second.service_until) == (DAYS.first, DAYS.last)


def test_seats_for_some_days_say_which_part_of_the_interval() -> None:
    lines = [
        {"tier": "changemaker", "seats": 3, "rate": "75.00", "percent": 0, "net": "100.00", "days": 14, "of_days": 365}
    ]
    quote = quote_as_stands(lines, Decimal("121.00"), samples.vat_of(samples.DUTCH))
    [item] = bill(quote, Sold(ChargeKind.SEAT, "", DAYS, LABELS, "nl")).items
    assert item.description == "Extra plaatsen: Changemaker, 14 van 365 dagen"
    assert (item.quantity, item.unit_price, item.net) == (3, Decimal("33.333333"), 100)


def test_an_amount_that_no_net_comes_to_states_its_vat() -> None:
    quote = quote_as_stands([], Decimal("0.03"), samples.vat_of(samples.DUTCH))
    billed = bill(quote, Sold(ChargeKind.LINK, "", Days(None, None), LABELS, "en"))
    assert billed.stated_vat == (Decimal("0.01"),) and billed.items[0].net == Decimal("0.02")
