"""What the rollup shows on the pages of one account and one workspace."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from bursar.core.calendar import Month
from bursar.rollup import movements, words
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.queries.months import get_breakdown, list_account_months, list_workspace_months
from bursar.ui.sections import Look, Section


def account_months(look: Look) -> list[AccountMonth]:
    """Read once a page."""
    return look.once("account months", lambda: list_account_months(look.target, look.now))  # type: ignore[no-any-return]  # cached


def workspace_months(look: Look) -> list[WorkspaceMonth]:
    return look.once("workspace months", lambda: list_workspace_months(look.target, look.now))  # type: ignore[no-any-return]  # cached


def _price(look: Look) -> dict[str, Any]:
    months = account_months(look)
    price = get_breakdown(look.target, look.now)
    return {
        "price": price,
        "fact": months[0] if months else None,
        "aside": f"per month, without VAT, {price.cadence}" if price else "",
    }


def _account_months(look: Look) -> dict[str, Any]:
    start = movements.first_month()
    months = [_account_month(row, start) for row in reversed(account_months(look))]
    return {"months": months, "has_hours": _has_hours(months)}


def _account_month(row: AccountMonth, start: Month | None) -> dict[str, Any]:
    has_moved = row.movement and Month.of(row.month) != start
    return {
        **_month(row),
        "why": words.explain(row.reason),
        "change": row.mrr - row.previous_mrr - row.rule_change if has_moved else None,
    }


def _workspace_months(look: Look) -> dict[str, Any]:
    months = [_month(row) for row in reversed(workspace_months(look))]
    return {"months": months, "has_hours": _has_hours(months)}


def _has_hours(months: list[dict[str, Any]]) -> bool:
    """Whether there is anything to draw."""
    return any(one["row"].recorded_seconds for one in months)


def _month(row: AccountMonth | WorkspaceMonth) -> dict[str, Any]:
    month = Month.of(row.month)
    return {
        "row": row,
        "label": month.label,
        "short": f"{month.first:%b %y}",
        "url": f"{reverse('rollup:page')}?month={month}",
    }


PRICE = Section("price", "The price, worked out", "rollup/_price.html", _price)
ACCOUNT_MONTHS = Section("months", "Usage by month", "rollup/_account_months.html", _account_months)
WORKSPACE_MONTHS = Section("months", "Usage by month", "rollup/_workspace_months.html", _workspace_months)
