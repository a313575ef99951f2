"""“Balances”: which accounts have credit, and which owe beside their invoices."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.billing.invoice_tabs import head
from bursar.billing.models import AccountCredit
from bursar.billing.queries.balances import Balances, Side, calc_balances, list_balances
from bursar.billing.to_issue_pages import read_page
from bursar.core.errors import BadRequest
from bursar.core.reading import consistent_read
from bursar.ui.lists import PAGE_SIZE, pager

LABELS = {Side.CREDIT: "Have credit", Side.OWED: "Owe beside their invoices"}


@require_GET
def show_balances(request: HttpRequest) -> HttpResponse:
    shown, page = request.GET.get("side", ""), read_page(request)
    if shown and shown not in LABELS:
        raise BadRequest("A balance is credit, or owed.")
    side = Side(shown) if shown else None
    with consistent_read():
        every = calc_balances()
        rows = [_row(one) for one in list_balances(side)[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
    count = every.accounts[side] if side else sum(every.accounts.values())
    context = {
        **head("balances"),
        "rows": rows,
        "every": every,
        "sides": _list_sides(every, shown),
        "side": shown,
        "pager": pager(page, count, request.GET),
    }
    return render(request, "billing/balances.html", context)


def _list_sides(every: Balances, here: str) -> list[dict[str, Any]]:
    choices = [("", "All", sum(every.accounts.values())), *((one, LABELS[one], every.accounts[one]) for one in LABELS)]
    return [
        {"label": label, "url": f"?side={side}" if side else "?", "count": count, "is_here": side == here}
        for side, label, count in choices
    ]


def _row(one: AccountCredit) -> dict[str, Any]:
    account = one.account
    return {
        "row": one,
        "account": account,
        "is_owed": one.amount < 0,
        "menu_url": reverse("actions:menu", args=["account", account.public_id]),
    }


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("side", "layout")}
    outcome = run("billing.company.export_balances", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])
