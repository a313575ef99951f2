"""A customer's trainings: their people's licences, what is coming, and asking for more."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.access.request import customer_of
from bursar.core import clock
from bursar.core.reading import consistent_read
from bursar.dashboard.sections import TRAINING_SECTIONS
from bursar.tenants import scope
from bursar.training.letters import publish
from bursar.training.queries.own import get_planned
from bursar.ui.navigation import NavEntry, Side, register
from bursar.ui.sections import Look, load

register(
    NavEntry(key="own-training", label="Training", url_name="dashboard:training", order=25, side=Side.DASHBOARD),
)


@login_required
@require_GET
def show_training(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    with consistent_read():
        mine = scope.load(customer_of(request), now)
        sections = load(TRAINING_SECTIONS, Look(mine, None, now, request.GET))
    return render(request, "dashboard/training.html", {"sections": sections})


@login_required
@require_GET
def download_calendar(request: HttpRequest, session_id: str) -> HttpResponse:
    """The file for one's own calendar; it says what holds now."""
    now = clock.now()
    session = get_planned(customer_of(request), session_id, now)
    answer = HttpResponse(publish(session, now), content_type="text/calendar; charset=utf-8; method=PUBLISH")
    answer["Content-Disposition"] = f'attachment; filename="training-{session.public_id}.ics"'
    return answer
