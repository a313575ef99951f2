"""The panel's own pages: what happened to one account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.core import clock
from bursar.rollup import filters, present, queries
from bursar.rollup.refresh import refresh
from bursar.tenants.queries import get_account


@require_GET
def show_account(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's present row, all its workspaces, and its timeline."""
    now = clock.now()
    account = get_account(actor_of(request), account_id)
    refresh(now)
    view = filters.read(request.GET, now)
    with queries.consistent_read():
        fact = queries.get_fact(account_id, view)
        line = queries.list_lines([fact], view, now, None)[0] if fact else None
        row = present.account_row(line, view, request.GET) if line else None
    context = {
        "account": account,
        "row": row,
        "view": view,
        "headers": present.headers(view, request.GET),
        "timeline_url": reverse("audit:timeline", args=[account.public_id]),
        "menu_url": reverse("actions:menu", args=["account", account.public_id]),
    }
    return render(request, "panel/account.html", context)
