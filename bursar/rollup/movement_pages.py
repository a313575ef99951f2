"""MRR movements on screen: thirteen months as charts with their tables, and the accounts behind each figure."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.run import run
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import NotFound
from bursar.core.money import ZERO, plain
from bursar.core.reading import consistent_read
from bursar.rollup import filters, movements, present, rules, words
from bursar.rollup.movements import KINDS, LABELS, NET, RULE_CHANGED, Figure, MonthMovements
from bursar.rollup.refresh import refresh
from bursar.rollup.states import HOPED_FOR, Klass
from bursar.ui import lists
from bursar.ui.navigation import NavEntry, register

register(
    NavEntry(
        key="movements",
        label="Movements",
        url_name="rollup:movements",
        order=10,
        group="money",
        icon="trending-up",
        help="movements",
    )
)
IN_CHART = (Klass.PAYING, *HOPED_FOR)
AMOUNT_HEADS = {klass: f"{'Potential' if klass in HOPED_FOR else 'MRR'}, {klass}" for klass in IN_CHART}
COUNT_HEADS = {klass: f"{klass.capitalize()} accounts" for klass in Klass if klass not in IN_CHART}


@require_GET
def show_movements(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    refresh(now)
    with consistent_read():
        made = movements.calc_movements(Month.of(now))
    shown = [key for key in KINDS if key != RULE_CHANGED or any(one.kinds[key].accounts for one in made)]
    context = {
        "now": now,
        "months": [_month(one, shown) for one in made],
        "kinds": [{"key": key, "label": KINDS[key]} for key in shown],
        "amount_heads": AMOUNT_HEADS,
        "count_heads": COUNT_HEADS,
        "rule": present.rule(rules.RULE_VERSION),
    }
    return render(request, "rollup/movements.html", context)


def _month(one: MonthMovements, shown: list[str]) -> dict[str, Any]:
    page = f"{reverse('rollup:page')}?month={one.month}"
    before = one.month if one.is_first else one.month.previous()
    urls = {klass: f"{page}&class={klass}" for klass in Klass}
    return {
        "label": one.month.label,
        "short": f"{one.month.first:%b %y}",
        "url": page,
        "paying_url": f"{page}&class=paying",
        "is_first": one.is_first,
        "start": one.start,
        "start_url": f"{reverse('rollup:page')}?month={before}&class=paying",
        "net": one.net,
        "net_url": reverse("rollup:moved", args=[one.month, NET]),
        "end": one.end,
        "amounts": [_figure(head, one.classes[key], urls[key]) for key, head in AMOUNT_HEADS.items()],
        "counts": [_figure(head, one.classes[key], urls[key]) for key, head in COUNT_HEADS.items()],
        "moves": [_figure(KINDS[key], one.kinds[key], reverse("rollup:moved", args=[one.month, key])) for key in shown],
    }


def _figure(head: str, figure: Figure, url: str) -> dict[str, Any]:
    tone = "good" if figure.amount > 0 else "bad"
    return {
        "head": head,
        "amount": figure.amount,
        "plain": plain(figure.amount),
        "accounts": figure.accounts,
        "url": url,
        "tone": tone,
    }


@require_GET
def show_moved(request: HttpRequest, month: str, kind: str) -> HttpResponse:
    now = clock.now()
    view = filters.read({"month": month, "page": request.GET.get("page", "")}, now)
    if kind not in LABELS:
        raise NotFound(f"There is no movement “{kind[:40]}”.")
    refresh(now)
    with consistent_read():
        found = movements.list_moved(view.month, kind)
        start = (view.page - 1) * lists.PAGE_SIZE
        rows = list(found[start : start + lists.PAGE_SIZE])
        count, total = found.count(), found.aggregate(total=Sum("change"))["total"] or ZERO
        handed_off = movements.list_handed_off(rows, view.month)
    for row in rows:
        row.why = words.explain(row.reason)  # type: ignore[attr-defined]  # for the template
        row.is_moved = row.account_id in handed_off  # type: ignore[attr-defined]  # as well
    context = {
        "month": view.month,
        "is_open": view.is_current,
        "kind": kind,
        "kind_label": LABELS[kind],
        "rows": rows,
        "total": total,
        "pager": lists.pager(view.page, count, request.GET),
    }
    return render(request, "rollup/moved.html", context)


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("month", "kind", "layout")}
    outcome = run("rollup.company.export_movements", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])
