"""“Payments”: what really arrived, as Mollie knows it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.billing.queries import bank
from bursar.core import clock
from bursar.core.reading import consistent_read
from bursar.payments import filters, present
from bursar.payments.filters import View
from bursar.payments.queries import drift, listing
from bursar.ui import lists
from bursar.ui.navigation import NavEntry, register

register(
    NavEntry(
        key="payments",
        label="Payments",
        url_name="payments:page",
        order=20,
        group="money",
        icon="credit-card",
        help="payments",
        holds=("payments:gap", "payments:drift"),
        count=lambda actor: drift.count_drift(clock.now()),
    )
)
register(
    NavEntry(
        key="bank",
        label="Bank",
        url_name="payments:bank",
        order=30,
        group="money",
        icon="building-bank",
        help="bank",
        count=lambda actor: bank.count_waiting(),
    )
)


@require_GET
def show_page(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    view = filters.read(request.GET, now)
    with consistent_read():
        found = listing.filtered(view)
        totals = listing.calc_totals(found)
        pages = lists.count_pages(totals.rows)
        if view.page > pages:
            return HttpResponseRedirect(f"?{lists.query(request.GET, page=pages)}")
        rows = [present.row(payment) for payment in listing.list_page(view, found)]
        context = {
            **_frame(request, view, totals),
            "now": now,
            "rows": rows,
            "is_new": not rows and not view.is_filtered and not listing.has_any(),
            "pager": lists.pager(view.page, totals.rows, request.GET),
            "saved_views": lists.saved_views(actor_of(request), filters.PAGE, request.GET),
        }
    return render(request, "payments/page.html", context)


def _frame(request: HttpRequest, view: View, totals: listing.Totals) -> dict[str, Any]:
    """What stands around the rows."""
    given = request.GET
    return {
        "tab": "payments",
        "view": view,
        "mode": present.mode(),
        "totals": totals,
        "bars": present.bars(totals),
        "links": present.total_links(given),
        "months": present.months(view.month, view.current, given),
        "filters": present.filter_menus(view, given),
        "headers": present.headers(view, given),
        "columns": present.columns(view),
        "kept": [(k, v) for k, values in given.lists() if k not in ("hide", "page") for v in values],
        "query": lists.query(given),
        "clear_url": "?" + (f"month={given['month']}" if given.get("month") else ""),
        "all_url": "?" + lists.query(given, month=filters.ALL, page=None),
    }


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("query", "layout")}
    outcome = run("payments.company.export_payments", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])
