"""The door of an access point: fetches issued documents and their files, and reports how the network took them."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field

from bursar.actions.run import run
from bursar.billing.models import Handover, Invoice
from bursar.billing.queries import sending
from bursar.billing.queries.documents import get_invoice, list_by_key
from bursar.core.errors import NotFound
from bursar.core.money import plain
from bursar.files.models import File
from bursar.files.pages import stream
from bursar.product.actions.documents import REPORT
from bursar.product.doors import ONCE, REFUSALS, Id, key_of, needs
from bursar.product.models import Scope

router = Router(**needs(Scope.DOCUMENTS))
AT_MOST = 200
State = Literal["to_hand_in", "handed_in", "refused"]


class DocumentOut(Schema):
    """`delivery`: how the e-invoice stands with the network; null without one. Amounts are EUR, `gross` with VAT."""

    invoice: str = Field(examples=["inv_0k3j9x7h2m5n8p4q"])
    number: str = Field(examples=["2026-000042"])
    kind: str = Field(examples=["invoice"], description="invoice or credit_note")
    issued_on: date
    gross: str = Field(examples=["13068.00"])
    has_pdf: bool = Field(description="False for the seconds until it is made, and once its retention ended.")
    has_e_invoice: bool
    delivery: State | None
    why: str = Field("", description="Why the network refused it.")


class DocumentsOut(Schema):
    documents: list[DocumentOut]


class ReportIn(Schema):
    state: State = Field(examples=["handed_in"])
    why: str = Field("", max_length=500, description="Of a refusal, and of nothing else.")


def _out(row: Invoice, handover: Handover | None) -> dict[str, Any]:
    return {
        "invoice": row.public_id,
        "number": row.number,
        "kind": row.kind,
        "issued_on": row.issued_on,
        "gross": plain(row.gross),
        "has_pdf": row.pdf_id is not None,
        "has_e_invoice": row.e_invoice_id is not None,
        "delivery": handover.state if handover else None,
        "why": handover.why if handover else "",
    }


def _tell(request: HttpRequest, invoice: str) -> dict[str, Any]:
    row = get_invoice(key_of(request), invoice)
    return _out(row, sending.list_handovers([row.pk]).get(row.pk))


@router.get("/documents", response={200: DocumentsOut, **REFUSALS}, operation_id="list_documents")
def list_documents(
    request: HttpRequest,
    limit: int = Query(50, ge=1, le=AT_MOST, description="How many, the oldest first; at most 200."),  # type: ignore[type-arg]  # ninja types
) -> Any:
    """E-invoices that are still to be handed in: for whoever does not listen to events, or has missed some."""
    key_of(request)
    keys = list(sending.list_to_hand_in().values_list("pk", flat=True)[:limit])
    rows, handovers = {row.pk: row for row in list_by_key(keys)}, sending.list_handovers(keys)
    return {"documents": [_out(rows[pk], handovers.get(pk)) for pk in keys]}


@router.get("/documents/{invoice}", response={200: DocumentOut, **REFUSALS}, operation_id="get_document")
def read_document(request: HttpRequest, invoice: Id) -> Any:
    """One issued invoice or credit note, by the id that `invoice.issued` told."""
    return _tell(request, invoice)


@router.get("/documents/{invoice}/pdf", operation_id="get_document_pdf", url_name="document_pdf", response=REFUSALS)
def read_pdf(request: HttpRequest, invoice: Id) -> Any:
    """The PDF/A-3 file itself."""
    return _send(request, get_invoice(key_of(request), invoice).pdf)


@router.get(
    "/documents/{invoice}/e-invoice",
    operation_id="get_document_e_invoice",
    url_name="document_e_invoice",
    response=REFUSALS,
)
def read_e_invoice(request: HttpRequest, invoice: Id) -> Any:
    """The UBL file itself: an invoice or credit note of Peppol BIS Billing 3."""
    return _send(request, get_invoice(key_of(request), invoice).e_invoice)


def _send(request: HttpRequest, file: File | None) -> HttpResponseBase:
    if file is None:
        raise NotFound("There is no such file: it was not wanted, is being made, or its retention ended.")
    return stream(request, file)


@router.post("/documents/{invoice}/delivery", response={200: DocumentOut, **REFUSALS}, operation_id="report_delivery")
def report_delivery(request: HttpRequest, invoice: Id, body: ReportIn, idempotency_key: str = ONCE) -> Any:
    """How the network took an e-invoice. What is known already may be reported again, and changes nothing."""
    known = _tell(request, invoice)
    if (known["delivery"], known["why"]) == (body.state, body.why):
        return known
    run(REPORT, key_of(request), invoice, body.model_dump(), idempotency_key=idempotency_key)
    return _tell(request, invoice)
