"""“Invoices”: what was issued, and how it stands."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.billing.invoice_tabs import TABS, head
from bursar.billing.models import Invoice
from bursar.ui.lists import PAGE_SIZE


@require_GET
def open_invoices(request: HttpRequest) -> HttpResponse:
    """The first tab that there is."""
    return HttpResponseRedirect(next(tab.url for tab in TABS if tab.url))


@require_GET
def show_list(request: HttpRequest) -> HttpResponse:
    rows = Invoice.objects.select_related("account__organisation").defer("says").order_by("-issued_at", "-id")
    return render(request, "billing/invoice_list.html", {**head("issued"), "rows": rows[:PAGE_SIZE]})
