"""A customer's requests: what they and those they answer for asked, what came of it, and asking for more."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor
from bursar.access.request import customer_of
from bursar.core import clock
from bursar.core.errors import NotFound
from bursar.requests import present, queries
from bursar.requests.models import UpgradeRequest
from bursar.ui.navigation import NavEntry, Side, register

SHOWN = 100
ASKABLE_SHOWN = 30

register(
    NavEntry(
        key="own-requests",
        label="Requests",
        url_name="dashboard:requests",
        order=20,
        side=Side.DASHBOARD,
        holds=("dashboard:request",),
    )
)


@login_required
@require_GET
def show_requests(request: HttpRequest, request_id: str = "") -> HttpResponse:
    """All of them, or the one that a notice leads to."""
    actor, now = customer_of(request), clock.now()
    reach = queries.requests_for(actor, now).order_by("-requested_at", "-id")
    found = list((reach.filter(public_id=request_id) if request_id else reach)[: SHOWN + 1])
    if request_id and not found:
        raise NotFound
    askable = queries.list_askable(actor, now, ASKABLE_SHOWN + 1)
    context = {
        "is_one": bool(request_id),
        "requests": [_entry(one, actor) for one in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "shown": SHOWN,
        "askable": [
            {"own": own, "url": _dialog("workspace", own.workspace.public_id, "ask_upgrade")}
            for own in askable[:ASKABLE_SHOWN]
        ],
        "has_more_askable": len(askable) > ASKABLE_SHOWN,
        "governed": [
            {"organisation": one, "url": _dialog("organisation", one.public_id, "ask_workspace")}
            for one in queries.list_governed(actor, now)
        ],
        "team": f"the {settings.BURSAR_COMPANY_NAME} team",
    }
    return render(request, "dashboard/requests.html", context)


def _dialog(slug: str, public_id: str, verb: str) -> str:
    return reverse("actions:dialog", args=[slug, public_id, verb], current_app="own_actions")


def _entry(one: UpgradeRequest, actor: Actor) -> dict[str, Any]:
    """No staff name, no staff note: the decision, the note to the requester, and who of their own people closed it."""
    return {
        "request": one,
        "is_own": one.requester_id == actor.person_id,
        "lines": present.compare(one),
        "tone": present.TONES.get(one.state, ""),
        "withdraw_url": _dialog("request", one.public_id, "withdraw") if one.is_pending else "",
    }
