"""Who is in customers' workspaces now, and who waits to be let in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.core import clock
from bursar.support import queries
from bursar.support.models import RequestState
from bursar.ui.navigation import NavEntry, register

SHOWN = 200

register(
    NavEntry(
        key="support",
        label="Support access",
        url_name="support:page",
        order=58,
        group="customers",
        icon="lifebuoy",
        help="support-access",
    )
)


@require_GET
def show_page(request: HttpRequest) -> HttpResponse:
    """In three statements, whatever runs. Nothing here waits for a colleague, so nothing is counted in the bar."""
    now = clock.now()
    waiting = list(queries.waiting_requests(now)[: SHOWN + 1])
    sessions = list(queries.live_sessions(now)[: SHOWN + 1])
    context = {
        "sessions": sessions[:SHOWN],
        "pending": [one for one in waiting[:SHOWN] if one.state == RequestState.PENDING],
        "approved": [one for one in waiting[:SHOWN] if one.state == RequestState.APPROVED],
        "shown": SHOWN if max(len(waiting), len(sessions)) > SHOWN else 0,
    }
    return render(request, "support/page.html", context)
