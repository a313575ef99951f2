"""The door of an access point: it hears of a document, fetches its files, and reports how the network took them."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from bursar.audit.models import AuditLine
from bursar.billing.models import Handover, Invoice
from bursar.outbox import store as outbox
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from tests.billing.invoiced import SELLER, carry_out, issue, issued, know
from tests.cast import NOW, Cast, body_of
from tests.requests.helpers import Product

REPORT = "product.invoice.report_handover"


@pytest.fixture
def payer(cast: Cast, settings: Any) -> Cast:
    for name, value in SELLER.items():
        setattr(settings, name, value)
    know(cast.haarlem)
    return cast


def told() -> list[dict[str, Any]]:
    rows = WebhookMessage.objects.select_related("row").order_by("id")
    bodies = [json.loads(one.row.payload["body"]) for one in rows]
    return [body["data"]["details"] for body in bodies if body["type"] == "invoice.issued"]


def test_the_event_waits_for_the_files_and_leads_to_them(payer: Cast) -> None:
    WebhookEndpoint.objects.create(url="https://point.example/", description="Access point", created_at=NOW)
    row = issue(payer.ties, payer.haarlem, e_invoice=True)
    assert not told()
    carry_out()
    (details,) = told()
    product = Product("documents")
    for name, begins in (("pdf", b"%PDF-"), ("e_invoice", b"<?xml")):
        path = urlsplit(details[name]["url"]).path.removeprefix("/api/product/v1/")
        content = body_of(product.get(path))
        assert content[:5] == begins and len(content) == details[name]["length"]
        assert hashlib.sha256(content).hexdigest() == details[name]["sha256"]
    assert (details["number"], details["kind"], details["credits"]) == (row.number, "invoice", None)
    assert len(json.dumps(details)) < 2000, "files go by address, not in the message"


def test_credit_notes_are_told_too_and_what_was_not_wanted_is_null(payer: Cast) -> None:
    from bursar.actions.run import run

    row = issued(payer.ties, payer.haarlem)
    WebhookEndpoint.objects.create(url="https://point.example/", description="Access point", created_at=NOW)
    run("billing.invoice.credit", payer.iris, row.public_id, {}, reason="wrong")
    carry_out()
    (details,) = told()
    assert (details["kind"], details["credits"], details["e_invoice"]) == ("credit_note", row.number, None)
    outbox.deliver_due(NOW)


def test_the_point_asks_what_is_to_be_handed_in_and_reports(payer: Cast) -> None:
    row, plain = issued(payer.ties, payer.haarlem, e_invoice=True), issued(payer.ties, payer.haarlem)
    product, path = Product("documents"), f"documents/{row.public_id}"
    (waiting,) = product.get("documents").json()["documents"]
    assert waiting["invoice"] == row.public_id and waiting["delivery"] == "to_hand_in"
    answer = product.post(f"{path}/delivery", {"state": "refused", "why": "The receiver is unknown."})
    assert answer.status_code == 200 and answer.json()["why"] == "The receiver is unknown."
    lines = AuditLine.objects.filter(key=REPORT)
    again = product.post(f"{path}/delivery", {"state": "refused", "why": "The receiver is unknown."})
    assert again.status_code == 200 and lines.count() == 1, "reported again, it changes nothing"
    assert product.post(f"{path}/delivery", {"state": "handed_in"}).json()["delivery"] == "handed_in"
    assert product.get("documents").json()["documents"] == [] and lines.count() == 2
    assert Handover.objects.get().state == "handed_in"
    for body, status in (
        ({"state": "lost"}, 422),
        ({"state": "refused"}, 422),
        ({"state": "handed_in", "why": "x"}, 422),
    ):
        assert product.post(f"{path}/delivery", body).status_code == status
    assert product.post(f"documents/{plain.public_id}/delivery", {"state": "handed_in"}).status_code == 409
    assert product.get(f"documents/{plain.public_id}/e-invoice").status_code == 404
    assert lines.count() == 2


def test_other_keys_and_other_ids_reach_nothing(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem, e_invoice=True)
    product = Product("push", "requests")
    for path in ("documents", f"documents/{row.public_id}", f"documents/{row.public_id}/pdf"):
        assert product.get(path).status_code == 403
    report = product.post(f"documents/{row.public_id}/delivery", {"state": "handed_in"})
    assert report.status_code == 403 and Handover.objects.get().state == "to_hand_in"


def test_what_is_no_document_is_not_there(payer: Cast) -> None:
    product = Product("documents")
    for path in ("documents/inv_nothing", "documents/inv_nothing/pdf", "documents/acc_x/e-invoice"):
        assert product.get(path).status_code == 404
    row = issue(payer.ties, payer.haarlem)
    assert product.get(f"documents/{row.public_id}").json()["has_pdf"] is False
    assert product.get(f"documents/{row.public_id}/pdf").status_code == 404
    assert Invoice.objects.get().pdf is None
