"""The staff's queue of requests, and one request from every side."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.actions.dialog import foresee
from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.audit.pages import describe
from bursar.audit.queries import list_notes
from bursar.core import clock
from bursar.requests import filters, present, queries
from bursar.requests.filters import PAGE_SIZE, TABS
from bursar.requests.models import UpgradeRequest
from bursar.ui.navigation import NavEntry, register

NOTES_SHOWN = 20
LEVERS = ("approve", "deny", "close_as_done")

register(
    NavEntry(
        key="requests",
        label="Requests",
        url_name="requests:queue",
        order=30,
        group="customers",
        icon="inbox",
        help="requests",
        count=queries.count_pending,
    )
)


@require_GET
def show_queue(request: HttpRequest) -> HttpResponse:
    now, actor = clock.now(), actor_of(request)
    view = filters.read(request.GET)
    found = queries.find(view, actor, now)
    counts = queries.count_by_state(found)
    total = sum(counts.get(state.value, 0) for state in view.states)
    last = max(1, -(-total // PAGE_SIZE))
    if view.page > last:
        return HttpResponseRedirect(f"?{present.query(request.GET, page=last)}")
    start = (view.page - 1) * PAGE_SIZE
    context = {
        "view": view,
        "rows": [present.row(one, now) for one in queries.in_order(found, view)[start : start + PAGE_SIZE]],
        "tabs": present.tabs(view, counts, request.GET),
        "menus": present.menus(view),
        "pager": present.pager(view, total, request.GET),
        "tab_label": TABS[view.tab][0].lower(),
        "clear_url": f"?state={view.tab}",
    }
    return render(request, "requests/queue.html", context)


@require_GET
def show_request(request: HttpRequest, request_id: str) -> HttpResponse:
    now, actor = clock.now(), actor_of(request)
    found = queries.get_request(actor, request_id, now)
    case = Case(actor, found, now)
    context = {
        "thing": found,
        "row": present.row(found, now),
        "lines": present.compare(found),
        "levers": [_lever(name, case) for name in LEVERS] if found.is_pending else [],
        "note_url": _dialog_url("add_note", found),
        "timeline_url": reverse("audit:timeline", args=[found.public_id]),
        "notes": [describe(line) for line in list_notes(found.public_id)[:NOTES_SHOWN]],
        **_what_would_change(case),
    }
    return render(request, "requests/request.html", context)


def _dialog_url(verb: str, found: UpgradeRequest) -> str:
    return reverse("actions:dialog", args=["request", found.public_id, verb])


def _lever(verb: str, case: Case) -> dict[str, Any]:
    made = ACTIONS[f"requests.request.{verb}"]
    return {"label": made.label, "url": _dialog_url(verb, case.target), "why_not": why_not(made, case), "verb": verb}


def _what_would_change(case: Case) -> dict[str, Any]:
    """While it is pending: what the customer may do before and after, and the figures of a rehearsed approval."""
    found: UpgradeRequest = case.target
    if not found.is_pending:
        return {}
    before = queries.get_effective_tier(found, case.now)
    action = ACTIONS["requests.request.approve"]
    sentence = why_not(action, case)
    told = foresee(action, case, {}) if sentence is None else {"refusal": sentence}
    lines = present.entitlements(before, found.tier, case.now)
    in_table = {line["sentence"] for line in lines}
    words = [said for said in told.get("will", []) if said not in in_table]
    return {"entitlements": lines, "before": before, "told": told, "words": words}
