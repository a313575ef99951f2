"""“Invoices”: what was issued, and how it stands."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.billing import invoice_filters as filters
from bursar.billing import invoice_present as present
from bursar.billing.actions.exports import KINDS
from bursar.billing.invoice_filters import View
from bursar.billing.invoice_tabs import TABS, head
from bursar.billing.models import Invoice
from bursar.billing.queries import listing
from bursar.billing.rules.periods import list_periods
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.reading import consistent_read
from bursar.ui import lists


@require_GET
def open_invoices(request: HttpRequest) -> HttpResponse:
    """The first tab that there is."""
    return HttpResponseRedirect(next(tab.url for tab in TABS if tab.url))


@require_GET
def show_list(request: HttpRequest) -> HttpResponse:
    view = filters.read(request.GET, clock.now())
    with consistent_read():
        found = listing.filtered(view)
        totals = listing.calc_totals(found)
        pages = lists.count_pages(totals.rows)
        if view.page > pages:
            return HttpResponseRedirect(f"?{lists.query(request.GET, page=pages)}")
        rows = [present.row(one, view.today) for one in listing.list_page(view, found)]
        context = {
            **head(view.shown.value, overdue=listing.count_overdue(view.today)),
            **_frame(request, view, found),
            "totals": totals,
            "rows": rows,
            "is_new": not rows and not view.is_filtered and not listing.has_any(),
            "pager": lists.pager(view.page, totals.rows, request.GET),
        }
    return render(request, "billing/invoice_list.html", context)


def _frame(request: HttpRequest, view: View, found: QuerySet[Invoice]) -> dict[str, Any]:
    """What stands around the rows."""
    given = request.GET
    ageing = present.ageing_tiles(listing.calc_ageing(view, found), view, given) if view.asks_for_money else []
    return {
        "view": view,
        "ageing": ageing,
        "filters": present.filter_menus(view, listing.list_countries(), given),
        "headers": present.headers(view, given),
        "columns": present.columns(view),
        "bulk_tools": present.bulk_tools(),
        "kept": [(k, v) for k, values in given.lists() if k not in ("hide", "page") for v in values],
        "query": lists.query(given),
        "clear_url": f"?show={view.shown}",
        "query_sort": given.get("sort", ""),
        "amounts": present.say_amounts(view),
        "periods": list_periods(Month.of(view.today)),
        "last_month": str(Month.of(view.today).previous()),
        "accounting": list(KINDS.items()),
        "saved_views": lists.saved_views(actor_of(request), filters.PAGE, given),
    }


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("query", "layout")}
    outcome = run("billing.company.export_invoices", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])


@require_POST
def export_accounting(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("kind", "period", "layout")}
    outcome = run("billing.company.export_accounting", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])
