"""The panel's own pages: one account, one workspace, one organisation, from every side."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.access.rights import Right
from bursar.audit.pages import describe
from bursar.audit.queries import list_notes
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.panel import queries
from bursar.rollup import filters, present, words
from bursar.rollup import queries as rollup
from bursar.rollup.models import AccountMonth
from bursar.rollup.refresh import refresh
from bursar.tenants.models import BillingAccount, Organisation
from bursar.tenants.queries import accounts_for, get_account, get_organisation, get_person, get_workspace
from bursar.ui import navigation
from bursar.ui.navigation import NavEntry, Side, register
from bursar.usage.queries import get_recorded, get_standing

NOTES_SHOWN = 20
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


def _side(kind: str, thing: Any) -> dict[str, Any]:
    """What every 360° page has: kebab, notes, timeline."""
    return {
        "thing": thing,
        "kind": kind,
        "menu_url": reverse("actions:menu", args=[kind, thing.public_id]),
        "note_url": reverse("actions:dialog", args=[kind, thing.public_id, "add_note"]),
        "timeline_url": reverse("audit:timeline", args=[thing.public_id]),
        "notes": [describe(line) for line in list_notes(thing.public_id)[:NOTES_SHOWN]],
    }


def _people(request: HttpRequest, condition: Q, now: datetime) -> dict[str, Any]:
    page = filters.read({"page": request.GET.get("people", "")}, now).page
    people, count = queries.list_people(condition, now, page)
    last = -(-count // queries.PEOPLE_SHOWN)
    return {"people": people, "people_count": count, "people_page": page, "people_more": page < last}


def _invited(request: HttpRequest, condition: Q, now: datetime) -> dict[str, Any]:
    page = filters.read({"page": request.GET.get("invited", "")}, now).page
    invited, count = queries.list_invited(condition, now, page)
    last = -(-count // queries.PEOPLE_SHOWN)
    return {"invited": invited, "invited_count": count, "invited_page": page, "invited_more": page < last}


def _workspaces(request: HttpRequest, organisation: Organisation, now: datetime) -> dict[str, Any]:
    page = filters.read({"page": request.GET.get("workspaces", "")}, now).page
    found, count = queries.list_workspaces(organisation, page), queries.count_workspaces(organisation)
    more = page * queries.PEOPLE_SHOWN < count
    return {"workspaces": found, "workspaces_count": count, "workspaces_page": page, "workspaces_more": more}


@require_GET
def show_counts(request: HttpRequest) -> HttpResponse:
    """The numbers of the bar, fetched once the page is there: no page waits for what it does not show."""
    entries = navigation.build(Side.PANEL, "", actor_of(request), counted=True)
    return render(request, "ui/_counts.html", {"entries": entries})


@require_GET
def show_account(request: HttpRequest, account_id: str) -> HttpResponse:
    now = clock.now()
    account = get_account(actor_of(request), account_id)
    refresh(now)
    with rollup.consistent_read():
        months = queries.list_account_months(account)
        context = {
            **_side("account", account),
            **_rows(request, [account], now, WORKSPACES_SHOWN),
            "fact": months[0] if months else None,
            "months": [_account_month(row) for row in reversed(months)],
            "price": rollup.get_breakdown(account, now),
            "terms": queries.list_account_terms(account),
            "terms_shown": queries.TERMS_SHOWN,
            "now": now,
            **_people(request, Q(workspace__account=account), now),
            **_invited(request, Q(workspace__account=account), now),
        }
    return render(request, "panel/account.html", context)


def _rows(request: HttpRequest, accounts: list[BillingAccount], now: datetime, nested: int) -> dict[str, Any]:
    """The accounts as the rollup shows them this month."""
    view = filters.read({}, now)
    facts = AccountMonth.objects.filter(account__in=accounts, month=view.month.first)
    lines = rollup.list_lines(list(rollup.with_names(facts)), view, now, nested)
    return {
        "rows": [present.account_row(line, view, request.GET) for line in lines],
        "view": view,
        "headers": present.headers(view, request.GET),
    }


def _account_month(row: AccountMonth) -> dict[str, Any]:
    month = Month.of(row.month)
    return {
        "row": row,
        "label": month.label,
        "short": f"{month.first:%b %y}",
        "url": f"{reverse('rollup:page')}?month={month}",
        "why": words.explain(row.reason),
        "change": row.mrr - row.previous_mrr if row.movement else None,
    }


@require_GET
def show_workspace(request: HttpRequest, workspace_id: str) -> HttpResponse:
    now = clock.now()
    workspace = get_workspace(actor_of(request), workspace_id)
    refresh(now)
    with rollup.consistent_read():
        months = queries.list_workspace_months(workspace)
        standing = get_standing(workspace, now)
        context = {
            **_side("workspace", workspace),
            "standing": standing,
            "shares": get_recorded(workspace, standing, now).to_staff(),
            "person_url": "panel:person",
            "fact": months[0] if months and Month.of(months[0].month) == Month.of(now) else None,
            "months": [_workspace_month(row) for row in reversed(months)],
            "terms": queries.list_workspace_terms(workspace),
            "terms_shown": queries.TERMS_SHOWN,
            "now": now,
            **_people(request, Q(workspace=workspace), now),
            **_invited(request, Q(workspace=workspace), now),
        }
    return render(request, "panel/workspace.html", context)


def _workspace_month(row: Any) -> dict[str, Any]:
    month = Month.of(row.month)
    return {
        "row": row,
        "label": month.label,
        "short": f"{month.first:%b %y}",
        "url": f"{reverse('rollup:page')}?month={month}",
    }


@require_GET
def show_organisation(request: HttpRequest, organisation_id: str) -> HttpResponse:
    now, actor = clock.now(), actor_of(request)
    organisation = get_organisation(actor, organisation_id)
    refresh(now)
    with rollup.consistent_read():
        accounts = list(accounts_for(actor).filter(organisation=organisation).order_by("sort_key")[:WORKSPACES_SHOWN])
        context = {
            **_side("organisation", organisation),
            **_rows(request, accounts, now, rollup.NESTED),
            **_workspaces(request, organisation, now),
            "members": queries.list_organisation_members(organisation, now),
            "now": now,
            **_invited(request, Q(workspace__organisation=organisation), now),
        }
    return render(request, "panel/organisation.html", context)


@require_GET
def show_person(request: HttpRequest, person_id: str) -> HttpResponse:
    now = clock.now()
    person = get_person(actor_of(request), person_id)
    context = {
        **_side("person", person),
        "note_url": "",
        "memberships": queries.list_memberships(person),
        "logins": queries.count_logins(person, now),
        "last_login": person.logins.order_by("-day").first(),
        "now": now,
    }
    return render(request, "panel/person.html", context)
