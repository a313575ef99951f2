"""VAT ids that somebody should look at."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.billing import present, queries, vies
from bursar.billing.queries import TABS
from bursar.core import clock
from bursar.core.errors import BadRequest
from bursar.ui.navigation import NavEntry, register

PAGE_SIZE = 50
LABELS = {
    "unknown": "Not confirmed",
    "invalid": "Not valid",
    "old": "Old answer",
    "accepted": "Accepted by hand",
    "all": "All",
}

register(
    NavEntry(
        key="vat-ids",
        label="VAT ids",
        url_name="billing:vat_ids",
        order=60,
        group="money",
        icon="id",
        help="billing-details",
    )
)


@require_GET
def show_vat_ids(request: HttpRequest) -> HttpResponse:
    now, text = clock.now(), request.GET.get("q", "").strip()[:100]
    tab, page = request.GET.get("show", "unknown"), request.GET.get("page", "1")
    if tab not in TABS:
        raise BadRequest("A VAT id is unknown, invalid, old, accepted, or one of all.")
    if not (page.isascii() and page.isdigit() and int(page[:7]) > 0 and len(page) < 7):
        raise BadRequest("A page is a number from 1 on.")
    start = (int(page) - 1) * PAGE_SIZE
    rows = list(queries.list_ids(tab, text, now)[start : start + PAGE_SIZE + 1])
    here = {"show": tab, **({"q": text} if text else {})}
    context = {
        "rows": [_row(row, now) for row in rows[:PAGE_SIZE]],
        "tabs": _tabs(queries.count_ids(now), tab, text),
        "tab": tab,
        "q": text,
        "vies_is_on": vies.is_on(),
        "next_url": f"?{urlencode({**here, 'page': int(page) + 1})}" if len(rows) > PAGE_SIZE else "",
        "previous_url": f"?{urlencode({**here, 'page': int(page) - 1})}" if start else "",
    }
    return render(request, "billing/vat_ids.html", context)


def _row(row: Any, now: Any) -> dict[str, Any]:
    return {**present.describe(row, now), "menu_url": reverse("actions:menu", args=["account", row.account.public_id])}


def _tabs(counts: dict[str, int], here: str, text: str) -> list[dict[str, Any]]:
    """Counts are of all, whatever is searched for."""
    more = {"q": text} if text else {}
    return [
        {
            "label": LABELS[tab],
            "url": f"?{urlencode({'show': tab, **more})}",
            "count": counts[f"of_{tab}"],
            "is_here": tab == here,
        }
        for tab in TABS
    ]
