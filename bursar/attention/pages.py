"""“At-risk”: who needs a human, the most urgent first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bursar.access.actor import Actor
from bursar.access.request import actor_of
from bursar.actions.registry import TARGETS
from bursar.actions.run import run
from bursar.attention import filters, present, queries
from bursar.attention.filters import Ask
from bursar.attention.queries import ACCOUNTS, WORKSPACES, Counts, Kind, Lists
from bursar.attention.reasons import REASONS
from bursar.core import clock
from bursar.core.errors import NotFound
from bursar.core.reading import consistent_read
from bursar.rollup.refresh import refresh
from bursar.staff.queries import list_managers
from bursar.tenants.queries import has_accounts
from bursar.ui.lists import PAGE_SIZE, query
from bursar.ui.navigation import NavEntry, register


def _count(actor: Actor) -> int:
    return queries.count_open(actor, clock.now())


register(
    NavEntry(
        key="at-risk",
        label="At-risk",
        url_name="attention:page",
        order=20,
        group="customers",
        icon="heartbeat",
        count=_count,
        help="at-risk",
    )
)


def _look(request: HttpRequest) -> tuple[Ask, Actor, datetime]:
    now = clock.now()
    ask = filters.read(request.GET)
    refresh(now)
    return ask, actor_of(request), now


@require_GET
def show_page(request: HttpRequest) -> HttpResponse:
    ask, actor, now = _look(request)
    with consistent_read():
        lists = Lists(ask, now, actor.staff_id)
        counts = {kind.slug: lists.count(kind) for kind in (WORKSPACES, ACCOUNTS)}
        beyond = _beyond(ask, counts)
        if beyond:
            return HttpResponseRedirect(f"?{query(request.GET, **beyond)}")
        found = {
            WORKSPACES.slug: lists.list_page(WORKSPACES, counts["workspace"], ask.page),
            ACCOUNTS.slug: lists.list_page(ACCOUNTS, counts["account"], ask.accounts_page),
        }
        pairs = [(kind, row) for kind in (WORKSPACES, ACCOUNTS) for row in found[kind.slug]]
        lines = queries.list_lines(lists, pairs, now)
        people = list_managers()
    rows = [present.row(line, actor, now) for line in lines]
    context = {
        "ask": ask,
        "is_new": not pairs and not has_accounts(),
        "now": now,
        "tabs": present.tabs(ask, counts["workspace"], counts["account"], request.GET),
        "tabs_url": f"{reverse('attention:tabs')}?{query(request.GET)}",
        "filters": present.filter_menus(ask, request.GET, people, actor),
        "query": query(request.GET, page=None, accounts_page=None),
        "clear_url": f"?tab={ask.tab}" if ask.tab else "?",
        "lists": [
            _list(request, ask, WORKSPACES, counts, rows, ask.page),
            _list(request, ask, ACCOUNTS, counts, rows, ask.accounts_page),
        ],
    }
    return render(request, "attention/page.html", context)


def _beyond(ask: Ask, counts: dict[str, Counts]) -> dict[str, int]:
    """Pages behind the last one, brought back to it."""
    asked = {"page": ("workspace", ask.page), "accounts_page": ("account", ask.accounts_page)}
    last = {name: max(1, -(-counts[slug].of(ask.tab) // PAGE_SIZE)) for name, (slug, _) in asked.items()}
    return {name: last[name] for name, (_, page) in asked.items() if page > last[name]}


def _list(
    request: HttpRequest, ask: Ask, kind: Kind, counts: dict[str, Counts], rows: list[dict[str, Any]], page: int
) -> dict[str, Any]:
    own = counts[kind.slug]
    return {
        "slug": kind.slug,
        "row_url": present.row_pattern(kind),
        "log_url": present.log_pattern(kind),
        "title": "Workspaces" if kind is WORKSPACES else "Accounts",
        "rows": [row for row in rows if row["slug"] == kind.slug],
        "links": present.reason_links(kind, own, ask, request.GET),
        "pager": present.pager(kind, page, own.of(ask.tab), request.GET),
        "bulk_tools": present.bulk_tools(kind.slug),
    }


@require_GET
def show_tabs(request: HttpRequest) -> HttpResponse:
    """The tabs with their counts afresh."""
    ask, actor, now = _look(request)
    with consistent_read():
        lists = Lists(ask, now, actor.staff_id)
        made = present.tabs(ask, lists.count(WORKSPACES), lists.count(ACCOUNTS), request.GET)
    page = reverse("attention:page")
    context = {
        "tabs": [{**tab, "url": page + tab["url"]} for tab in made],
        "tabs_url": f"{reverse('attention:tabs')}?{query(request.GET)}",
    }
    return render(request, "attention/_tabs.html", context)


@require_GET
def show_row(request: HttpRequest, slug: str, target_id: str) -> HttpResponse:
    """One row afresh: as it stands, resting, or settled."""
    if slug not in ("workspace", "account"):
        raise NotFound
    now, actor = clock.now(), actor_of(request)
    target = TARGETS[slug].fetch(actor, target_id)
    refresh(now)
    with consistent_read():
        line = queries.get_line(actor, target, now)
    if line is None:
        return render(request, "attention/_settled.html", {"target": target, "slug": slug})
    return render(request, "attention/_row.html", {"row": present.row(line, actor, now), "now": now})


@require_GET
def show_templates(request: HttpRequest) -> HttpResponse:
    templates = [
        {
            "template": template,
            "reason": REASONS[template.reason],
            "placeholders": [f"{{{name}}}" for name in REASONS[template.reason].fills],
            "edit_url": reverse("actions:dialog", args=["template", template.public_id, "edit"]),
            "history_url": f"{reverse('panel:book')}?q={template.public_id}",
        }
        for template in queries.list_templates()
    ]
    return render(request, "attention/templates.html", {"templates": templates})


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("query", "layout")}
    outcome = run("attention.company.export_at_risk", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])
