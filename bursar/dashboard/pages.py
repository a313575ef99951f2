"""The customer's own pages. Everybody wears the customer's hat here; staff see one entry more in the same bar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.access.request import customer_of, whom_to_ask
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import BadRequest, NotFound, Unavailable
from bursar.core.reading import consistent_read
from bursar.dashboard import present
from bursar.dashboard.queries import accounts, history, workspaces
from bursar.dashboard.sections import ACCOUNT_SECTIONS, BELOW_PRICE, HOME_SECTIONS, LATELY_SHOWN, WORKSPACE_SECTIONS
from bursar.rollup.refresh import refresh
from bursar.tenants import scope
from bursar.tenants.models import Workspace
from bursar.ui.navigation import NavEntry, Side, register
from bursar.ui.sections import Look, load

register(
    NavEntry(
        key="dashboard",
        label="Customer's dashboard",
        url_name="dashboard:home",
        order=100,
        group="customers",
        icon="device-desktop",
        help="customers-pages",
    )
)
register(
    NavEntry(
        key="own-plan",
        label="Plan and usage",
        url_name="dashboard:home",
        order=10,
        side=Side.DASHBOARD,
        holds=("dashboard:workspace", "dashboard:account", "dashboard:partner"),
    )
)
register(
    NavEntry(key="own-history", label="History", url_name="dashboard:history", order=30, side=Side.DASHBOARD),
)


@contextmanager
def _looking(request: HttpRequest) -> Iterator[scope.Scope]:
    """One consistent read in the customer's hat; what is due is brought up to date before it."""
    now = clock.now()
    refresh(now)
    with consistent_read():
        yield scope.load(customer_of(request), now)


@login_required
@require_GET
def show_home(request: HttpRequest) -> HttpResponse:
    with _looking(request) as mine:
        context = {
            "sections": load(HOME_SECTIONS, Look(mine, None, mine.now, request.GET)),
            "whom_to_ask": whom_to_ask(request),
        }
    return render(request, "dashboard/home.html", context)


@login_required
@require_GET
def show_workspace(request: HttpRequest, workspace_id: str) -> HttpResponse:
    with _looking(request) as mine:
        context = list_of_workspace(request, mine, scope.find_workspace(mine, workspace_id))
    return render(request, "dashboard/workspace.html", context)


def list_of_workspace(request: HttpRequest, mine: scope.Scope, workspace: Workspace) -> dict[str, Any]:
    """All that the page of a workspace shows to whoever has this scope."""
    card = workspaces.list_cards(mine, [workspace])[0]
    return {
        **present.card(card),
        "account": workspace.account if card.sees_price else None,
        "shares": present.shares(mine, card),
        "sections": load(WORKSPACE_SECTIONS, Look(mine, workspace, mine.now, request.GET)),
        **(_behind(request, mine, card) if card.sight.sees_people else {}),
    }


def _behind(request: HttpRequest, mine: scope.Scope, card: workspaces.Card) -> dict[str, Any]:
    """What people of the organisation see and guests do not: usage, people, history."""
    workspace, now = card.workspace, mine.now
    month = _month(request, now)
    page, people_page, invited_page = (
        present.page_of(request.GET, name) for name in ("recordings", "people", "invited")
    )
    recordings, count = workspaces.list_recordings(workspace, month, page)
    seats, people_count = workspaces.list_seats(workspace, card.sight, now, people_page)
    invited, invited_count = workspaces.list_invited(workspace, card.sight, now, invited_page)
    reach = history.reach_of(mine)
    lately = list(history.list_lines(reach.only(workspace.public_id))[:LATELY_SHOWN])
    return {
        "months": [present.month(row, month) for row in workspaces.list_months(workspace, Month.of(now))],
        "month": month,
        "recordings": present.recordings(recordings),
        "recordings_count": count,
        "recordings_pager": present.pager(request.GET, "recordings", page, count, workspaces.RECORDINGS_SHOWN),
        "seats": seats,
        "people_count": people_count,
        "people_pager": present.pager(request.GET, "people", people_page, people_count, workspaces.PEOPLE_SHOWN),
        "invited": invited,
        "invited_count": invited_count,
        "invited_pager": present.pager(request.GET, "invited", invited_page, invited_count, workspaces.PEOPLE_SHOWN),
        "lately": present.history(lately, reach, mine.actor),
    }


def _month(request: HttpRequest, now: datetime) -> Month:
    text = request.GET.get("month", "")
    try:
        month = Month.parse(text) if text else Month.of(now)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    if month > Month.of(now):
        raise BadRequest(f"{month.label} has not begun yet.")
    return month


@login_required
@require_GET
def show_account(request: HttpRequest, account_id: str) -> HttpResponse:
    with _looking(request) as mine:
        account = scope.find_account(mine, account_id)
        bill = next(iter(accounts.list_bills([account], mine.now)), None)
        if bill is None:
            raise Unavailable("The price of this account cannot be worked out right now. We have been told.")
        page = present.page_of(request.GET, "page")
        payments, count = accounts.list_payments(account, page)
        context = {
            **present.bill(bill),
            **present.price(mine, bill),
            "sections": load(ACCOUNT_SECTIONS, Look(mine, account, mine.now, request.GET)),
            "below": load(BELOW_PRICE, Look(mine, account, mine.now, request.GET)),
            "manager": accounts.get_manager(account, mine.now),
            "payments": payments,
            "pager": present.pager(request.GET, "page", page, count, accounts.PAYMENTS_SHOWN),
            "now": mine.now,
        }
    return render(request, "dashboard/account.html", context)


@login_required
@require_GET
def show_history(request: HttpRequest) -> HttpResponse:
    page, only = present.page_of(request.GET, "page"), request.GET.get("of", "")
    with _looking(request) as mine:
        reach = history.reach_of(mine)
        if only and only not in reach.names:
            raise NotFound
        start = (page - 1) * history.PAGE_SIZE
        found = history.list_lines(reach.only(only) if only else reach)
        lines = list(found[start : start + history.PAGE_SIZE + 1])
        context = {
            "lines": present.history(lines[: history.PAGE_SIZE], reach, mine.actor),
            "names": sorted(reach.names.items(), key=lambda item: item[1].casefold()),
            "only": only,
            "pager": present.pager(request.GET, "page", page, start + len(lines), history.PAGE_SIZE),
        }
    return render(request, "dashboard/history.html", context)
