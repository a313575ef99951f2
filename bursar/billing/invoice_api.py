"""Issued documents, for programs. Amounts are text with two decimals, EUR; of a credit note they are below zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any, Literal

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema
from pydantic import Field, create_model

from bursar.access.request import actor_of
from bursar.billing import invoice_csv as csv
from bursar.billing import invoice_filters as filters
from bursar.billing.invoice_tabs import Shown
from bursar.billing.models import Invoice
from bursar.billing.queries import listing
from bursar.billing.queries.documents import get_invoice
from bursar.billing.queries.ledger import list_credit_notes, list_entries
from bursar.billing.rules.ageing import Band
from bursar.billing.seller import seller_day
from bursar.core import clock, cursors
from bursar.core.api import LIMIT, parameter
from bursar.core.errors import BadRequest, NotFound
from bursar.core.money import plain
from bursar.core.reading import consistent_read
from bursar.files.pages import answer

router = Router(tags=["invoices"])


# The page reads the same names from its address; `invoice_filters.read` is what knows them.
FILTERS = {
    "parameters": [
        parameter("show", tuple(Shown), "The tab. Empty: invoices of which something is open."),
        parameter("q", (), "A number, reference or order number; part of the payer's or the account's name."),
        parameter("state", filters.STATES, "Of invoices.", several=True),
        parameter("age", [band.value for band in Band], "Of open ones, by days after the due day.", several=True),
        parameter("issued", (), "A month of the seller's, such as 2026-10."),
        parameter("due", (), "A month, such as 2026-10."),
        parameter("country", (), "Of the payer, ISO 3166.", several=True),
        parameter("class", (), "Revenue class of the account now.", several=True),
        parameter("manager", (), "Account manager now: a colleague's id, or nobody.", several=True),
        parameter("e_invoice", [one.value for one in filters.EInvoice], "How far its UBL is.", several=True),
        parameter("least", (), "EUR with VAT, at least."),
        parameter("most", (), "EUR with VAT, at most."),
        parameter("sort", ("issued", "-issued"), "A minus turns it round: the newest first."),
    ]
}

_row: dict[str, Any] = dict.fromkeys(csv.COLUMNS, (str, ...))
InvoiceOut: Any = create_model("InvoiceOut", __base__=Schema, **_row)


class InvoiceTotalsOut(Schema):
    """Of all that the filters leave. `credit_notes` of the `documents` are taken off; the rest is of invoices."""

    documents: int
    credit_notes: int
    net_eur: str
    vat_eur: str
    gross_eur: str
    paid_eur: str
    credited_eur: str
    written_off_eur: str
    difference_eur: str
    open_eur: str


class InvoicesOut(Schema):
    totals: InvoiceTotalsOut
    invoices: list[InvoiceOut]
    next_cursor: str


class EntryOut(Schema):
    """`amount_eur`: by what it lowers what is open. `on`: the day the money moved."""

    kind: str
    amount_eur: str
    on: date
    booked_at: datetime
    booking: str
    cause: str
    reference: str


class OneInvoiceOut(Schema):
    invoice: InvoiceOut
    document: dict[str, Any] = Field(description="What it says, as it was frozen; amounts as text.")
    sha256: str = Field(description="Over the document's JSON, its keys in order.")
    ledger: list[EntryOut]
    credit_notes: list[str] = Field(description="Their ids.")
    pdf: str = Field(description="Where it is fetched; empty while it is being made.")
    ubl: str = Field(description="Where the e-invoice is fetched; empty without one.")


@router.get("/invoices", operation_id="invoices_list", summary="Invoices", response=InvoicesOut, openapi_extra=FILTERS)
def list_invoices(request: HttpRequest, cursor: str = "", limit: int = LIMIT) -> dict[str, Any]:
    """The page's filters, all rows by cursor in the order of their issue; the totals are of all of them."""
    view = filters.read(request.GET, clock.now())
    if not request.GET.get("sort"):
        view = replace(view, sort="-issued")
    if view.sort.removeprefix("-") != "issued":
        raise BadRequest("By cursor, invoices are sorted by their issue alone: say sort=-issued.")
    with consistent_read():
        every = listing.filtered(view)
        totals = listing.calc_totals(every)
        found = listing.ordered(view, every).filter(_after(cursor, falls=view.sort.startswith("-")))
        keys = list(found.values_list("issued_at", "pk")[: limit + 1])
        rows = _rows(found.filter(pk__in=[pk for _, pk in keys[:limit]]), view.today)
    more = len(keys) > limit
    return {"totals": _totals(totals), "invoices": rows, "next_cursor": _cursor(*keys[limit - 1]) if more else ""}


def _cursor(at: datetime, key: int) -> str:
    return cursors.encode([at.isoformat(), key])


def _after(cursor: str, *, falls: bool) -> Q:
    if not cursor:
        return Q()
    at, key = cursors.decode_instant(cursor)
    step = "lt" if falls else "gt"
    return Q(**{f"issued_at__{step}": at}) | Q(**{"issued_at": at, f"pk__{step}": key})


def _rows(rows: Any, today: date) -> list[dict[str, str]]:
    return [
        {name: value or "" for name, value in zip(csv.COLUMNS, values, strict=True)} for values in csv.flat(rows, today)
    ]


def _totals(totals: listing.Totals) -> dict[str, Any]:
    amounts = {f"{name}_eur": plain(getattr(totals, name)) for name in listing.AMOUNTS}
    return {"documents": totals.rows, "credit_notes": totals.notes, **amounts}


@router.get("/invoices/{invoice_id}", operation_id="invoices_get", summary="One document", response=OneInvoiceOut)
def read_invoice(request: HttpRequest, invoice_id: str) -> dict[str, Any]:
    """What it says, what was booked for it, and where its files are."""
    row = get_invoice(actor_of(request), invoice_id)
    (said,) = _rows(Invoice.objects.filter(pk=row.pk), seller_day(clock.now()))
    return {
        "invoice": said,
        "document": row.says,
        "sha256": row.digest,
        "ledger": [
            {
                "kind": one.kind, "amount_eur": plain(one.amount), "on": one.on, "booked_at": one.booked_at,
                "booking": one.booking, "cause": one.cause, "reference": one.reference,
            }
            for one in list_entries(row)
        ],
        "credit_notes": [one.public_id for one in list_credit_notes(row)],
        "pdf": _path(row, "pdf") if row.pdf_id else "",
        "ubl": _path(row, "ubl") if row.e_invoice_id else "",
    }  # fmt: skip


def _path(row: Invoice, kind: str) -> str:
    return reverse("api:invoices_file", args=[row.public_id, kind])


@router.get(
    "/invoices/{invoice_id}/{kind}",
    operation_id="invoices_file",
    url_name="invoices_file",
    summary="The bytes of a document's PDF or e-invoice",
)
def download(request: HttpRequest, invoice_id: str, kind: Literal["pdf", "ubl"]) -> Any:
    """What is still being made is not there yet (404)."""
    row = get_invoice(actor_of(request), invoice_id)
    file = row.pdf if kind == "pdf" else row.e_invoice
    if file is None:
        raise NotFound("There is no such file, or it is still being made.")
    return answer(request, file.public_id)
