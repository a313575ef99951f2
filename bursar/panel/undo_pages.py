"""Undo: what can still be taken back, by whom, and until when."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.actions.undo import list_offers
from bursar.core import clock
from bursar.core.errors import BadRequest
from bursar.panel.undoing import PAGE_SIZE, list_page
from bursar.ui.navigation import NavEntry, register

TABS = (("", "Mine"), ("everybody", "Everybody's"))

register(
    NavEntry(
        key="undo",
        label="Undo",
        url_name="panel:undo",
        order=15,
        group="house",
        icon="arrow-back-up",
        help="undoing",
    )
)


@require_GET
def show_undo(request: HttpRequest) -> HttpResponse:
    actor, now, whose = actor_of(request), clock.now(), request.GET.get("whose", "")
    if whose not in dict(TABS):
        raise BadRequest("Either yours, or everybody's.")
    found = list_offers(now, by="" if whose else actor.id, before=_number(request.GET.get("before", "")))
    offers, older = list_page(found, actor, now, PAGE_SIZE)
    context = {
        "offers": offers,
        "whose": whose,
        "tabs": [(label, f"?whose={key}" if key else "?", key == whose) for key, label in TABS],
        "older_url": f"?{urlencode({'whose': whose, 'before': older})}" if older else "",
        "is_first": "before" not in request.GET,
    }
    return render(request, "panel/undo.html", context)


def _number(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("This page address is broken. Open it from its start.")
    return int(text) if text else None
