"""What left the house, what waits, and what did not arrive."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor
from bursar.access.request import actor_of
from bursar.core.cursors import read_key
from bursar.core.errors import BadRequest
from bursar.notifications import queries
from bursar.notifications.deliveries import describe_rows, say_kind
from bursar.ui.navigation import NavEntry, register

PAGE_SIZE = 50

register(
    NavEntry(
        key="deliveries",
        label="Deliveries",
        url_name="notifications:deliveries",
        order=80,
        group="house",
        icon="send",
        help="notices-and-mail",
        count=queries.count_failed,
        holds=("notifications:delivery",),
    )
)


@require_GET
def show_deliveries(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    counts = queries.count_deliveries(actor)
    tab, kind = request.GET.get("state") or _first_tab(counts), request.GET.get("kind", "")[:20]
    if tab not in queries.TABS:
        raise BadRequest("A delivery is failed, waiting, done or dropped.")
    rows = queries.deliveries_for(actor).filter(state__in=queries.TABS[tab]).order_by("-id")
    if kind:
        rows = rows.filter(kind=kind)
    if before := read_key(request.GET.get("before", "")):
        rows = rows.filter(id__lt=before)
    found = list(rows[: PAGE_SIZE + 1])
    here = {"state": tab, **({"kind": kind} if kind else {})}
    context = {
        "deliveries": [
            {"it": it, "menu_url": reverse("actions:menu", args=["delivery", it.id])}
            for it in describe_rows(found[:PAGE_SIZE])
        ],
        "tab": tab,
        "kind": kind,
        "kinds": sorted({kind: say_kind(kind) for _, kind in counts}.items(), key=lambda pair: pair[1]),
        "tabs": _tabs(counts, tab, kind),
        "older_url": f"?{urlencode({**here, 'before': found[PAGE_SIZE - 1].pk})}" if len(found) > PAGE_SIZE else "",
        "bulk_url": reverse("actions:bulk", args=["delivery", "retry"]),
    }
    return render(request, "notifications/deliveries.html", context)


def _first_tab(counts: dict[tuple[str, str], int]) -> str:
    """What failed comes first; while nothing did, what waits; else what is done."""
    states = {state for state, _ in counts}
    return next((tab for tab, members in queries.TABS.items() if states.intersection(members)), "done")


def _tabs(counts: dict[tuple[str, str], int], here: str, kind: str) -> list[dict[str, Any]]:
    sums: Counter[str] = Counter()
    for (state, of_kind), count in counts.items():
        if not kind or kind == of_kind:
            sums[state] += count
    return [
        {
            "label": tab.capitalize(),
            "url": f"?{urlencode({'state': tab, **({'kind': kind} if kind else {})})}",
            "count": sum(sums[state] for state in members),
            "is_here": tab == here,
        }
        for tab, members in queries.TABS.items()
    ]


@require_GET
def show_delivery(request: HttpRequest, delivery_id: str) -> HttpResponse:
    actor: Actor = actor_of(request)
    row = queries.get_delivery(actor, delivery_id)
    context = {
        "it": describe_rows([row])[0],
        "tries": row.tries.order_by("-id")[:100],
        "menu_url": reverse("actions:menu", args=["delivery", row.public_id]),
        "retry_url": reverse("actions:dialog", args=["delivery", row.public_id, "retry"]),
        "drop_url": reverse("actions:dialog", args=["delivery", row.public_id, "drop"]),
        "line_id": row.payload.get("line", ""),
    }
    return render(request, "notifications/delivery.html", context)
