"""What the home view reads, for programs. Amounts are text with two decimals: no float touches money."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from bursar.core import clock
from bursar.core.money import plain
from bursar.rollup import csv, filters, queries, rules
from bursar.rollup.refresh import refresh

router = Router(tags=["rollup"])


@router.get("/rollup", operation_id="rollup_get", summary="Usage & billing of a month", response=dict[str, Any])
def get_rollup(request: HttpRequest) -> dict[str, Any]:
    """The page's parameters (month, q, class, tier, status, manager, partner, sort, page), its totals and its rows."""
    now = clock.now()
    view = filters.read(request.GET, now)
    refresh(now)
    with queries.consistent_read():
        totals = queries.calc_totals(view)
        lines = queries.list_page(view, now)
    return {
        "month": str(view.month),
        "as_of": view.as_of(now).isoformat(),
        "rule_version": rules.RULE_VERSION,
        "totals": _totals(totals),
        "page": view.page,
        "accounts": [csv.account_cells(line, view) for line in lines],
    }


def _totals(totals: queries.Totals) -> dict[str, Any]:
    return {
        "accounts": totals.accounts,
        "workspaces": totals.workspaces,
        "seats": totals.seats,
        "recorded_hours": csv.hours(totals.recorded_seconds),
        "mrr_eur": plain(totals.mrr),
        "past_due_mrr_eur": plain(totals.past_due_mrr),
        "potential_eur": plain(totals.potential),
        "forecast_eur": plain(totals.forecast),
        "classes": {row["key"]: {"accounts": row["count"], "mrr_eur": plain(row["mrr"])} for row in totals.classes},
    }
