"""The customer's own pages. A staff person sees one entry more in the same menu."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor, ActorKind
from bursar.access.models import User
from bursar.access.request import actor_of
from bursar.audit.pages import describe_for_customer
from bursar.audit.queries import list_customer_history
from bursar.core import clock
from bursar.dashboard import queries

HISTORY_SIZE = 50


@login_required
@require_GET
def show_home(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    workspaces = queries.list_own_workspaces(actor, now)
    context = {
        "organisations": queries.list_own_organisations(actor, now),
        "workspaces": workspaces,
        "history": _history(workspaces)[:5],
        "not_set_up": _is_colleague_without_role(request, actor),
        "staff_help": settings.BURSAR_STAFF_HELP,
    }
    return render(request, "dashboard/home.html", context)


@login_required
@require_GET
def show_history(request: HttpRequest) -> HttpResponse:
    workspaces = queries.list_own_workspaces(actor_of(request), clock.now())
    return render(request, "dashboard/history.html", {"history": _history(workspaces)})


def _history(workspaces: list[queries.OwnWorkspace]) -> list[dict[str, Any]]:
    """The customer's version of the book."""
    ids = queries.list_history_ids(workspaces)
    return [describe_for_customer(line) for line in list_customer_history(ids)[:HISTORY_SIZE]] if ids else []


def _is_colleague_without_role(request: HttpRequest, actor: Actor) -> bool:
    """Somebody at the company's own address, whom nobody gave a role yet."""
    assert isinstance(request.user, User)
    is_colleague = request.user.email.endswith(f"@{settings.BURSAR_MAIL_DOMAIN}")
    return is_colleague and actor.kind is not ActorKind.STAFF
