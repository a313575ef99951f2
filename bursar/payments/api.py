"""Payments, for programs. Amounts are text with two decimals, EUR gross."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, create_model

from bursar.core import clock, cursors
from bursar.core.api import LIMIT, parameter
from bursar.core.errors import BadRequest
from bursar.core.money import plain
from bursar.core.reading import consistent_read
from bursar.payments import csv, filters, words
from bursar.payments.queries import listing

router = Router(tags=["payments"])


# The page reads the same names from its address; `filters.read` is what knows them.
FILTERS = {
    "parameters": [
        parameter("month", (), "The seller's, such as 2026-10, or all. Empty: the current one."),
        parameter("q", (), "Part of a name of the account, or an id of ours or of Mollie's."),
        parameter("status", filters.STATES, "As Mollie says, or what went back of it.", several=True),
        parameter("kind", [kind.value for kind in words.KINDS], "What it pays for.", several=True),
        parameter("method", words.METHODS, "By which it was paid.", several=True),
        parameter("source", [source.value for source in words.SOURCES], "Where it came in.", several=True),
        parameter("sort", ("date", "-date"), "A minus turns it round: the newest first."),
    ]
}


class PaymentTotalsOut(Schema):
    payments: int
    received_eur: str
    failed_eur: str
    pending_eur: str
    refunded_eur: str
    charged_back_eur: str


_row: dict[str, Any] = dict.fromkeys(csv.COLUMNS, (str, ...))
PaymentOut: Any = create_model("PaymentOut", __base__=Schema, **_row)


class PaymentsOut(Schema):
    month: str = Field(description="The seller's month, or all.")
    totals: PaymentTotalsOut
    payments: list[PaymentOut]
    next_cursor: str


@router.get("/payments", operation_id="payments_list", summary="Payments", response=PaymentsOut, openapi_extra=FILTERS)
def list_payments(request: HttpRequest, cursor: str = "", limit: int = LIMIT) -> dict[str, Any]:
    """The page's filters, all rows by cursor in the order of their days; the totals are of all of them."""
    view = filters.read(request.GET, clock.now())
    if view.sort.removeprefix("-") != "date":
        raise BadRequest("By cursor, payments are sorted by date alone; the page can do more.")
    with consistent_read():
        every = listing.filtered(view)
        totals = listing.calc_totals(every)
        found = listing.ordered(view, every).filter(_after(cursor, falls=view.sort.startswith("-")))
        rows = list(csv.flat(found).values_list(*csv.FLAT, "dated_at", "pk")[: limit + 1])
    has_more = len(rows) > limit
    return {
        "month": str(view.month or filters.ALL),
        "totals": _totals(totals),
        "payments": [_row_of(values[:-2]) for values in rows[:limit]],
        "next_cursor": _cursor(*rows[limit - 1][-2:]) if has_more else "",
    }


def _cursor(at: datetime, key: int) -> str:
    return cursors.encode([at.isoformat(), key])


def _after(cursor: str, *, falls: bool) -> Q:
    if not cursor:
        return Q()
    at, key = cursors.decode_instant(cursor)
    step = "lt" if falls else "gt"
    return Q(**{f"dated_at__{step}": at}) | Q(**{"dated_at": at, f"pk__{step}": key})


def _row_of(values: tuple[Any, ...]) -> dict[str, str]:
    return dict(zip(csv.COLUMNS, csv.cells(values), strict=True))


def _totals(totals: listing.Totals) -> dict[str, Any]:
    return {
        "payments": totals.rows,
        "received_eur": plain(totals.received),
        "failed_eur": plain(totals.failed),
        "pending_eur": plain(totals.pending),
        "refunded_eur": plain(totals.refunded),
        "charged_back_eur": plain(totals.charged_back),
    }


@router.get("/payments/{payment_id}", operation_id="payments_get", summary="One payment", response=PaymentOut)
def get_payment(request: HttpRequest, payment_id: str) -> dict[str, str]:
    """By our id or by Mollie's."""
    found = listing.get_payment(payment_id)
    return _row_of(csv.flat(listing.of_this_world().filter(pk=found.pk)).values_list(*csv.FLAT).get())
