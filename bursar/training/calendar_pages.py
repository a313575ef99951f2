"""A month of sessions, by the seller's days: a grid, and on a phone a list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.billing.seller import seller_day, seller_zone
from bursar.core import clock
from bursar.training import filters, present
from bursar.training.filters import Shown
from bursar.training.queries import listing
from bursar.ui import lists


@require_GET
def show_calendar(request: HttpRequest) -> HttpResponse:
    now, given = clock.now(), request.GET
    view, month = filters.read(given, now, Shown.ALL), filters.read_month(given, now)
    found = listing.list_month(view, actor_of(request), month)
    context = {
        "view": view,
        "month": month,
        "zone": seller_zone().key,
        "count": len(found),
        "weekdays": present.WEEKDAYS,
        "weeks": present.weeks(month, found, seller_day(now)),
        "filters": present.menus(view, listing.list_trainings(), listing.list_trainers(), given),
        "previous_url": "?" + lists.query(given, month=month.previous()),
        "today_url": "?" + lists.query(given, month=None),
        "next_url": "?" + lists.query(given, month=month.next()),
        "clear_url": f"?month={month}",
    }
    return render(request, "training/calendar.html", context)
