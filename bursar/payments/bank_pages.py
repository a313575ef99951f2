"""“Bank”, a tab of Payments: statements go up here, and every line that nobody is sure of waits for a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor
from bursar.access.holders import explain_to
from bursar.access.request import actor_of
from bursar.billing import bank_words
from bursar.billing.actions.bank_files import BANK_RIGHT, UPLOAD
from bursar.billing.bank_words import Beside
from bursar.billing.models import BankLine
from bursar.billing.queries import bank
from bursar.billing.rules.bank_lines import LineState
from bursar.core.asked import read_one, read_page
from bursar.core.errors import Forbidden
from bursar.core.naming import Said
from bursar.core.reading import consistent_read
from bursar.payments import present
from bursar.payments.queries import payouts
from bursar.ui import lists

SHOWN_FILES = 10


@dataclass(frozen=True)
class View:
    """One state of the page. `suggested`: of those that wait."""

    state: LineState
    q: str
    suggested: str
    page: int

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.suggested)


def _read(query: Any, actor: Actor) -> View:
    """Money that left is for whoever decides: it names who is paid what. Raises BadRequest or Forbidden."""
    state = LineState(read_one(query, "show", tuple(LineState)) or LineState.WAITING)
    if state is LineState.LEFT and not actor.can(BANK_RIGHT):
        raise Forbidden(explain_to(actor, BANK_RIGHT))
    suggested = read_one(query, "suggested", tuple(bank_words.SUGGESTED))
    text = query.get("q", "").strip()[:100]
    page = read_page(query.get("page", "") or "1")
    return View(state, text, suggested if state is LineState.WAITING else "", page)


@require_GET
def show_bank(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    view, may_decide = _read(request.GET, actor), actor.can(BANK_RIGHT)
    with consistent_read():
        found = bank.list_lines(view.state, view.q, view.suggested)
        total = found.count()
        pages = lists.count_pages(total)
        if view.page > pages:
            return HttpResponseRedirect(f"?{lists.query(request.GET, page=pages)}")
        files = list(bank.list_files()[:SHOWN_FILES])
        remarks = bank.load_remarks(files)
        lines = list(found[(view.page - 1) * lists.PAGE_SIZE : view.page * lists.PAGE_SIZE])
        context = {
            **_frame(request, view, may_decide=may_decide),
            "rows": _list_rows(lines, may_decide=may_decide),
            "pager": lists.pager(view.page, total, request.GET),
            "files": [bank_words.describe_file(one, remarks.get(one.pk, []), may_fetch=may_decide) for one in files],
            "gaps": bank.list_gaps(),
        }
    return render(request, "payments/bank.html", context)


def _list_rows(lines: list[BankLine], *, may_decide: bool) -> list[dict[str, Any]]:
    suggestions = bank.load_suggestions(lines)
    accounts = bank.list_accounts_of([one for some in suggestions.values() for one in some])
    beside = Beside(suggestions, bank.load_decisions(lines), accounts)
    explained = payouts.load_explained([line.pk for line in lines if line.state == LineState.PAYOUT])
    return [
        {**bank_words.describe(line, beside, may_decide=may_decide), "payout": explained.get(line.pk)}
        for line in lines
    ]  # fmt: skip


def _frame(request: HttpRequest, view: View, *, may_decide: bool) -> dict[str, Any]:
    """What stands around the rows."""
    rule, counts, given = UPLOAD.upload, bank.count_by_state(), request.GET
    assert rule is not None
    states = [state for state in LineState if may_decide or state is not LineState.LEFT]
    suggested = (view.suggested,) if view.suggested else ()
    return {
        "tab": "bank",
        "mode": present.mode(),
        "view": view,
        "may_decide": may_decide,
        "missing": "" if may_decide else Said(explain_to(actor_of(request), BANK_RIGHT)),
        "states": [
            {
                "label": bank_words.LABELS[state],
                "url": "?" + lists.query(given, show=state.value, page=None, suggested=None),
                "count": counts[state.value],
                "is_here": state is view.state,
            }
            for state in states
        ],
        "filters": [
            lists.menu("suggested", "Suggested", bank_words.SUGGESTED.items(), suggested, given, single=True)
        ] if view.state is LineState.WAITING else [],
        "clear_url": f"?show={view.state.value}",
        "empty": bank_words.EMPTY[view.state],
        "is_new": not any(counts.values()),
        "is_working": bank.is_working(),
        "can_explain": payouts.can_explain(),
        "upload_url": reverse("files:upload", args=[UPLOAD.name]),
        "bulk_url": reverse("actions:bulk", args=["bank_line", "confirm"]),
        "aside_url": reverse("actions:bulk", args=["bank_line", "set_aside"]),
        "accept": ",".join(rule.suffixes),
        "most_mb": rule.most // 1_000_000,
    }  # fmt: skip
