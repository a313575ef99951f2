"""The tabs of Payments: what was due against what arrived, and what Mollie does that nobody meant."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.core import clock
from bursar.core.reading import consistent_read
from bursar.payments import drift_words, filters, present
from bursar.payments.queries import drift, gap
from bursar.payments.rules.gap import CAUSES, Cause
from bursar.ui import lists


@require_GET
def show_gap(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    ask = filters.read_gap(request.GET, now)
    with consistent_read():
        found = gap.calc_gap(ask.month, now)
        rows = [row for row in found.rows if not ask.cause or ask.cause in row.parts]
        pages = lists.count_pages(len(rows))
        if ask.page > pages:
            return HttpResponseRedirect(f"?{lists.query(request.GET, page=pages)}")
        shown = rows[(ask.page - 1) * lists.PAGE_SIZE : ask.page * lists.PAGE_SIZE]
        gap.fill(shown, ask.month)
    context = {
        "tab": "gap",
        "mode": present.mode(),
        "now": now,
        "ask": ask,
        "gap": found,
        "steps": present.steps(found, ask.cause, request.GET),
        "cause_label": CAUSES[Cause(ask.cause)][0] if ask.cause else "",
        "rows": [present.gap_row(row, ask.month) for row in shown],
        "months": present.months(ask.month, ask.current, request.GET, has_all=False),
        "pager": lists.pager(ask.page, len(rows), request.GET),
        "clear_url": "?" + lists.query(request.GET, cause=None, page=None),
    }
    return render(request, "payments/gap.html", context)


@require_POST
def export_gap(request: HttpRequest) -> HttpResponse:
    data: dict[str, Any] = {name: request.POST.get(name, "") for name in ("month", "cause", "layout")}
    outcome = run("payments.company.export_gap", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])


@require_GET
def show_drift(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    with consistent_read():
        found = drift.list_drift(now)
    context = {
        "tab": "drift",
        "mode": present.mode(),
        "now": now,
        "groups": drift_words.list_groups(found),
        "drift_count": len(found),
    }
    return render(request, "payments/drift.html", context)
