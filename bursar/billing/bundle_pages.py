"""Files of many documents in one: how far they are, and where they are fetched."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.billing.invoice_tabs import head
from bursar.billing.models import Bundle
from bursar.billing.models.bundles import BundleState
from bursar.billing.queries.bundles import list_own
from bursar.core import clock


@require_GET
def show_bundles(request: HttpRequest) -> HttpResponse:
    rows = [_row(one) for one in list_own(actor_of(request))]
    is_running = any(row["one"].state == BundleState.RUNNING for row in rows)
    return render(request, "billing/bundles.html", {**head(""), "rows": rows, "is_running": is_running})


def _row(one: Bundle) -> dict[str, Any]:
    """The file lives a day."""
    file = one.file
    is_there = file is not None and (file.expires_at is None or file.expires_at > clock.now())
    return {
        "one": one,
        "what": " and ".join(word for word, is_in in (("PDF", one.with_pdf), ("UBL", one.with_ubl)) if is_in),
        "seen": one.done + one.left_out,
        "url": reverse("files:download", args=[file.public_id]) if file and is_there else "",
        "length": file.length if file else None,
    }


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("period", "with_pdf", "with_ubl")}
    run("billing.company.bundle_documents", actor_of(request), "company", data)
    return HttpResponseRedirect(reverse("invoices:bundles"))
