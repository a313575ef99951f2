"""What the rollup's pages read, for programs. Amounts are text with two decimals: no float touches money."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Router

from bursar.access.request import actor_of
from bursar.core import clock, cursors
from bursar.core.api import LIMIT
from bursar.core.calendar import Month
from bursar.core.errors import BadRequest, NotFound
from bursar.core.hours import plain_hours
from bursar.core.money import plain
from bursar.core.reading import consistent_read
from bursar.rollup import csv, filters, movements, rules, views
from bursar.rollup.filters import View
from bursar.rollup.models import AccountMonth
from bursar.rollup.movements import LABELS, Figure, MonthMovements
from bursar.rollup.queries.lines import AccountLine, list_lines, list_page
from bursar.rollup.queries.listed import ORDER, filtered, ordered, with_names
from bursar.rollup.queries.months import rule_version_of
from bursar.rollup.queries.totals import Totals, calc_totals
from bursar.rollup.refresh import refresh
from bursar.rollup.schemas import FILTERS, PAGED, AccountsOut, MovedOut, MovementsOut, RollupOut, ViewOut

router = Router(tags=["rollup"])


@router.get(
    "/rollup",
    operation_id="rollup_get",
    summary="Usage & billing of a month",
    response=RollupOut,
    by_alias=True,
    openapi_extra=PAGED,
)
def get_rollup(request: HttpRequest) -> dict[str, Any]:
    """The page's parameters (month, q, class, tier, status, manager, partner, sort, page), its totals and its rows."""
    now = clock.now()
    view = filters.read(request.GET, now)
    refresh(now)
    with consistent_read():
        totals = calc_totals(view)
        lines = list_page(view, now)
        rule_version = rule_version_of(view.month)
    return {
        "month": str(view.month),
        "as_of": view.as_of(now),
        "rule_version": rule_version,
        "totals": _totals(totals),
        "page": view.page,
        "accounts": [csv.account_cells(line, view) for line in lines],
    }


def _totals(totals: Totals) -> dict[str, Any]:
    return {
        "accounts": totals.accounts,
        "workspaces": totals.workspaces,
        "seats": totals.seats,
        "recorded_hours": plain_hours(totals.recorded_seconds),
        "mrr_eur": plain(totals.mrr),
        "past_due_mrr_eur": plain(totals.past_due_mrr),
        "potential_eur": plain(totals.potential),
        "forecast_eur": plain(totals.forecast),
        "classes": {row["key"]: {"accounts": row["count"], "mrr_eur": plain(row["mrr"])} for row in totals.classes},
    }


@router.get(
    "/accounts",
    operation_id="accounts_list",
    summary="Accounts of a month",
    response=AccountsOut,
    by_alias=True,
    openapi_extra=FILTERS,
)
def list_accounts(request: HttpRequest, cursor: str = "", limit: int = LIMIT) -> dict[str, Any]:
    """The rollup's filters and sorts, all rows by cursor; each account with its workspaces."""
    now = clock.now()
    view = filters.read(request.GET, now)
    if view.sort.removeprefix("-") == "payment":
        raise BadRequest("By cursor, accounts cannot be sorted by payment; the page can.")
    refresh(now)
    with consistent_read():
        rows = with_names(ordered(view, filtered(view)))
        facts = list(_after(rows, view, cursor)[: limit + 1])
        lines = list_lines(facts[:limit], view, now, None)
    return {
        "month": str(view.month),
        "accounts": [{**csv.account_cells(line, view), "workspaces_list": _workspaces(line, view)} for line in lines],
        "next_cursor": _cursor_of(facts[limit - 1], view) if len(facts) > limit else "",
    }


def _workspaces(line: AccountLine, view: View) -> list[dict[str, str]]:
    rows = csv.workspace_rows(line, view) if line.workspaces else []
    return [{name: row[name] for name in csv.WORKSPACE_COLUMNS} for row in rows]


def _cursor_of(fact: AccountMonth, view: View) -> str:
    value: Any = fact
    for part in ORDER[view.sort.removeprefix("-")].split("__"):
        value = getattr(value, part) if value is not None else None
    return cursors.encode([value, fact.account_id])


