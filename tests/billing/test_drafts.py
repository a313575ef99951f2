"""Drafts: kept, looked at, changed, issued as things stand then, or deleted; customers hear nothing of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from bursar.actions import bulk
from bursar.actions.registry import ACTIONS
from bursar.actions.run import preview, run
from bursar.actions.spec import Case
from bursar.audit.models import AuditLine
from bursar.billing.models import Draft, Invoice, Series
from bursar.billing.queries.drafts import get_draft
from bursar.billing.store import Details, set_details
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound, Refused
from bursar.core.money import plain
from bursar.notifications.models import Inbox
from bursar.outbox.models import OutboxRow
from tests.billing.test_proposing import PUBLIC, seller
from tests.cast import NOW, Cast, prove, refusal_of, sign_in
from tests.requests.helpers import customer
from tests.taken_back import check_way_back

__all__ = ["seller"]
DRAFT, ISSUE = "billing.account.draft_invoice", "billing.draft.issue"
CHANGE, DELETE = "billing.draft.change", "billing.draft.delete"
EVENING = {
    "kind": "training",
    "description": "An evening",
    "quantity": "2",
    "unit_price": "400.00",
    "discount_percent": 10,
}


@pytest.fixture
def payer(cast: Cast, seller: Any) -> Cast:
    """Oost, a managed account whose details are known."""
    set_details({cast.oost.pk: PUBLIC}, NOW)
    return cast


def draft(cast: Cast, **data: Any) -> Draft:
    asked = {"with_seats": True, "first_day": "2026-12-01", "lines": [EVENING], **data}
    outcome = run(DRAFT, cast.ties, cast.oost.public_id, asked)
    return Draft.objects.get(public_id=outcome.data["draft"])


def issue(cast: Cast, row: Draft, **more: Any) -> Invoice:
    outcome = run(ISSUE, cast.ties, row.public_id, reason="looked at", **more)
    return Invoice.objects.get(public_id=outcome.data["invoice"])


def test_a_draft_has_no_number_and_nobody_outside_hears_of_it(payer: Cast) -> None:
    waiting = OutboxRow.objects.count()
    row = draft(payer)
    assert not Invoice.objects.exists() and not Series.objects.exists()
    assert OutboxRow.objects.count() == waiting and not Inbox.objects.exists()
    line = AuditLine.objects.get(key=DRAFT)
    assert not line.customer_visible
    document = row.document
    assert [item.kind.value for item in document.items] == ["subscription", "training"]
    assert document.items[1].net == 720 and document.items[1].discount_percent == 10
    for actor in (customer("jan"), payer.maud):
        with pytest.raises(NotFound):
            get_draft(actor, row.public_id)
    assert isinstance(refusal_of(DRAFT, payer.ada, payer.oost.public_id, {"with_seats": True}), Forbidden)


def test_issued_as_it_was_drafted(payer: Cast) -> None:
    row = draft(payer, order_number="PO-9", payment_days=21)
    invoice = issue(payer, row)
    assert invoice.document.items == row.document.items and invoice.document.order_number == "PO-9"
    assert invoice.due_on is not None and (invoice.due_on - invoice.issued_on).days == 21 and invoice.seats == 1
    row.refresh_from_db()
    assert row.invoice == invoice
    refusal = refusal_of(ISSUE, payer.iris, row.public_id, reason="me too")
    assert isinstance(refusal, Blocked) and invoice.number in str(refusal.sentence)
    for key in (CHANGE, DELETE):
        data = {"with_seats": True} if key == CHANGE else {}
        assert isinstance(refusal_of(key, payer.ties, row.public_id, data), Blocked)
    assert Invoice.objects.count() == 1 and Draft.objects.count() == 1
    prove()


def test_what_changed_since_is_said_and_issued(payer: Cast) -> None:
    row = draft(payer)
    assert _foreseen(payer, row) == []
    moved = Details(**{**vars(PUBLIC), "city": "Bloemendaal", "street": "Kerkplein 1"})
    set_details({payer.oost.pk: moved}, NOW)
    with clock.frozen(NOW + timedelta(days=2)):
        said = " ".join(_foreseen(payer, row))
        assert "Grote Markt 2" in said and "Bloemendaal" in said and "An evening" not in said
        invoice = issue(payer, row)
    assert invoice.document.buyer.city == "Bloemendaal"
    assert invoice.issued_on == (NOW + timedelta(days=2)).date()


def _foreseen(cast: Cast, row: Draft) -> list[str]:
    action = ACTIONS[ISSUE]
    assert action.preview is not None
    case = Case(cast.ties, get_draft(cast.ties, row.public_id), clock.now())
    return action.preview(case, {})


def test_a_draft_whose_days_were_invoiced_meanwhile_is_refused(payer: Cast) -> None:
    first, second = draft(payer), draft(payer)
    invoice = issue(payer, first)
    refusal = refusal_of(ISSUE, payer.ties, second.public_id, reason="x")
    assert isinstance(refusal, Blocked) and invoice.number in str(refusal.sentence)
    second.refresh_from_db()
    assert second.invoice is None and Invoice.objects.count() == 1


def test_a_draft_is_changed_and_deleted(payer: Cast) -> None:
    row = draft(payer)
    before = row.document.totals.gross
    run(CHANGE, payer.iris, row.public_id, {"with_seats": False, "lines": [EVENING]})
    row.refresh_from_db()
    assert row.document.totals.gross < before and [item.description for item in row.document.items] == ["An evening"]
    assert row.changed_by is not None and row.changed_by.public_id == payer.iris.id
    assert isinstance(refusal_of(CHANGE, payer.iris, row.public_id, {"with_seats": False}), Invalid)
    run(DELETE, payer.ties, row.public_id)
    assert not Draft.objects.exists() and not Invoice.objects.exists()
    prove()


def test_what_cannot_be_issued_is_not_drafted(payer: Cast) -> None:
    data = {"with_seats": False, "lines": [{**EVENING, "discount_percent": 100}]}
    assert isinstance(refusal_of(DRAFT, payer.ties, payer.oost.public_id, data), Refused)
    assert not Draft.objects.exists()


def test_many_drafts_are_issued_in_one_go_each_once(payer: Cast) -> None:
    rows = [draft(payer, with_seats=False), draft(payer)]
    ids = [row.public_id for row in rows]
    for _ in range(2):
        run_ = bulk.start(ISSUE, payer.ties, ids, {}, "checked", idempotency_key="once")
    assert [row.status for row in bulk.list_rows(run_)] == [200, 200] and Invoice.objects.count() == 2
    again = bulk.start(ISSUE, payer.ties, ids, {}, "checked", idempotency_key="twice")
    assert [row.status for row in bulk.list_rows(again)] == [409, 409] and Invoice.objects.count() == 2


def test_the_page_the_dialog_and_the_pdf(payer: Cast) -> None:
    row, client = draft(payer), sign_in("ties@agora.example")
    page = client.get("/panel/invoices/drafts/").content.decode()
    assert row.public_id in page and "An evening" in page and "Changemaker" not in page and "Guardian" in page
    pdf = client.get(f"/panel/invoices/drafts/{row.public_id}/pdf")
    assert pdf.status_code == 200 and pdf.content.startswith(b"%PDF")
    dialog = client.get(f"/panel/actions/draft/{row.public_id}/issue").content.decode()
    assert 'class="paper"' in dialog and "2026-000000" in dialog
    change = client.get(f"/panel/actions/draft/{row.public_id}/change").content.decode()
    assert 'value="An evening"' in change and 'name="lines-4-kind"' in change
    assert sign_in("maud@client.example").get("/panel/invoices/drafts/").status_code in (302, 403, 404)


def test_saved_from_the_dialog_of_issuing(payer: Cast) -> None:
    client = sign_in("ties@agora.example")
    at = f"/panel/actions/account/{payer.oost.public_id}"
    dialog = client.get(f"{at}/issue_invoice").content.decode()
    assert f"{at}/draft_invoice" in dialog and "Save as draft" in dialog and 'class="paper"' in dialog
    answer = post(client, f"{at}/draft_invoice")
    assert answer.status_code == 302 and Draft.objects.count() == 1 and not Invoice.objects.exists()
    assert [item.description for item in Draft.objects.get().document.items] == ["Set-up", "Moderation"]


def post(client: Client, address: str) -> Any:
    lines = {"lines": "", "lines-0-kind": "other", "lines-0-description": "Set-up", "lines-0-unit_price": "100",
             "lines-1-kind": "other", "lines-1-description": "", "lines-3-kind": "training",
             "lines-3-description": "Moderation", "lines-3-unit_price": "10.00", "lines-3-quantity": "3"}  # fmt: skip
    return client.post(address, {"idempotency_key": "click", **lines})


def test_the_preview_is_the_whole_document(payer: Cast) -> None:
    client = sign_in("ties@agora.example")
    data = {"with_seats": "on", "first_day": "2026-12-01", "lines": "", "lines-0-kind": "training",
            "lines-0-description": "Een avond", "lines-0-unit_price": "99.50", "order_number": "PO-77"}  # fmt: skip
    said = client.post(f"/panel/actions/account/{payer.oost.public_id}/issue_invoice/preview", data).content.decode()
    said = said.replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "Factuur",
        "Gemeente Haarlem",
        "PO-77",
        "Een avond",
        "99,50",
        "NL91 ABNA",
        "Vervaldatum",
        "1 december 2026",
    ):
        assert words in said, words
    assert not Invoice.objects.exists()
    outcome = preview(DRAFT, payer.ties, payer.oost.public_id, {"with_seats": True, "first_day": "2026-12-01"})
    assert "is kept" in outcome.sentence and not Draft.objects.exists()


def test_programs_read_drafts_as_they_were_made(payer: Cast) -> None:
    row, reader = draft(payer), sign_in("ada@agora.example")
    listed = reader.get("/api/v1/drafts").json()
    [one] = listed["drafts"]
    assert (listed["count"], listed["has_more"]) == (1, False) and one == reader.get(
        f"/api/v1/drafts/{one['id']}"
    ).json()
    totals = row.document.totals
    said = (one["id"], one["account"], one["action"], one["net_eur"], one["gross_eur"], one["invoice"])
    assert said == (row.public_id, payer.oost.public_id, "issue_invoice", plain(totals.net), plain(totals.gross), "")
    assert one["document"] == row.says
    assert reader.get("/api/v1/drafts?page=2").json()["drafts"] == []
    made = issue(payer, row)
    assert reader.get("/api/v1/drafts").json()["drafts"] == []
    assert reader.get(f"/api/v1/drafts/{row.public_id}").json()["invoice"] == made.public_id
    assert reader.get("/api/v1/drafts/dft_nothing").status_code == 404


def test_a_change_of_a_draft_is_taken_back(payer: Cast) -> None:
    row = draft(payer)
    check_way_back(payer, CHANGE, row.public_id, {"with_seats": False, "lines": [EVENING]}, actor=payer.ties)
