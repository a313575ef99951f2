"""The at-risk lists, for programs. Amounts and hours are text with two decimals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from bursar.access.request import actor_of
from bursar.attention import csv, filters, queries
from bursar.attention.queries import ACCOUNTS, WORKSPACES, Lists
from bursar.core import clock
from bursar.core.reading import consistent_read
from bursar.rollup.refresh import refresh
from bursar.ui.lists import PAGE_SIZE

router = Router(tags=["attention"])


class AtRiskOut(Schema):
    as_of: datetime
    page_size: int
    workspaces_total: int
    accounts_total: int
    page: int
    accounts_page: int
    workspaces: list[dict[str, str]]
    accounts: list[dict[str, str]]


@router.get("/at-risk", operation_id="at_risk_get", summary="Who needs a human", response=AtRiskOut)
def get_at_risk(request: HttpRequest) -> dict[str, Any]:
    """The page's parameters (tab, q, reason, owner, manager, tier, page, accounts_page) and its rows, in its order."""
    now, actor = clock.now(), actor_of(request)
    ask = filters.read(request.GET)
    refresh(now)
    with consistent_read():
        lists = Lists(ask, now, actor.staff_id)
        counts = {kind.slug: lists.count(kind) for kind in (WORKSPACES, ACCOUNTS)}
        pairs = [(WORKSPACES, row) for row in lists.list_page(WORKSPACES, counts["workspace"], ask.page)]
        pairs += [(ACCOUNTS, row) for row in lists.list_page(ACCOUNTS, counts["account"], ask.accounts_page)]
        lines = queries.list_lines(lists, pairs, now)
    rows = [csv.cells(line) for line in lines]
    return {
        "as_of": now,
        "page_size": PAGE_SIZE,
        "workspaces_total": counts["workspace"].of(ask.tab),
        "accounts_total": counts["account"].of(ask.tab),
        "page": ask.page,
        "accounts_page": ask.accounts_page,
        "workspaces": [row for row in rows if row["list"] == "workspace"],
        "accounts": [row for row in rows if row["list"] == "account"],
    }
