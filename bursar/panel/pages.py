"""The panel's own pages: one account, one workspace, one organisation, from every side."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.access.rights import Right
from bursar.billing.queries.documents import get_invoice
from bursar.core import clock, counted
from bursar.core.calendar import Month
from bursar.core.reading import consistent_read
from bursar.panel import queries, story_pages
from bursar.panel.sections import (
    ACCOUNT_SECTIONS,
    INVOICE_SECTIONS,
    ORGANISATION_SECTIONS,
    PERSON_SECTIONS,
    WORKSPACE_SECTIONS,
)
from bursar.rollup import filters, present
from bursar.rollup.models import AccountMonth
from bursar.rollup.queries.lines import NESTED, list_lines
from bursar.rollup.queries.listed import with_names
from bursar.rollup.refresh import refresh
from bursar.rollup.sections import workspace_months
from bursar.tenants.models import BillingAccount, Organisation
from bursar.tenants.queries import accounts_for, get_account, get_organisation, get_person, get_workspace
from bursar.ui import navigation
from bursar.ui.navigation import NavEntry, Side, register
from bursar.ui.sections import Look, load
from bursar.usage.sections import standing_of

WORKSPACES_SHOWN = 50


register(
    NavEntry(
        key="panel",
        label="Staff panel",
        url_name="panel:home",
        order=0,
        group="aside",
        side=Side.DASHBOARD,
        right=Right.READ,
    )
)


def _side(slug: str, look: Look, request: HttpRequest) -> dict[str, Any]:
    """What every 360° page has: kebab, notes, story. When the page fetches itself, the story does so by itself."""
    args = [slug, look.target.public_id]
    is_fetched = request.headers.get("HX-Target") == "whole"
    return {
        "thing": look.target,
        "kind": slug,
        "menu_url": reverse("actions:menu", args=args),
        "note_url": reverse("actions:dialog", args=[*args, "add_note"]),
        "story": None if is_fetched else story_pages.show(look, slug),
    }


@require_GET
def show_invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    look = _look(request, get_invoice(actor_of(request), invoice_id))
    invoice = look.target
    with consistent_read():
        context = {
            "thing": invoice,
            "menu_url": reverse("actions:menu", args=["invoice", invoice.public_id]),
            "timeline_url": reverse("audit:timeline", args=[invoice.public_id]),
            "sections": load(INVOICE_SECTIONS, look),
            "now": look.now,
        }
    return render(request, "panel/invoice.html", context)


def _look(request: HttpRequest, thing: Any) -> Look:
    return Look(actor_of(request), thing, clock.now(), request.GET)


def _workspaces(request: HttpRequest, organisation: Organisation, now: datetime) -> dict[str, Any]:
    page = filters.read({"page": request.GET.get("workspaces", "")}, now).page
    found, count = queries.list_workspaces(organisation, page), queries.count_workspaces(organisation)
    more = page * queries.PEOPLE_SHOWN < count
    return {"workspaces": found, "workspaces_count": count, "workspaces_page": page, "workspaces_more": more}


@require_GET
def show_keys_help(request: HttpRequest) -> HttpResponse:
    """`of`: the key of the entry one came from; any other text is none."""
    shown = navigation.ENTRIES.get(request.GET.get("of", ""))
    is_dialog = "HX-Request" in request.headers
    template = "panel/_keys_help.html" if is_dialog else "panel/keys_help.html"
    return render(request, template, {"shown": shown, "is_dialog": is_dialog})


@require_GET
def show_counts(request: HttpRequest) -> HttpResponse:
    """The sidebar's numbers, counted now and kept for the next pages: no page waits for what it does not show."""
    actor = actor_of(request)
    counts = navigation.count(actor)
    counted.keep(actor.id, counts, clock.now())
    return render(request, "ui/_counts.html", {"entries": navigation.build(Side.PANEL, "", actor, counts)})


@require_GET
def show_account(request: HttpRequest, account_id: str) -> HttpResponse:
    account = get_account(actor_of(request), account_id)
    look = _look(request, account)
    refresh(look.now)
    with consistent_read():
        context = {
            **_side("account", look, request),
            **_rows(request, [account], look.now, WORKSPACES_SHOWN),
            "sections": load(ACCOUNT_SECTIONS, look),
            "now": look.now,
        }
    return render(request, "panel/account.html", context)


def _rows(request: HttpRequest, accounts: list[BillingAccount], now: datetime, nested: int) -> dict[str, Any]:
    """The accounts as the rollup shows them this month."""
    view = filters.read({}, now)
    facts = AccountMonth.objects.filter(account__in=accounts, month=view.month.first)
    lines = list_lines(list(with_names(facts)), view, now, nested)
    return {
        "rows": [present.account_row(line, view) for line in lines],
        "view": view,
        "headers": present.headers(view, request.GET),
        "row_query": present.row_query(view),
    }


@require_GET
def show_workspace(request: HttpRequest, workspace_id: str) -> HttpResponse:
    workspace = get_workspace(actor_of(request), workspace_id)
    look = _look(request, workspace)
    refresh(look.now)
    with consistent_read():
        sections = load(WORKSPACE_SECTIONS, look)
        months = workspace_months(look)
        context = {
            **_side("workspace", look, request),
            "standing": standing_of(look),
            "fact": months[0] if months and Month.of(months[0].month) == Month.of(look.now) else None,
            "sections": sections,
            "now": look.now,
        }
    return render(request, "panel/workspace.html", context)


@require_GET
def show_organisation(request: HttpRequest, organisation_id: str) -> HttpResponse:
    actor = actor_of(request)
    organisation = get_organisation(actor, organisation_id)
    look = _look(request, organisation)
    now = look.now
    refresh(now)
    with consistent_read():
        accounts = list(accounts_for(actor).filter(organisation=organisation).order_by("sort_key")[:WORKSPACES_SHOWN])
        context = {
            **_side("organisation", look, request),
            **_rows(request, accounts, now, NESTED),
            **_workspaces(request, organisation, now),
            "members": queries.list_organisation_members(organisation, now),
            "sections": load(ORGANISATION_SECTIONS, look),
            "now": now,
        }
    return render(request, "panel/organisation.html", context)


@require_GET
def show_person(request: HttpRequest, person_id: str) -> HttpResponse:
    look = _look(request, get_person(actor_of(request), person_id))
    person, now = look.target, look.now
    context = {
        **_side("person", look, request),
        "note_url": "",
        "memberships": queries.list_memberships(person),
        "logins": queries.count_logins(person, now),
        "last_login": person.logins.order_by("-day").first(),
        "sections": load(PERSON_SECTIONS, look),
        "now": now,
    }
    return render(request, "panel/person.html", context)