def _after(rows: QuerySet[AccountMonth], view: View, cursor: str) -> QuerySet[AccountMonth]:
    """What follows the cursor in the view's total order (nulls last, then the account's key)."""
    if not cursor:
        return rows
    value, pk = cursors.decode(cursor, 2)
    column = ORDER[view.sort.removeprefix("-")]
    if type(pk) is not int:
        raise BadRequest(cursors.BROKEN)
    behind = Q(account_id__gt=pk)
    if value is None:
        return rows.filter(behind, **{f"{column}__isnull": True})
    step = "lt" if view.sort.startswith("-") else "gt"
    known = _as_stored(column, value)
    further = Q(**{f"{column}__{step}": known}) | Q(**{f"{column}__isnull": True})
    return rows.filter(further | (Q(**{column: known}) & behind))


def _as_stored(column: str, value: Any) -> Any:
    """The cursor's value as the column has it: a number for figures, text for names."""
    if column in ("account__sort_key", "klass", "status", "manager__user__name"):
        return str(value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise BadRequest(cursors.BROKEN) from None
    if not number.is_finite() or abs(number) > 10**15:
        raise BadRequest(cursors.BROKEN)
    return number


@router.get("/movements", operation_id="movements_list", summary="MRR movements of 13 months", response=MovementsOut)
def list_movements(request: HttpRequest) -> dict[str, Any]:
    """Start + movements = end in every month; the first month with data is all start.

    `rule_changed`: what another version of the rules alone made of the start, in the month in which it changed.
    """
    now = clock.now()
    refresh(now)
    with consistent_read():
        made = movements.calc_movements(Month.of(now))
    return {"rule_version": rules.RULE_VERSION, "months": [_month(one) for one in made]}


def _month(one: MonthMovements) -> dict[str, Any]:
    return {
        "month": str(one.month),
        "is_first": one.is_first,
        "start_eur": plain(one.start),
        "end_eur": plain(one.end),
        **{kind: _figure(made) for kind, made in one.kinds.items()},
        "classes": {klass: _figure(made) for klass, made in one.classes.items()},
    }


def _figure(made: Figure) -> dict[str, Any]:
    return {"eur": plain(made.amount), "accounts": made.accounts}


@router.get(
    "/movements/{month}/{kind}",
    operation_id="movements_get",
    summary="The accounts behind a movement",
    response=MovedOut,
    by_alias=True,
)
def list_moved(request: HttpRequest, month: str, kind: str, cursor: str = "", limit: int = LIMIT) -> dict[str, Any]:
    """By account key, all rows by cursor. `kind`: one of the movements, or net for all."""
    now = clock.now()
    view = filters.read({"month": month}, now)
    if kind not in LABELS:
        raise NotFound(f"There is no movement “{kind[:40]}”.")
    refresh(now)
    with consistent_read():
        found = movements.list_moved(view.month, kind).order_by("account_id")
        if cursor:
            found = found.filter(account_id__gt=cursors.decode_key(cursor))
        rows = list(found[: limit + 1])
        handed_off = movements.list_handed_off(rows, view.month)
    return {
        "accounts": [_moved(row, row.account_id in handed_off) for row in rows[:limit]],
        "next_cursor": cursors.encode([rows[limit - 1].account_id]) if len(rows) > limit else "",
    }


def _moved(row: Any, is_moved: bool) -> dict[str, Any]:
    change: Decimal = row.change
    return {
        "account_id": row.account.public_id,
        "account": str(row.account),
        "before_eur": plain(row.before),
        "after_eur": plain(row.after),
        "change_eur": plain(change),
        "class": row.klass,
        "moved": is_moved,
    }


@router.get("/views", operation_id="views_list", summary="Saved views, own and shared", response=list[ViewOut])
def list_views(request: HttpRequest) -> list[ViewOut]:
    return [
        ViewOut(
            id=view.public_id,
            page=view.page,
            name=view.name,
            owner=str(view.owner),
            is_shared=view.is_shared,
            query=view.query,
        )
        for view in views.views_for(actor_of(request))
    ]
