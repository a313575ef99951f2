"""The lists of Invoices, their file and their endpoint: what they hold, what the totals say, and that they agree."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from bursar.actions import bulk
from bursar.actions.run import run
from bursar.billing import files, invoice_csv
from bursar.billing import invoice_filters as filters
from bursar.billing.models import Invoice, LedgerEntry
from bursar.billing.queries import listing
from bursar.billing.rules.ageing import Band, count_days_over, due_days_of, find_band
from bursar.billing.rules.ledger import say_state
from bursar.billing.store import set_details
from bursar.core import clock
from bursar.core.errors import BadRequest
from bursar.files.csv import PLAIN
from bursar.outbox import store as outbox
from bursar.rollup.models import SavedView
from tests.billing import issued
from tests.billing.documents.samples import FRENCH, GERMAN, seats
from tests.billing.test_proposing import PUBLIC, seller
from tests.cast import NOW, Cast, body_of, refusal_of, shown_by, sign_in, text_of

__all__ = ["seller"]
PAGE = "/panel/invoices/list/"
TODAY = NOW.date()


def back(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def books(cast: Cast) -> dict[str, Invoice]:
    """One of each state, and each band of age; the oldest first, as their series wants it."""
    hundred = seats(quantity="1", price="100.00")
    rows = {
        "over_90": issued.invoice(cast.samen, back(130), hundred),
        "90": issued.invoice(cast.samen, back(100), hundred),
        "60": issued.invoice(cast.samen, back(70), hundred),
        "paid": issued.invoice(cast.haarlem, back(40)),
        "written_off": issued.invoice(cast.haarlem, back(39), hundred),
        "credited": issued.invoice(cast.oost, back(38), seats(GERMAN, "1", "50.00"), buyer=GERMAN),
        "30": issued.invoice(cast.samen, back(30), hundred),
        "part_paid": issued.invoice(cast.oost, back(3), seats(FRENCH, "1", "200.00"), buyer=FRENCH),
        "open": issued.invoice(cast.haarlem, back(2), hundred, order_number="PO-11", buyer_reference="Desk 4"),
    }
    issued.pay(rows["paid"], back(20), reference="rent")
    issued.write_off(rows["written_off"], back(10))
    rows["note"] = issued.credit_note(rows["credited"], back(9))
    issued.pay(rows["part_paid"], back(1), Decimal("42.00"))
    return rows


def found(client: Client, query: str = "") -> list[str]:
    """The numbers on the page, in its order."""
    answer = client.get(f"{PAGE}?{query}")
    assert answer.status_code == 200, answer.content
    return [row["row"].number for row in answer.context["rows"]]


LATE = ["over_90", "90", "60", "30"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["open", "part_paid", "30", "60", "90", "over_90"]),
        ("show=overdue", LATE), ("show=paid", ["paid"]), ("show=credited", ["credited"]),
        ("show=written_off", ["written_off"]), ("show=credit_notes", ["note"]),
        ("state=part_paid", ["part_paid"]), ("state=open&state=part_paid", ["open", "part_paid"]),
        ("age=30", ["30"]), ("age=60&age=over_90", ["60", "over_90"]), ("age=not_due", ["open", "part_paid"]),
        ("show=all&country=FR", ["part_paid"]), ("show=all&country=DE", ["note", "credited"]),
        ("show=all&q=PO-11", ["open"]), ("show=all&q=Desk 4", ["open"]), ("show=all&q=koln", ["note", "credited"]),
        ("show=all&q=samen", LATE[::-1]), ("show=all&least=150&most=242", ["part_paid"]),
        ("show=all&issued=2026-11&state=open", ["open"]), ("show=all&due=2026-12", ["open", "part_paid"]),
        ("show=all&e_invoice=made", []), ("show=overdue&sort=-due", LATE[::-1]), ("sort=-open&least=200", ["part_paid"]),
        ("show=all&class=managed", ["part_paid", "note", "credited"]), ("show=all&manager=nobody&state=open", ["open"]),
    ],
)  # fmt: skip
def test_each_list_holds_what_it_says(books: dict[str, Invoice], query: str, names: list[str]) -> None:
    assert found(sign_in("iris@agora.example"), query) == [books[name].number for name in names]


def test_a_document_is_found_by_what_stands_on_it(books: dict[str, Invoice]) -> None:
    client, row = sign_in("iris@agora.example"), books["paid"]
    spaced = " ".join([row.reference[:4], row.reference[4:]])
    for asked in (row.number, row.reference, spaced, row.public_id):
        assert found(client, f"show=all&q={asked}") == [row.number]


@pytest.mark.parametrize("query", ["show=none", "state=late", "age=45", "issued=2026-13", "least=x", "least=-1",
                                   "most=1e9999", "country=Holland", "sort=vat", "class=rich", "manager=me"])  # fmt: skip
def test_what_no_list_knows_is_said(cast: Cast, query: str) -> None:
    with pytest.raises(BadRequest):
        filters.read(QueryDict(query), NOW)
    assert sign_in("iris@agora.example").get(f"{PAGE}?{query}").status_code == 400


def test_totals_and_ageing_are_of_the_whole_list(books: dict[str, Invoice]) -> None:
    everything = listing.calc_totals(listing.filtered(filters.read({"show": "all"}, NOW)))
    rows = list(Invoice.objects.all())
    sign = {row.pk: -1 if row.corrects_id else 1 for row in rows}
    for name in ("net", "vat", "gross"):
        assert getattr(everything, name) == sum(sign[row.pk] * getattr(row, name) for row in rows)
    assert (everything.rows, everything.notes) == (10, 1)
    kept = everything.paid + everything.credited + everything.written_off + everything.difference + everything.open
    assert kept == sum(row.gross for row in rows if not row.corrects_id)
    late = filters.read({"show": "issued", "age": "30"}, NOW)
    ageing = listing.calc_ageing(late, listing.filtered(late))
    assert [ageing.rows[band] for band in Band] == [2, 1, 1, 1, 1] and ageing.open[Band.OVER_90] == 121
    assert sum(ageing.open.values()) == everything.open
    page = shown_by(sign_in("iris@agora.example").get(PAGE))
    assert "116 days over" in page and "€ 121.00" in page and "1–6 of 6 documents" in page


def test_the_rule_of_states_is_that_of_the_lists(books: dict[str, Invoice]) -> None:
    for row in Invoice.objects.filter(corrects=None):
        state = filters.STATES[next(k for k, v in filters.STATES.items() if v == _state_of(row))]
        assert Invoice.objects.filter(listing.in_state(state, TODAY), pk=row.pk).exists()
        others = [one for one in filters.STATES.values() if one is not state]
        assert not any(Invoice.objects.filter(listing.in_state(one, TODAY), pk=row.pk).exists() for one in others)


def _state_of(row: Invoice) -> Any:
    return say_state(row.standing, row.due_on, TODAY)


@given(st.integers(-400, 400))
def test_bands_follow_one_another_without_a_gap(days: int) -> None:
    due = TODAY - timedelta(days=days)
    band = find_band(due, TODAY)
    held = [one for one in Band if _holds(due_days_of(one, TODAY), due)]
    assert held == [band] and (count_days_over(due, TODAY) == 0) == (band is Band.NOT_DUE)


def _holds(span: tuple[date | None, date | None], due: date) -> bool:
    return (span[0] is None or span[0] <= due) and (span[1] is None or due <= span[1])


def test_the_file_says_what_the_page_says(cast: Cast, books: dict[str, Invoice]) -> None:
    outcome = run("billing.company.export_invoices", cast.iris, "company", {"query": "show=all"})
    answer = sign_in("iris@agora.example").get(outcome.data["path"])
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    totals = listing.calc_totals(listing.filtered(filters.read({"show": "all"}, NOW)))
    for name in listing.AMOUNTS:
        assert sum(Decimal(row[f"{name}_eur"] or 0) for row in rows) == getattr(totals, name)
    by_number = {row["number"]: row for row in rows}
    for invoice in books.values():
        row = by_number[invoice.number]
        assert row["state"] == ("" if invoice.corrects_id else _state_of(invoice).value)
        late = count_days_over(invoice.due_on, TODAY) if not invoice.corrects_id and invoice.open > 0 else 0
        assert row["days_over"] == (str(late) if late else "")
    assert by_number[books["note"].number]["corrects"] == books["credited"].number
    assert by_number[books["open"].number]["invoice_id"] == books["open"].public_id
    hidden = invoice_csv.write(filters.read(QueryDict("hide=account"), NOW), PLAIN)
    assert "organisation" not in text_of(hidden).splitlines()[0] and hidden.rows == 6


def test_who_may_read_them(cast: Cast, books: dict[str, Invoice]) -> None:
    assert sign_in("ada@agora.example").get(PAGE).status_code == 200
    for address in (PAGE, f"/panel/invoices/{books['open'].public_id}"):
        assert sign_in("maud@client.example").get(address).status_code in (403, 404)
    assert refusal_of("billing.company.export_invoices", cast.maud, "company", {}).status in (403, 404)
    assert "invoices" in sign_in("ada@agora.example").get("/panel/invoices/", follow=True).request["PATH_INFO"]


def test_a_list_asks_as_often_however_long_it_is(cast: Cast, books: dict[str, Invoice]) -> None:
    client = sign_in("iris@agora.example")
    found(client)

    def count(query: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found(client, query)
        return len([one for one in asked if "SAVEPOINT" not in one["sql"]])

    few = count("show=all&country=DE")
    for place in range(12):
        issued.invoice(cast.oost, TODAY, seats(quantity=str(place + 1)))
    assert count("show=all") == few


def test_a_view_of_the_list_is_saved(cast: Cast, books: dict[str, Invoice]) -> None:
    data = {"name": "Late in Germany", "page": "invoices", "query": "show=overdue&country=DE"}
    run("rollup.company.save_view", cast.iris, "company", data)
    assert SavedView.objects.get().page == "invoices"
    assert "Late in Germany" in sign_in("iris@agora.example").get(PAGE).content.decode()


def test_the_page_of_one_says_the_document_and_its_money(cast: Cast, books: dict[str, Invoice]) -> None:
    client = sign_in("ada@agora.example")
    paid = client.get(f"/panel/invoices/{books['paid'].public_id}").content.decode()
    assert "Gemeente Haarlem" in paid and "10,800.00" in paid and "13,068.00" in paid and "rent" in paid
    assert ("arrived" in paid and "actions/invoice" in paid) or "menu/invoice" in paid
    credited = client.get(f"/panel/invoices/{books['credited'].public_id}").content.decode()
    assert books["note"].number in credited and "VAT reverse charge" in credited
    note = client.get(f"/panel/invoices/{books['note'].public_id}").content.decode()
    assert "Takes back of" in note and books["credited"].number in note
    account = client.get(f"/panel/accounts/{cast.haarlem.public_id}").content.decode()
    assert f"/panel/invoices/{books['open'].public_id}" in account


def asked(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/v1/invoices?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def test_programs_read_the_same_by_cursor(books: dict[str, Invoice]) -> None:
    client = sign_in("iris@agora.example")
    whole = asked(client, "show=all")
    assert [row["number"] for row in whole["invoices"]] == found(client, "show=all") and whole["next_cursor"] == ""
    for name in listing.AMOUNTS:
        total = sum(Decimal(row[f"{name}_eur"] or 0) for row in whole["invoices"])
        assert Decimal(whole["totals"][f"{name}_eur"]) == total
    for sort, rows in (("-issued", whole["invoices"]), ("issued", whole["invoices"][::-1])):
        seen: list[dict[str, Any]] = []
        cursor = ""
        while not seen or cursor:
            part = asked(client, f"show=all&limit=3&sort={sort}&cursor={cursor}")
            seen, cursor = seen + part["invoices"], part["next_cursor"]
        assert seen == rows
    assert client.get("/api/v1/invoices?sort=open").status_code == 400
    assert client.get("/api/v1/invoices?cursor=nonsense").status_code == 400
    assert client.get("/api/v1/invoices?show=overdue").status_code == 200


def test_programs_read_one_and_fetch_its_files(cast: Cast, books: dict[str, Invoice]) -> None:
    client, row = sign_in("ada@agora.example"), books["credited"]
    said = client.get(f"/api/v1/invoices/{row.public_id}").json()
    row.refresh_from_db()
    assert (said["document"], said["sha256"]) == (row.says, row.digest) and said["invoice"]["state"] == "credited"
    assert [(one["kind"], one["amount_eur"]) for one in said["ledger"]] == [("credited", "50.00")]
    assert said["credit_notes"] == [books["note"].public_id] and (said["pdf"], said["ubl"]) == ("", "")
    assert client.get(f"/api/v1/invoices/{row.public_id}/pdf").status_code == 404
    files.want(row, NOW)
    outbox.deliver_due(clock.now())
    said = client.get(f"/api/v1/invoices/{row.public_id}").json()
    answer = client.get(said["pdf"])
    assert answer["Content-Type"] == "application/pdf" and body_of(answer).startswith(b"%PDF") and said["ubl"] == ""
    for address in ("/api/v1/invoices", f"/api/v1/invoices/{row.public_id}", said["pdf"]):
        assert sign_in("maud@client.example").get(address).status_code in (403, 404)


def test_several_are_marked_as_paid_each_with_what_is_open_of_it(cast: Cast, books: dict[str, Invoice]) -> None:
    names = ("30", "part_paid", "open")
    client, ids = sign_in("iris@agora.example"), [books[name].public_id for name in names]
    dialog = client.get("/panel/actions/bulk/invoice/mark_paid", {"invoice": ids}).content.decode()
    assert 'value="121.00"' not in dialog and "Empty: all that is open" in dialog
    data = {"amount": "", "on": TODAY.isoformat(), "reference": "One transfer"}
    made = bulk.start("billing.invoice.mark_paid", cast.iris, ids, data, "paid together")
    assert [row.status for row in bulk.list_rows(made)] == [200, 200, 200]
    for name in names:
        books[name].refresh_from_db()
        assert books[name].open == 0 and books[name].paid == books[name].gross
    entries = LedgerEntry.objects.filter(reference="One transfer")
    assert len({one.booking for one in entries}) == 3 and sum(one.amount for one in entries) == 121 + 200 + 121
    again = bulk.start("billing.invoice.mark_paid", cast.iris, ids[:1], data)
    assert [row.status for row in bulk.list_rows(again)] == [409]


def test_several_are_written_off(cast: Cast, books: dict[str, Invoice]) -> None:
    ids = [books[name].public_id for name in ("over_90", "90", "paid")]
    made = bulk.start("billing.invoice.write_off", cast.iris, ids, {}, "bankrupt")
    assert [row.status for row in bulk.list_rows(made)] == [200, 200, 409]
    assert found(sign_in("iris@agora.example"), "show=overdue") == [books[name].number for name in ("60", "30")]


def test_where_an_e_invoice_stands_is_a_filter(cast: Cast, books: dict[str, Invoice]) -> None:
    client, row = sign_in("iris@agora.example"), books["open"]
    Invoice.objects.filter(pk=row.pk).update(wants_e_invoice=True)
    assert found(client, "e_invoice=being_made") == [row.number]
    files.want(row, NOW)
    outbox.deliver_due(clock.now())
    every = {one: found(client, f"show=all&e_invoice={one}") for one in filters.EInvoice}
    assert [one for one, numbers in every.items() if row.number in numbers] in (["made"], ["to_hand_in"])
    assert sum(len(numbers) for numbers in every.values()) == len(books)


def test_what_was_issued_stands_in_its_own_timeline(cast: Cast, seller: Any) -> None:
    set_details({cast.oost.pk: PUBLIC}, NOW)
    data = {"with_seats": True, "cadence": "yearly", "first_day": TODAY.isoformat()}
    row = run("billing.account.issue_invoice", cast.ties, cast.oost.public_id, data, reason="agreed").data["invoice"]
    note = run("billing.invoice.credit", cast.iris, row, {}, reason="too much").data["credit_note"]
    client = sign_in("ada@agora.example")
    of_row = client.get(reverse("audit:timeline", args=[row])).content.decode()
    assert "Invoice issued" in of_row and "Credit note issued" in of_row
    made = Invoice.objects.get(number=note)
    assert "Credit note issued" in client.get(reverse("audit:timeline", args=[made.public_id])).content.decode()


def test_the_pages_own_forms_lead_to_files(cast: Cast) -> None:
    """Their addresses are no invoice's."""
    client = sign_in("iris@agora.example")
    for name, data in (
        ("export", {"query": "show=all"}),
        ("export_accounting", {"kind": "lines", "period": "2026-11"}),
    ):
        answer = client.post(reverse(f"invoices:{name}"), data)
        assert answer.status_code == 302, answer.content[:300]
        assert client.get(answer["Location"])["Content-Type"].startswith("text/csv")
