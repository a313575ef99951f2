"""“VAT”: invoices that bear VAT which is not due, and sales elsewhere in the EU with what proves where buyers are."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.billing import correcting, queries
from bursar.billing.models import Invoice
from bursar.billing.queries.corrections import list_to_correct
from bursar.billing.rules import say_decision
from bursar.billing.rules.oss import say_proofs, say_sold, say_what_follows
from bursar.core import clock
from bursar.core.turning import turn
from bursar.payments.models import Charge
from bursar.payments.queries import abroad, shown
from bursar.payments.queries.abroad import Sale
from bursar.ui.navigation import NavEntry, register

SHOWN = 50

register(
    NavEntry(
        key="vat",
        label="VAT",
        url_name="vat:to_correct",
        order=50,
        group="money",
        icon="receipt-tax",
        help="vat",
        holds=("vat:abroad",),
        count=lambda actor: abroad.count_to_look_at(clock.now()),
    )
)


def _frame(tab: str) -> dict[str, Any]:
    """What stands above both lists."""
    sold = abroad.get_sold(clock.now())
    return {"tab": tab, "sold": say_sold(sold), "follows": say_what_follows(sold), "is_to_warn": sold.is_to_warn}


@require_GET
def show_to_correct(request: HttpRequest) -> HttpResponse:
    part = turn(list_to_correct(), "page", request.GET.get("page", ""), SHOWN)
    rows = [_invoice(row) for row in part.rows]
    return render(request, "payments/vat_to_correct.html", {**_frame("to_correct"), "rows": rows, "pager": part.pager})


def _invoice(row: Invoice) -> dict[str, Any]:
    """`why_not`: why it stays as it is, empty where it is to be corrected."""
    details, items = row.account.billing_details, row.document.items
    return {
        "row": row,
        "account": row.account,
        "known": queries.say_status(details),
        "vat_id": details.vat_id,
        "before": say_decision(items[0].vat),
        "after": say_decision(correcting.decide_again(items[0].vat, details)),
        "why_not": correcting.why_not_correct(row, details) or "",
        "menu_url": reverse("actions:menu", args=["invoice", row.public_id]),
    }


@require_GET
def show_abroad(request: HttpRequest) -> HttpResponse:
    part = turn(abroad.list_sales(), "page", request.GET.get("page", ""), SHOWN)
    rows = [_sale(one) for one in abroad.load_sales(part.rows)]
    return render(request, "payments/vat_abroad.html", {**_frame("abroad"), "rows": rows, "pager": part.pager})


def _sale(sale: Sale) -> dict[str, Any]:
    return {
        "sale": sale,
        "account": sale.of.account,
        "what": shown.say_what(sale.of) if isinstance(sale.of, Charge) else f"Invoice {sale.of.number}",
        "vat": say_decision(sale.decision),
        "proofs": say_proofs(sale.proofs),
        "tone": "warn" if sale.proofs.is_to_look_at else "good",
    }
