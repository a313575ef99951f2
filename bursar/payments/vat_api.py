"""VAT for programs: invoices to correct, and what was sold with VAT elsewhere in the EU. Amounts are text, EUR."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.billing import correcting
from bursar.billing.models import Invoice
from bursar.billing.queries.corrections import list_to_correct
from bursar.billing.rules import say_decision
from bursar.core import clock
from bursar.core.money import plain
from bursar.payments.models import Charge
from bursar.payments.queries import abroad
from bursar.payments.queries.abroad import Sale

router = Router(tags=["billing"])
PAGE_SIZE = 50
PAGE: int = Query(1, ge=1, le=100_000, description="Fifty rows a page.")  # type: ignore[type-arg]  # ninja types


class SoldOut(Schema):
    """Without VAT, credit notes subtracted. `one_stop_shop_from`: its first day; null: it is not used."""

    year: int
    this_year_eur: str
    last_year_eur: str
    threshold_eur: str
    reach: Literal["below", "near", "over"]
    one_stop_shop_from: date | None


class ToCorrectOut(Schema):
    """`why_not`: why it stays as it is; empty where “Correct VAT” can be pulled."""

    invoice: str
    number: str
    account: str
    label: str
    issued_on: date
    vat_eur: str
    vat_id: str
    before: str
    after: str
    why_not: str


class VatOut(Schema):
    sold_abroad: SoldOut
    page: int
    has_more: bool
    to_correct: list[ToCorrectOut]


class SaleOut(Schema):
    """`charge`, `invoice`: the id of the charge that paid for it, or of the invoice that was paid by bank; the other is
    empty. `proofs`: what says where the buyer is, by country; `against`: those that say another than the address.
    """

    charge: str
    invoice: str
    account: str
    label: str
    paid_at: datetime
    net_eur: str
    vat_eur: str
    proofs: dict[str, str]
    against: list[str]
    is_enough: bool


class SalesOut(Schema):
    page: int
    has_more: bool
    sales: list[SaleOut]


@router.get("/vat", operation_id="vat", summary="Invoices whose VAT is to be corrected, newest first", response=VatOut)
def read_vat(request: HttpRequest, page: int = PAGE) -> dict[str, Any]:
    start, sold = (page - 1) * PAGE_SIZE, abroad.get_sold(clock.now())
    rows = list(list_to_correct()[start : start + PAGE_SIZE + 1])
    told = {
        "year": sold.year, "this_year_eur": plain(sold.this_year), "last_year_eur": plain(sold.last_year),
        "threshold_eur": plain(sold.threshold), "reach": sold.reach.value, "one_stop_shop_from": sold.oss,
    }  # fmt: skip
    shown = [_invoice(row) for row in rows[:PAGE_SIZE]]
    return {"sold_abroad": told, "page": page, "has_more": len(rows) > PAGE_SIZE, "to_correct": shown}


def _invoice(row: Invoice) -> dict[str, Any]:
    details, vat = row.account.billing_details, row.document.items[0].vat
    return {
        "invoice": row.public_id, "number": row.number, "account": row.account.public_id, "label": str(row.account),
        "issued_on": row.issued_on, "vat_eur": plain(row.vat), "vat_id": details.vat_id, "before": say_decision(vat),
        "after": say_decision(correcting.decide_again(vat, details)),
        "why_not": correcting.why_not_correct(row, details) or "",
    }  # fmt: skip


@router.get(
    "/vat/abroad", operation_id="vat_abroad", summary="What was sold with VAT elsewhere in the EU, newest first",
    response=SalesOut,
)  # fmt: skip
def list_abroad(request: HttpRequest, page: int = PAGE) -> dict[str, Any]:
    start = (page - 1) * PAGE_SIZE
    rows = list(abroad.list_sales()[start : start + PAGE_SIZE + 1])
    sales = [_sale(one) for one in abroad.load_sales(rows[:PAGE_SIZE])]
    return {"page": page, "has_more": len(rows) > PAGE_SIZE, "sales": sales}


def _sale(sale: Sale) -> dict[str, Any]:
    proofs, account = sale.proofs, sale.of.account
    return {
        "charge": sale.of.public_id if isinstance(sale.of, Charge) else "",
        "invoice": sale.of.public_id if isinstance(sale.of, Invoice) else "",
        "account": account.public_id, "label": str(account),
        "paid_at": sale.paid_at, "net_eur": plain(sale.net), "vat_eur": plain(sale.vat),
        "proofs": proofs.known, "against": list(proofs.against), "is_enough": proofs.is_enough,
    }  # fmt: skip
