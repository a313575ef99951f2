"""Reminders: what may be asked for today, what is left out and why, and what did not reach anybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.actions.registry import ACTIONS
from bursar.billing.invoice_tabs import head
from bursar.billing.models import Handover, Invoice
from bursar.billing.obstacles import list_obstacles
from bursar.billing.queries import documents
from bursar.billing.queries import sending as queries
from bursar.billing.rules.reminders import Reminded, why_not_remind
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.errors import BadRequest
from bursar.core.reading import consistent_read
from bursar.ui import lists
from bursar.ui.navigation import NavEntry, register

TABS = {
    "due": "To remind",
    "left": "Left out",
    "undelivered": "Not delivered",
    "to_hand_in": "To hand in",
}
VERBS = {
    "due": ("remind", "hold"),
    "left": ("hold", "release"),
    "undelivered": ("send_again",),
    "to_hand_in": ("note_handover",),
}

register(
    NavEntry(
        key="undelivered",
        label="Not delivered",
        url_name="reminders:undelivered",
        order=45,
        group="money",
        icon="mail-exclamation",
        help="sending-and-reminding",
        count=lambda actor: queries.count_undelivered(),
    )
)


class Found(NamedTuple):
    """Keys under each heading, in their order. `held`: sentences by key."""

    keys: dict[str, list[int]]
    held: dict[int, str]


def _look(now: datetime) -> Found:
    """In five statements, and one an obstacle."""
    overdue = list(queries.list_overdue(now).values_list("pk", flat=True))
    due = set(queries.list_due(now).values_list("pk", flat=True))
    held = list_obstacles(overdue, now)
    keys = {
        "due": [pk for pk in overdue if pk in due and pk not in held],
        "left": [pk for pk in overdue if pk not in due or pk in held],
        "undelivered": list(queries.list_undelivered().values_list("pk", flat=True)),
        "to_hand_in": list(queries.list_to_hand_in().values_list("pk", flat=True)),
    }
    return Found(keys, held)


@require_GET
def show_page(request: HttpRequest) -> HttpResponse:
    return _show(request, request.GET.get("show", "due"))


@require_GET
def show_undelivered(request: HttpRequest) -> HttpResponse:
    """What did not reach anybody is counted in the bar; what may be reminded of is everyday work."""
    return _show(request, "undelivered")


def _show(request: HttpRequest, tab: str) -> HttpResponse:
    now = clock.now()
    if tab not in TABS:
        raise BadRequest("Reminders are shown as due, left, undelivered or to_hand_in.")
    page = _read_page(request.GET.get("page", "1"))
    with consistent_read():
        found = _look(now)
        keys = found.keys[tab]
        last = lists.count_pages(len(keys))
        if page > last:
            return HttpResponseRedirect(f"?{lists.query(request.GET, page=last)}")
        rows = _list_rows(keys[(page - 1) * lists.PAGE_SIZE : page * lists.PAGE_SIZE], tab, found, now)
    context = {
        "rows": rows,
        "tab": tab,
        **head("reminders", reminders=len(found.keys["due"])),
        "parts": [
            {"label": label, "count": len(found.keys[key]), "here": key == tab, "url": _url(key)}
            for key, label in TABS.items()
        ],
        "by_itself": settings.BURSAR_REMINDERS,
        "levels": settings.BURSAR_REMINDER_DAYS,
        "pager": lists.pager(page, len(keys), request.GET),
        "tools": [
            {"label": ACTIONS[f"billing.invoice.{verb}"].label, "url": reverse("actions:bulk", args=["invoice", verb])}
            for verb in VERBS[tab]
        ],
    }
    return render(request, "billing/reminders.html", context)


def _url(tab: str) -> str:
    return reverse("reminders:undelivered") if tab == "undelivered" else f"{reverse('reminders:page')}?show={tab}"


def _read_page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:7]) > 0 and len(text) < 7):
        raise BadRequest("A page is a number from 1 on.")
    return int(text)


def _list_rows(keys: Sequence[int], tab: str, found: Found, now: datetime) -> list[dict[str, Any]]:
    """In three statements."""
    describe = _DESCRIBED[tab]
    rows = {row.pk: row for row in documents.list_by_key(keys)}
    more = _Facts(
        queries.list_reminded(keys) if tab in ("due", "left") else {},
        queries.list_sent(keys) if tab == "undelivered" else {},
        queries.list_handovers(keys) if tab in ("undelivered", "to_hand_in") else {},
        found.held,
        seller_day(now),
    )
    return [_row(rows[pk], describe(rows[pk], more), more) for pk in keys]


class _Facts(NamedTuple):
    reminded: dict[int, Reminded]
    sent: dict[int, list[queries.Sent]]
    handovers: dict[int, Handover]
    held: dict[int, str]
    today: date


def _say_next(row: Invoice, facts: _Facts) -> str:
    level = facts.reminded.get(row.pk, Reminded()).level + 1
    return f"Level {level} of {len(settings.BURSAR_REMINDER_DAYS)}"


def _say_why(row: Invoice, facts: _Facts) -> str:
    asked = queries.ask_of(row, facts.reminded.get(row.pk, Reminded()))
    return facts.held.get(row.pk) or why_not_remind(asked, settings.BURSAR_REMINDER_DAYS, facts.today) or ""


def _say_fault(row: Invoice, facts: _Facts) -> str:
    if row.pdf_id is None:
        return "Its files could not be made. “Deliveries” says why; send it again there."
    handover = facts.handovers.get(row.pk)
    said = [f"The network refused it: {handover.why}"] if handover and handover.why else []
    newest = facts.sent.get(row.pk, [])
    said += [f"{one.sending.email}: {one.failed}" for one in newest if one.failed]
    return " · ".join(said)


def _say_since(row: Invoice, facts: _Facts) -> str:
    return "Nobody said yet that it was handed in."


_DESCRIBED: dict[str, Callable[[Invoice, _Facts], str]] = {
    "due": _say_next, "left": _say_why, "undelivered": _say_fault, "to_hand_in": _say_since,
}  # fmt: skip


def _row(row: Invoice, words: str, facts: _Facts) -> dict[str, Any]:
    reminded = facts.reminded.get(row.pk, Reminded())
    return {
        "row": row,
        "words": words,
        "days": (facts.today - row.due_on).days if row.due_on else None,
        "asked_on": reminded.on,
        "url": reverse("panel:invoice", args=[row.public_id]),
        "menu_url": reverse("actions:menu", args=["invoice", row.public_id]),
    }
