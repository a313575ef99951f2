"""A colleague in a support session looks at the customer's page of that workspace, as its admin sees it.

Behind the panel's gate, so that the second factor is asked for. Nothing can be done here: what the customer decides
stays the customer's, and a colleague's own levers are in the panel, under their own name.
"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.core import clock
from bursar.core.errors import Forbidden
from bursar.core.reading import consistent_read
from bursar.dashboard.pages import list_of_workspace
from bursar.rollup.refresh import refresh
from bursar.staff.models import StaffMember
from bursar.support.models import SupportSession
from bursar.support.queries import get_entry
from bursar.tenants import scope
from bursar.tenants.models import Workspace
from bursar.tenants.queries import get_workspace


@require_GET
def show_workspace(request: HttpRequest, workspace_id: str) -> HttpResponse:
    """Whether they may is asked each time: once the session is over, the next request is refused."""
    now, actor = clock.now(), actor_of(request)
    workspace = get_workspace(actor, workspace_id)
    visit = _visit_of(workspace, actor.staff_id, now)
    refresh(now)
    with consistent_read():
        mine = scope.of_visitor(actor, workspace, now)
        context = list_of_workspace(request, mine, workspace)
    # What leads to a customer's other pages, or to a dialog, is not the visitor's.
    context |= {"visit": visit, "account": None, "ask_url": "", "role": "as its admin sees it"}
    return render(request, "dashboard/workspace.html", context)


def _visit_of(workspace: Workspace, staff_id: int | None, now: datetime) -> SupportSession:
    staff = StaffMember.objects.select_related("user").filter(pk=staff_id or 0).first()
    entry = get_entry(workspace, staff, now)
    if entry.session is None:
        raise Forbidden(f"You are not in {workspace.name}. {entry.why}")
    return entry.session
