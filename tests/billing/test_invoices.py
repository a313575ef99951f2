"""An invoice from the dialog to its files: what it says, what is refused, and that nothing of it is lost or doubled."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pypdf
import pytest
from django.urls import reverse

from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.billing import making, proposing
from bursar.billing.models import Invoice, LedgerEntry, Series
from bursar.billing.rules import ledger
from bursar.billing.rules.references import say_reference
from bursar.billing.store import Details, set_details
from bursar.billing.store import ledger as books
from bursar.billing.store.ledger import Cause
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound, Refused, Unavailable
from bursar.files import queries as files
from bursar.outbox import store as outbox
from tests.billing.test_proposing import PUBLIC, seller
from tests.cast import NOW, Cast, fact, prove, refusal_of, sign_in
from tests.requests.helpers import customer

__all__ = ["seller"]
TODAY = NOW.date()
KEY = "billing.account.issue_invoice"


@pytest.fixture
def payer(cast: Cast, seller: Any) -> Cast:
    """Haarlem, whose details are known; Bursar is one that may invoice."""
    seller.BURSAR_SELLER_PEPPOL_ID = "0106:12345678"
    set_details({cast.haarlem.pk: PUBLIC}, NOW)
    return cast


def issue(cast: Cast, **data: Any) -> Invoice:
    outcome = run(KEY, cast.ties, cast.haarlem.public_id, {"with_seats": True, **data}, reason="agreed")
    return Invoice.objects.get(public_id=outcome.data["invoice"])


def pdf_of(row: Invoice) -> str:
    row.refresh_from_db()
    assert row.pdf is not None
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(b"".join(files.read(row.pdf)))).pages)


def test_an_invoice_of_the_plan_is_numbered_frozen_and_drawn(payer: Cast) -> None:
    before = fact(payer.haarlem)
    row = issue(payer, cadence="yearly", first_day="2026-12-01")
    assert (row.number, row.issued_on, row.due_on) == ("2026-000001", NOW.date(), date(2026, 12, 8))
    assert (row.service_from, row.service_until) == (date(2026, 12, 1), date(2027, 11, 30))
    assert row.net == row.subscription_net == 12 * before.mrr and row.open == row.gross
    line = AuditLine.objects.get(key=KEY)
    assert line.customer_visible and line.concerns_money and row.number in str(line.changes)
    after = fact(payer.haarlem)
    assert (after.klass, after.mrr) == (before.klass, before.mrr) and not LedgerEntry.objects.exists()
    assert row.pdf is None, "it is being made"
    outbox.deliver_due(clock.now())
    said = pdf_of(row)
    assert row.number in said and "Gemeente Haarlem" in said and "PO-7" in said and row.e_invoice is None
    assert row.pdf is not None and row.pdf.name == "invoice-2026-000001.pdf"
    outbox.deliver_due(clock.now())
    prove()


def test_with_an_e_invoice_both_say_the_same(payer: Cast) -> None:
    row = issue(payer, first_day="2026-12-01", e_invoice=True)
    outbox.deliver_due(clock.now())
    row.refresh_from_db()
    assert row.e_invoice is not None
    xml = b"".join(files.read(row.e_invoice)).decode()
    assert row.number in xml and f'">{row.gross}</cbc:PayableAmount>' in xml and row.reference in xml


def test_a_line_of_its_own_counts_for_no_class(payer: Cast) -> None:
    evening = {"description": "Moderation of an evening", "quantity": "1.50", "unit_price": "400.00"}
    row = issue(payer, with_seats=False, lines=[evening])
    assert (str(row.net), row.service_from, row.subscription_net) == ("600.00", None, 0)
    assert issue(payer, lines=[{"description": "Set-up", "unit_price": "100.00"}]).subscription_net > 0


def test_the_preview_says_all_of_it_and_issues_nothing(payer: Cast) -> None:
    outcome = preview(KEY, payer.ties, payer.haarlem.public_id, {"with_seats": True, "first_day": "2026-12-01"})
    assert "goes to Gemeente Haarlem" in outcome.sentence
    assert not Invoice.objects.exists() and not Series.objects.exists()


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        ({"with_seats": False}, Invalid, ""),
        ({"with_seats": False, "lines": [{"description": "Half a line"}]}, Invalid, ""),
        ({"lines": [{"kind": "subscription", "description": "x", "unit_price": "1.00"}]}, Invalid, ""),
        ({"lines": [{"description": "x", "unit_price": "1.00", "colour": "red"}]}, Invalid, ""),
        ({"lines": "a line"}, Invalid, ""),
        (
            {"with_seats": False, "lines": [{"description": "x", "unit_price": "1", "discount_percent": 100}]},
            Refused,
            "nothing",
        ),
        ({"with_seats": False, "lines": [{"description": "x 🎉", "unit_price": "1"}]}, Refused, "pdf cannot show"),
        ({"payment_days": 121}, Invalid, ""),
        ({"cadence": "weekly"}, Invalid, ""),
        (
            {"with_seats": True, "e_invoice": True, "order_number": "", "buyer_reference": ""},
            Refused,
            "the seller has no peppol id",
        ),
    ],
)
def test_what_cannot_be_issued_leaves_no_number(
    payer: Cast, seller: Any, data: dict[str, Any], kind: type[Exception], words: str
) -> None:
    if "e_invoice" in data:
        seller.BURSAR_SELLER_PEPPOL_ID = ""
    refusal = refusal_of(KEY, payer.ties, payer.haarlem.public_id, {"with_seats": True, **data}, reason="x")
    assert isinstance(refusal, kind) and words in str(refusal.sentence).lower()
    assert not Invoice.objects.exists() and not Series.objects.exists()


def test_the_same_days_are_asked_for_once(payer: Cast) -> None:
    first = issue(payer, first_day="2026-12-01")
    again = {"with_seats": True, "first_day": "2027-06-01"}
    refusal = refusal_of(KEY, payer.ties, payer.haarlem.public_id, again, reason="x")
    assert isinstance(refusal, Refused) and first.number in str(refusal.sentence)
    following = issue(payer, cadence="yearly", first_day="2027-12-01")
    assert following.number == "2026-000002"


def test_without_details_or_a_seller_nothing_is_invoiced(cast: Cast, seller: Any) -> None:
    refusal = refusal_of(KEY, cast.ties, cast.haarlem.public_id, {"with_seats": True}, reason="x")
    assert isinstance(refusal, Blocked) and "who pays" in str(refusal.sentence)
    set_details({cast.haarlem.pk: Details("H", "S 1", "2011 RD", "Haarlem", "NL")}, NOW)
    seller.BURSAR_SELLER_IBAN = ""
    refusal = refusal_of(KEY, cast.ties, cast.haarlem.public_id, {"with_seats": True}, reason="x")
    assert isinstance(refusal, Blocked) and "BURSAR_SELLER_IBAN" in str(refusal.sentence)


def test_who_may_issue_and_who_may_fetch(payer: Cast) -> None:
    assert isinstance(refusal_of(KEY, payer.ada, payer.haarlem.public_id, {"with_seats": True}, reason="x"), Forbidden)
    row = issue(payer, first_day="2026-12-01")
    outbox.deliver_due(clock.now())
    row.refresh_from_db()
    assert row.pdf is not None
    for actor in (payer.ties, payer.ada, customer("maud")):
        assert files.get_file(actor, row.pdf.public_id, clock.now()) == row.pdf
    for actor in (customer("jan"), customer("lotte")):
        with pytest.raises(NotFound):
            files.get_file(actor, row.pdf.public_id, clock.now())


def test_what_changed_meanwhile_is_made_again(payer: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    make, times = making.make, []

    def change_and_make(document: Any, **more: Any) -> Any:
        times.append(document.buyer.city)
        if len(times) == 1:
            set_details({payer.haarlem.pk: Details(**{**vars(PUBLIC), "city": "Bloemendaal"})}, NOW)
        return make(document, **more)

    monkeypatch.setattr(making, "make", change_and_make)
    row = issue(payer, first_day="2026-12-01")
    assert times == ["Haarlem", "Bloemendaal"] and row.document.buyer.city == "Bloemendaal"


def test_what_changes_all_the_time_is_given_up(payer: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice, count = proposing.make_invoice, iter(range(100))

    def make_another(details: Any, wanted: Any, now: Any) -> Any:
        return invoice(details, wanted, now + timedelta(days=next(count)))

    monkeypatch.setattr(proposing, "make_invoice", make_another)
    refusal = refusal_of(KEY, payer.ties, payer.haarlem.public_id, {"with_seats": True}, reason="x")
    assert isinstance(refusal, Unavailable) and not Invoice.objects.exists()


def test_staff_and_the_accounts_own_people_see_what_was_issued(payer: Cast) -> None:
    panel, own = (
        f"/panel/accounts/{payer.haarlem.public_id}",
        reverse("dashboard:account", args=[payer.haarlem.public_id]),
    )
    clients = {panel: sign_in("ties@agora.example"), own: sign_in("maud@client.example")}
    for address, client in clients.items():
        assert 'id="invoices"' not in client.get(address).content.decode()
    row = issue(payer, first_day="2026-12-01")
    for address, client in clients.items():
        page = client.get(address).content.decode()
        assert row.number in page and "being made" in page
        assert (">Open</span>" if address == panel else "To be paid by 8 December 2026") in page
    outbox.deliver_due(clock.now())
    row.refresh_from_db()
    assert row.pdf is not None
    books.book(payer.haarlem, books.hold([row]), ledger.receive(row.gross + 5, [row.standing]), Cause(TODAY), NOW)
    for address, client in clients.items():
        page = client.get(address).content.decode()
        assert (
            (">Paid</span>" if address == panel else "Paid on 24 November 2026") in page
            and row.pdf.public_id in page
            and "5.00" in page
            and "being made" not in page
        )
    with clock.frozen(NOW + timedelta(days=60)):
        late = issue(payer, with_seats=False, lines=[{"description": "Late", "unit_price": "10.00"}], payment_days="0")
    with clock.frozen(NOW + timedelta(days=62)):
        assert ">Overdue</span>" in clients[panel].get(panel).content.decode(), late.due_on
        page = clients[own].get(own).content.decode()
        assert "Was due on 23 January 2027" in page and f"{late.number} was due." in page
        assert "NL91 ABNA 0417 1643 00" in page
        assert say_reference(late.reference) in page and page.count("please transfer") == 1
        books.book(payer.haarlem, books.hold([late]), ledger.write_off(late.standing), Cause(TODAY), NOW)
        page = clients[own].get(own).content.decode()
        assert "Closed" in page and "ritten off" not in page and "please transfer" not in page
