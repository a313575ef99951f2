"""The bell's list, for colleagues in the panel and for customers on their own pages.

Reading marks are written here and not through the door: they change nothing for anybody else (decision 6).
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bursar.access.actor import Actor
from bursar.access.request import actor_of, customer_of
from bursar.core import clock
from bursar.core.cursors import read_key
from bursar.core.errors import NotFound
from bursar.notifications import queries, store
from bursar.notifications.models import Notification
from bursar.notifications.present import tell
from bursar.ui.navigation import NavEntry, register

PAGE_SIZE = 30

register(
    NavEntry(
        key="notices",
        label="Notices",
        url_name="notifications:staff_notices",
        order=1,
        group="bell",
        icon="bell",
        help="notices-and-mail",
        count=lambda actor: queries.count_unread(actor.id),
    )
)


def _is_staff_page(request: HttpRequest) -> bool:
    return request.path.startswith("/panel/")


def _actor(request: HttpRequest) -> Actor:
    return actor_of(request) if _is_staff_page(request) else customer_of(request)


def _url(request: HttpRequest, name: str, *args: str) -> str:
    return reverse(f"notifications:{'staff' if _is_staff_page(request) else 'own'}_{name}", args=args)


@login_required
@require_GET
def show_notices(request: HttpRequest) -> HttpResponse:
    actor, before = _actor(request), read_key(request.GET.get("before", ""))
    found = queries.notices_of(actor.id)
    rows = list((found.filter(id__lt=before) if before else found)[: PAGE_SIZE + 1])
    is_staff = _is_staff_page(request)
    namespace = "actions" if is_staff else "own_actions"
    context = {
        "frame": "ui/panel.html" if is_staff else "ui/customer.html",
        "recipient_id": actor.id,
        "items": [_item(request, row, is_staff) for row in rows[:PAGE_SIZE]],
        "unread": queries.count_unread(actor.id),
        "before": before or "",
        "older": rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else None,
        "read_url": _url(request, "read"),
        "choose_url": reverse("actions:dialog", args=["inbox", actor.id, "set_mail"], current_app=namespace),
    }
    return render(request, "notifications/notices.html", context)


def _item(request: HttpRequest, row: Notification, is_staff: bool) -> dict[str, Any]:
    return {"row": row, "told": tell(row.line, is_staff), "open_url": _url(request, "open", row.public_id)}


@login_required
@require_GET
def show_bell(request: HttpRequest) -> HttpResponse:
    """The customer's bell, fetched once the page is there; the panel's comes with the bar's counts."""
    context = {
        "url": reverse("notifications:own_notices"),
        "fetch_url": request.path,
        "count": queries.count_unread(customer_of(request).id),
    }
    return render(request, "ui/_bell.html", context)


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Marks one notice as read, or with no id all of them."""
    actor = _actor(request)
    store.mark_read(actor.id, clock.now(), request.POST.get("notice", "")[:24])
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Trigger"] = json.dumps({"changed": {"ids": [actor.id]}})
        return response
    before = read_key(request.POST.get("before", ""))
    return HttpResponseRedirect(_url(request, "notices") + (f"?before={before}" if before else ""))


@login_required
@require_POST
def open_notice(request: HttpRequest, notice_id: str) -> HttpResponse:
    """Marks it as read and leads to the thing."""
    actor = _actor(request)
    row = queries.notices_of(actor.id).filter(public_id=notice_id).first()
    if row is None:
        raise NotFound
    store.mark_read(actor.id, clock.now(), notice_id)
    return HttpResponseRedirect(tell(row.line, _is_staff_page(request)).path)
