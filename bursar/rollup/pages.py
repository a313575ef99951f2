"""The home view: “Usage & billing”."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.core import clock
from bursar.core.errors import BadRequest, NotFound
from bursar.core.reading import consistent_read
from bursar.rollup import detail, filters, present, views
from bursar.rollup.filters import View
from bursar.rollup.queries.lines import NESTED, NESTED_LEAST, list_lines, list_page
from bursar.rollup.queries.listed import get_fact
from bursar.rollup.queries.months import get_frame
from bursar.rollup.queries.totals import Totals, calc_totals
from bursar.rollup.refresh import refresh
from bursar.staff.queries import list_managers
from bursar.tenants.queries import count_invitations, get_account, list_people_by_role
from bursar.ui import lists
from bursar.ui.navigation import NavEntry, register

register(
    NavEntry(
        key="rollup",
        label="Usage & billing",
        url_name="rollup:page",
        order=10,
        group="customers",
        icon="table",
        help="usage-and-billing",
        holds=("panel:account", "panel:workspace", "panel:organisation", "panel:person"),
    )
)


def _look(request: HttpRequest) -> tuple[View, datetime]:
    """Reads the address and brings what is due up to date: the page is right with the worker stopped."""
    now = clock.now()
    view = filters.read(request.GET, now)
    refresh(now)
    return view, now


@require_GET
def show_page(request: HttpRequest) -> HttpResponse:
    view, now = _look(request)
    with consistent_read():
        totals = calc_totals(view)
        pages = lists.count_pages(totals.rows)
        if view.page > pages:
            return HttpResponseRedirect(f"?{lists.query(request.GET, page=pages)}")
        context = {
            **_frame(request, view, now, totals),
            "rows": [present.account_row(line, view) for line in list_page(view, now)],
            "pager": lists.pager(view.page, totals.rows, request.GET),
            "filters": present.filter_menus(view, request.GET, list_managers()),
            "headers": present.headers(view, request.GET),
            "row_query": present.row_query(view),
            "bulk_tools": present.bulk_tools(),
            "columns": present.columns(view),
            "kept": [(k, v) for k, values in request.GET.lists() if k not in ("hide", "page") for v in values],
            "saved_views": lists.saved_views(actor_of(request), views.ROLLUP, request.GET),
        }
    return render(request, "rollup/page.html", context)


def _frame(request: HttpRequest, view: View, now: datetime, totals: Totals) -> dict[str, Any]:
    frame = get_frame(view)
    return {
        "view": view,
        "as_of": view.as_of(now),
        "totals": totals,
        "faulty": frame.faulty,
        "links": present.total_links(totals, request.GET),
        "totals_url": reverse("rollup:totals") + "?" + lists.query(request.GET),
        "months": present.months(view, frame.months, request.GET),
        "rule": present.rule(frame.rule_version),
        "query": lists.query(request.GET),
        "nested_url": "?" + lists.query(request.GET, workspaces="hide" if view.nested else None),
        "clear_url": "?" + present.only_month(view),
    }


@require_GET
def show_totals(request: HttpRequest) -> HttpResponse:
    view, now = _look(request)
    with consistent_read():
        return render(request, "rollup/_totals.html", _frame(request, view, now, calc_totals(view)))


def _shown(request: HttpRequest) -> int:
    text = request.GET.get("shown", str(NESTED))
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise BadRequest("The address says how many workspaces to show, and that is no number. Open the page anew.")
    return max(int(text), NESTED_LEAST)


@require_GET
def show_row(request: HttpRequest, account_id: str) -> HttpResponse:
    """One account's rows afresh; `shown`: with how many of its workspaces."""
    view, now = _look(request)
    get_account(actor_of(request), account_id)
    with consistent_read():
        fact = get_fact(account_id, view)
        if fact is None:
            raise NotFound("This account has no figures in that month.")
        line = list_lines([fact], view, now, _shown(request))[0]
        row = present.account_row(line, view)
    return render(request, "rollup/_account.html", {"row": row, "view": view})


@require_GET
def show_detail(request: HttpRequest, account_id: str) -> HttpResponse:
    """All that an account's row has no room for, as the row that opens under it."""
    get_account(actor_of(request), account_id)
    view, now = _look(request)
    with consistent_read():
        fact = get_fact(account_id, view)
        if fact is None:
            raise NotFound("This account has no figures in that month.")
        line = list_lines([fact], replace(view, nested=False), now)[0]
        pairs = detail.list_pairs(line)
    return render(request, "rollup/_detail.html", {"pairs": pairs})


@require_GET
def show_seats(request: HttpRequest, account_id: str) -> HttpResponse:
    """People by role, and how many are invited, as of the month that is looked at."""
    account = get_account(actor_of(request), account_id)
    view, now = _look(request)
    at = view.as_of(now)
    context = {
        "account": account,
        "people": list_people_by_role(account, at),
        "invited": count_invitations(account, at),
    }
    template = "rollup/_seats.html" if request.headers.get("HX-Request") else "rollup/seats.html"
    return render(request, template, context)


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {
        "rows": request.POST.get("rows", "accounts"),
        "query": request.POST.get("query", ""),
        "layout": request.POST.get("layout", ""),
    }
    outcome = run("rollup.company.export", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])
