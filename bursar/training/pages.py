"""Sessions: the list of them, and one from every side."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.core import clock
from bursar.core.reading import consistent_read
from bursar.training import filters, present
from bursar.training.models import TrainingSession
from bursar.training.queries import listing, rosters, sessions
from bursar.ui import lists
from bursar.ui.navigation import NavEntry, register

LEVERS = ("schedule", "complete", "invoice", "reschedule", "reopen")
BULK = ("mark_absent", "mark_present", "remove")
register(
    NavEntry(
        key="training",
        label="Training",
        url_name="training:sessions",
        order=32,
        group="people",
        icon="school",
        help="training",
        count=sessions.count_waiting,
        holds=(
            "training:calendar",
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
    view, given = filters.read(request.GET, clock.now()), request.GET
    with consistent_read():
        found = listing.find(view, actor_of(request))
        counts = listing.count_by_tab(found, view.now)
        total = counts[view.shown]
        pages = lists.count_pages(total)
        if view.page > pages:
            return HttpResponseRedirect(f"?{lists.query(given, page=pages)}")
        start = (view.page - 1) * lists.PAGE_SIZE
        rows = listing.in_order(found, view)[start : start + lists.PAGE_SIZE]
        context = {
            "view": view,
            "rows": [present.row(one, one.on_roster) for one in rows],  # type: ignore[attr-defined]  # annotated
            "states": present.tabs(view, counts, given),
            "total": total,
            "pager": lists.pager(view.page, total, given),
            "filters": present.menus(view, listing.list_trainings(), listing.list_trainers(), given),
            "headers": present.headers(view, given),
            "organisation": listing.get_organisation_name(view.organisation) if view.organisation else "",
            "organisation_clear_url": "?" + lists.query(given, organisation=None, page=None),
            "query": lists.query(given, page=None),
            "query_sort": given.get("sort", ""),
            "clear_url": f"?show={view.shown}",
        }
    return render(request, "training/sessions.html", context)


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("query", "layout")}
    outcome = run("training.company.export_sessions", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])


@require_GET
def show_session(request: HttpRequest, session_id: str) -> HttpResponse:
    now, actor = clock.now(), actor_of(request)
    session = sessions.get_session(actor, session_id, now)
    roster = [present.attendee(one) for one in rosters.list_roster(session)]
    context = {
        "thing": session,
        "row": present.row(session, len(roster)),
        "roster": roster,
        "absent": sum(one["row"].is_absent for one in roster),
        "parts": sessions.list_parts(session, len(roster)),
        "invoice": sessions.find_invoice(session),
        "levers": [_lever(verb, Case(actor, session, now)) for verb in LEVERS],
        "bulk_tools": [_bulk_tool(verb) for verb in BULK],
        "timeline_url": reverse("audit:timeline", args=[session.public_id]),
        **_addable(request, session),
    }
    return render(request, "training/session.html", context)


def _lever(verb: str, case: Case) -> dict[str, Any]:
    made = ACTIONS[f"training.session.{verb}"]
    url = reverse("actions:dialog", args=["session", case.target.public_id, verb])
    return {"label": made.label, "url": url, "is_open": why_not(made, case) is None}


def _bulk_tool(verb: str) -> dict[str, str]:
    made = ACTIONS[f"training.attendee.{verb}"]
    return {"label": made.title, "url": reverse("actions:bulk", args=["attendee", verb])}


def _addable(request: HttpRequest, session: TrainingSession) -> dict[str, Any]:
    """`who` of the address: a part of a name; then who of the organisation's people is found by it."""
    asked, now = request.GET.get("who", "").strip()[:100], clock.now()
    case = Case(actor_of(request), session, now)
    if why_not(ACTIONS["training.session.add_attendees"], case) is not None:
        return {}
    return {
        "who": asked,
        "people": rosters.list_addable(session, asked, now) if asked else [],
        "add_url": reverse("actions:dialog", args=["session", session.public_id, "add_attendees"]),
    }
