"""What bookkeeping and the tax office read: every figure is that of the documents, to the cent."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bursar.actions.run import run
from bursar.billing import invoice_filters as filters
from bursar.billing.accounting_csv import calc_turnover
from bursar.billing.documents.accounting import Box, Cell, Turnover, list_postings
from bursar.billing.documents.document import Document, DocumentKind, ItemKind
from bursar.billing.documents.ledger_accounts import find_account, read_accounts
from bursar.billing.models import Invoice
from bursar.billing.queries import listing
from bursar.billing.rules.periods import list_periods, read_period
from bursar.billing.verify import list_faults
from bursar.core.calendar import Month
from bursar.core.errors import Invalid
from tests.billing import issued
from tests.billing.documents import samples
from tests.billing.documents.samples import AMERICAN, DAY, DUTCH, FRENCH, GERMAN, seats, vat_of
from tests.cast import NOW, Cast, refusal_of, sign_in

KEY = "billing.company.export_accounting"


def sign_of(document: Document) -> int:
    return -1 if document.kind is DocumentKind.CREDIT_NOTE else 1


@given(samples.documents())
def test_lines_share_the_vat_of_their_document(document: Document) -> None:
    postings, sign = list_postings(document), sign_of(document)
    assert [one.net for one in postings] == [sign * item.net for item in document.items]
    shares: dict[Any, Decimal] = defaultdict(Decimal)
    for one in postings:
        shares[one.item.vat.treatment, one.item.vat.rate, one.item.vat.state] += one.vat
    for rate in document.totals.rates:
        assert shares[rate.treatment, rate.rate, rate.state] == sign * rate.vat
    exact = [one.net * one.item.vat.rate / 100 for one in postings]
    assert all(abs(one.vat - wanted) < Decimal("0.6") for one, wanted in zip(postings, exact, strict=True))


@given(st.lists(samples.documents(most=6), max_size=8))
def test_what_is_declared_comes_to_what_was_issued(documents: list[Document]) -> None:
    found = Turnover.of(documents)
    assert found.total.net == sum(sign_of(one) * one.totals.net for one in documents)
    assert found.total.vat == sum(sign_of(one) * one.totals.vat for one in documents)
    by_box = {box: sum((sums.net for _, sums in found.list_cells(box)), Decimal(0)) for box in Box}
    assert sum(by_box.values()) == found.total.net and len(found.list_cells()) == len(found.cells)
    assert sum(found.supplies.values()) == by_box[Box.REVERSE_CHARGE]
    assert all(sums.vat == 0 for _, sums in found.list_cells(Box.REVERSE_CHARGE, Box.OUTSIDE, Box.EXEMPT))


def test_each_case_has_its_box() -> None:
    documents = [
        samples.invoice(DUTCH, seats(DUTCH, "1", "100.00")),
        samples.invoice(GERMAN, seats(GERMAN, "2", "100.00")),
        samples.credit_note(GERMAN, seats(GERMAN, "1", "100.00")),
        samples.invoice(FRENCH, seats(FRENCH, "1", "50.00")),
        samples.invoice(FRENCH, seats(FRENCH, "1", "70.00", vat=vat_of(FRENCH, uses_oss=True))),
        samples.invoice(AMERICAN, seats(AMERICAN, "1", "300.00")),
    ]
    found = Turnover.of(documents)
    said = [(cell.say(), str(sums.net), str(sums.vat)) for cell, sums in found.list_cells()]
    assert said == [
        ("VAT charged (Netherlands), 21 %", "150.00", "31.50"),
        ("Services to businesses elsewhere in the EU, reverse charge", "100.00", "0.00"),
        ("Services to buyers outside the EU", "300.00", "0.00"),
        ("One-stop shop (France), 20 %", "70.00", "14.00"),
    ]
    assert found.supplies == {"DE136695976": Decimal("100.00")}


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 12, 1)), ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 4, 1)), ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
    ],
)  # fmt: skip
def test_a_period_is_a_month_or_a_quarter(text: str, first: date, end: date) -> None:
    found = read_period(text)
    assert (found.name, found.first, found.end) == (text, first, end)
    for wrong in ("", "2026", "2026-Q5", "2026-13", "0001-Q1", "2026-Q1 2"):
        with pytest.raises(ValueError):
            read_period(wrong)
    names = [name for name, _ in list_periods(Month(2026, 11), 3)]
    assert names == ["2026-Q4", "2026-11", "2026-10", "2026-Q3", "2026-09", "2026-08"]


def test_ledger_accounts_are_the_most_exact_that_are_said() -> None:
    said = read_accounts('{"*/*": "8000", "*/reverse_charge": "8050", "training/*": "8200", "training/exempt": "8210"}')
    cases = {
        (ItemKind.SUBSCRIPTION, Box.CHARGED): "8000", (ItemKind.SUBSCRIPTION, Box.REVERSE_CHARGE): "8050",
        (ItemKind.TRAINING, Box.REVERSE_CHARGE): "8200", (ItemKind.TRAINING, Box.EXEMPT): "8210",
    }  # fmt: skip
    assert {case: find_account(said, *case) for case in cases} == cases
    assert find_account({}, ItemKind.OTHER, Box.OSS) == ""
    for wrong in ("[]", '{"seats": "1"}', '{"tea/*": "1"}', '{"*/tax": "1"}', '{"*/*": 8000}', '{"*/*": ""}', "no"):
        with pytest.raises(ValueError):
            read_accounts(wrong)


def exported(cast: Cast, kind: str, period: str) -> list[dict[str, str]]:
    outcome = run(KEY, cast.iris, "company", {"kind": kind, "period": period})
    answer = sign_in("iris@agora.example").get(outcome.data["path"])
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]


def total(rows: list[dict[str, str]], name: str, **chosen: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows if chosen.items() <= row.items()), Decimal(0))


@hypothesis_settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)  # fmt: skip
@given(st.lists(samples.documents(most=4), min_size=3, max_size=8))
def test_page_file_return_and_ledger_agree_to_the_cent(cast: Cast, documents: list[Document]) -> None:
    with transaction.atomic():
        _issue_and_compare(cast, documents)
        transaction.set_rollback(True)


def _issue_and_compare(cast: Cast, documents: list[Document]) -> None:
    first = None
    for document in documents:
        if document.kind is DocumentKind.CREDIT_NOTE and first is None:
            continue
        corrects = first if document.kind is DocumentKind.CREDIT_NOTE else None
        row = issued.issue(cast.haarlem, document, DAY, corrects=corrects)
        first = first or row
    assert list(list_faults()) == []
    view = filters.read({"show": "all", "issued": "2026-11"}, NOW)
    page = listing.calc_totals(listing.filtered(view))
    lines, declared = exported(cast, "lines", "2026-11"), exported(cast, "vat_return", "2026-11")
    for name in ("net", "vat"):
        wanted = getattr(page, name)
        assert total(lines, f"{name}_eur") == total(declared, f"{name}_eur") == wanted
        assert getattr(calc_turnover(read_period("2026-Q4")).total, name) == wanted
    supplies, shop = exported(cast, "supplies", "2026-Q4"), exported(cast, "shop", "2026-11")
    assert total(supplies, "net_eur") == total(declared, "net_eur", box="reverse_charge")
    assert total(shop, "vat_eur") == total(declared, "vat_eur", box="oss") == total(lines, "vat_eur", box="oss")
    for row in Invoice.objects.all():
        sign = -1 if row.corrects_id else 1
        assert total(lines, "net_eur", invoice_id=row.public_id) == sign * row.net
        assert total(lines, "vat_eur", invoice_id=row.public_id) == sign * row.vat


def test_a_line_says_all_that_bookkeeping_asks(cast: Cast, settings: Any) -> None:
    settings.BURSAR_LEDGER_ACCOUNTS = {"subscription/reverse_charge": "8050"}
    row = issued.invoice(cast.oost, DAY - timedelta(days=1), buyer=GERMAN)
    note = issued.credit_note(row, DAY)
    line, back = exported(cast, "lines", "2026-11")
    assert (line["vat_id"], line["vat_treatment"], line["box"]) == ("DE136695976", "reverse_charge", "reverse_charge")
    assert (line["ledger_account"], line["service_from"], line["service_until"]) == ("8050", "2026-12-01", "2027-11-30")
    assert (line["net_eur"], back["net_eur"], back["vat_eur"]) == ("10800.00", "-10800.00", "0.00")
    assert (back["number"], back["corrects"]) == (note.number, row.number)
    assert exported(cast, "supplies", "2026-11") == [
        {"period": "2026-11", "vat_id": "DE136695976", "country": "DE", "net_eur": "0.00"}
    ]
    assert exported(cast, "lines", "2026-10") == []


def test_a_period_that_is_none_is_refused(cast: Cast) -> None:
    for data in ({"kind": "lines", "period": "2026"}, {"kind": "all", "period": "2026-11"}):
        assert isinstance(refusal_of(KEY, cast.iris, "company", data), Invalid)
    assert refusal_of(KEY, cast.maud, "company", {"kind": "lines", "period": "2026-11"}).status in (403, 404)


def test_a_quarter_reads_no_more_statements_than_its_batches(cast: Cast, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        issued.invoice(cast.oost, DAY)
    with django_assert_num_queries(1):
        assert calc_turnover(read_period("2026-Q4")).cells[Cell(Box.CHARGED, "NL", Decimal(21))].net == 32400
