"""Sessions: the list of them, and one from every side."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.core import clock
from bursar.training.queries import rosters, sessions
from bursar.ui.navigation import NavEntry, register

register(
    NavEntry(
        key="training",
        label="Training",
        url_name="training:sessions",
        order=32,
        group="counted",
        help="training",
        count=sessions.count_waiting,
        holds=(
            "training:catalogue",
            "training:session",
            "training:licences",
            "training:licence",
            "training:coverage",
        ),
    )
)


@require_GET
def show_sessions(request: HttpRequest) -> HttpResponse:
    found = sessions.sessions_for(actor_of(request), clock.now()).order_by("-requested_at", "-id")
    return render(request, "training/sessions.html", {"rows": found[:50]})


@require_GET
def show_session(request: HttpRequest, session_id: str) -> HttpResponse:
    session = sessions.get_session(actor_of(request), session_id, clock.now())
    context = {
        "thing": session,
        "roster": rosters.list_roster(session),
        "menu_url": reverse("actions:menu", args=["session", session.public_id]),
    }
    return render(request, "training/session.html", context)
