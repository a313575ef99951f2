"""Licences: the list of them, one from every side, its certificate; and which organisations are trained."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.core import clock
from bursar.core.asked import read_one, read_page
from bursar.core.errors import Blocked
from bursar.core.reading import consistent_read
from bursar.training import certificates, licence_filters, licence_present
from bursar.training.licence_filters import View
from bursar.training.licence_rules import Coverage
from bursar.training.models import Licence
from bursar.training.queries import coverage, licences
from bursar.ui import lists


@require_GET
def show_licences(request: HttpRequest) -> HttpResponse:
    view, given = licence_filters.read(request.GET, clock.now()), request.GET
    with consistent_read():
        found = licences.find(view, actor_of(request))
        counts = licences.count_by_tab(found, view.today)
        total = counts[view.shown]
        pages = lists.count_pages(total)
        if view.page > pages:
            return HttpResponseRedirect(f"?{lists.query(given, page=pages)}")
        start = (view.page - 1) * lists.PAGE_SIZE
        rows = licences.in_order(found, view)[start : start + lists.PAGE_SIZE]
        context = {
            "view": view,
            "rows": [licence_present.row(one, view) for one in rows],
            "states": licence_present.tabs(view, counts, given),
            "total": total,
            "pager": lists.pager(view.page, total, given),
            **_frame(view, given),
        }
    return render(request, "training/licences.html", context)


def _frame(view: View, given: Any) -> dict[str, Any]:
    """What stands around the rows."""
    return {
        "filters": licence_present.menus(view, licences.list_trainings_with_licences(), given),
        "headers": licence_present.headers(view, given),
        "organisation": licences.get_organisation_name(view.organisation) if view.organisation else "",
        "organisation_clear_url": "?" + lists.query(given, organisation=None, page=None),
        "bulk_tools": licence_present.bulk_tools(),
        "query": lists.query(given, page=None),
        "query_sort": given.get("sort", ""),
        "clear_url": f"?show={view.shown}",
    }


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("query", "layout")}
    outcome = run("training.company.export_licences", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])


@require_GET
def show_coverage(request: HttpRequest) -> HttpResponse:
    now, given = clock.now(), request.GET
    asked, page = given.get("q", "").strip()[:100], read_page(given.get("page", "") or "1")
    training = licence_filters.read_id(given.get("training", ""))
    with consistent_read():
        found = coverage.list_organisations(asked)
        total = found.count()
        if page > lists.count_pages(total):
            return HttpResponseRedirect(f"?{lists.query(given, page=lists.count_pages(total))}")
        start = (page - 1) * lists.PAGE_SIZE
        shown = list(found[start : start + lists.PAGE_SIZE])
        counts = coverage.calc_coverage([one.pk for one in shown], now, training)
        trainings = licences.list_trainings_with_licences()
    days = settings.BURSAR_LICENCE_WARNED
    context = {
        "asked": asked,
        "days": days,
        "rows": [licence_present.coverage_row(one, counts.get(one.pk, Coverage()), days) for one in shown],
        "filters": [lists.menu("training", "Training", trainings, (training,), given, single=True)],
        "is_filtered": bool(asked or training),
        "pager": lists.pager(page, total, given),
    }
    return render(request, "training/coverage.html", context)


@require_GET
def show_licence(request: HttpRequest, licence_id: str) -> HttpResponse:
    now = clock.now()
    licence = licences.get_licence(actor_of(request), licence_id, now)
    view = licence_filters.read({}, now)
    context = {
        "thing": licence,
        "row": licence_present.row(licence, view),
        "certificate": licence_present.certificate(licence, "training:certificate"),
        "public_url": certificates.make_address(licence),
        "timeline_url": reverse("audit:timeline", args=[licence.public_id]),
    }
    return render(request, "training/licence.html", context)


@require_GET
def show_certificate(request: HttpRequest, licence_id: str) -> HttpResponse:
    return answer_certificate(request, licences.get_licence(actor_of(request), licence_id, clock.now()))


def answer_certificate(request: HttpRequest, licence: Licence) -> HttpResponse:
    """The PDF, made now: `language` is “en”, unless the address says another. Raises Blocked where there is none."""
    language = read_one(request.GET, "language", certificates.LANGUAGES) or certificates.LANGUAGES[0]
    sentence = certificates.why_not_draw(licence)
    if sentence:
        raise Blocked(sentence)
    drawn = certificates.draw(certificates.describe(licence), language)
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="certificate-{licence.public_id}-{language}.pdf"'
    return answer
