"""“To issue” and “Drafts”: what is to be invoiced, before it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.billing.invoice_tabs import head
from bursar.billing.making import make
from bursar.billing.models import Draft
from bursar.billing.pricing import list_nets
from bursar.billing.queries import list_details
from bursar.billing.queries.drafts import get_draft, list_drafts
from bursar.billing.queries.to_issue import list_drafts_of
from bursar.billing.rules.to_issue import Why
from bursar.billing.seller import seller_day
from bursar.billing.to_issue import ToIssue, list_to_issue
from bursar.core import clock
from bursar.core.errors import BadRequest
from bursar.tenants.models import BillingAccount
from bursar.ui.lists import PAGE_SIZE, pager

LABELS = {
    Why.RENEWAL: "Renewals",
    Why.FIRST: "First invoices",
    Why.PILOT: "Pilots",
    Why.SEATS: "Extra seats",
    Why.FAILED: "Not issued by itself",
}


def read_page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    if not (text.isascii() and text.isdigit() and int(text[:7]) > 0 and len(text) < 7):
        raise BadRequest("A page is a number from 1 on.")
    return int(text)


@require_GET
def show_to_issue(request: HttpRequest) -> HttpResponse:
    now, why, page = clock.now(), request.GET.get("why", ""), read_page(request)
    if why and why not in LABELS:
        raise BadRequest("What is to be issued is a renewal, a first invoice, a pilot, seats, or what failed.")
    every = list_to_issue(now)
    found = [row for row in every if why in ("", row.why)]
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    context = {
        **head("to_issue", to_issue=len(every), drafts=list_drafts().count()),
        "rows": _describe(shown, now),
        "whys": _list_whys(every, why),
        "why": why,
        "pager": pager(page, len(found), request.GET),
        "kind": "account",
        "bulk_tools": _list_tools("account", (("issue_due", "Issue for"), ("draft_due", "Draft for"))),
    }
    return render(request, "billing/to_issue.html", context)


def _list_tools(slug: str, verbs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"label": label, "url": reverse("actions:bulk", args=[slug, verb])} for verb, label in verbs]


def _list_whys(every: Sequence[ToIssue], here: str) -> list[dict[str, Any]]:
    """Ways to narrow down; counts are of all."""
    counts = Counter(row.why for row in every)
    choices = [("", "All", len(every)), *((why.value, LABELS[why], counts[why]) for why in LABELS if counts[why])]
    return [
        {"label": label, "url": f"?{urlencode({'why': why})}" if why else "?", "count": count, "is_here": why == here}
        for why, label, count in choices
    ]


def _describe(rows: Sequence[ToIssue], now: datetime) -> list[dict[str, Any]]:
    """With all that stands beside them, in a number of statements that does not depend on how many there are."""
    ids = {row.account_id for row in rows}
    accounts = BillingAccount.objects.select_related("organisation").in_bulk(ids)
    details, drafts, nets = list_details(ids), list_drafts_of(ids), list_nets(rows, now)
    today = seller_day(now)
    return [
        {
            "row": row,
            "account": accounts[row.account_id],
            "label": LABELS[row.why],
            "net": nets.get((row.account_id, row.why)),
            "is_late": row.since is not None and row.since < today,
            "draft": next((one for one in drafts.get(row.account_id, ()) if one.verb == row.verb), None),
            **_levers(row, accounts[row.account_id], has_details=row.account_id in details),
        }
        for row in rows
    ]


def _levers(row: ToIssue, account: BillingAccount, *, has_details: bool) -> dict[str, str]:
    """Who pays is written down first. What is looked at elsewhere brings its own."""
    menu = {"menu_url": reverse("actions:menu", args=["account", account.public_id])}
    if row.url:
        return {**menu, "lever": row.lever}
    if has_details or row.why is Why.FAILED:
        verb, lever = row.verb, row.lever or "Look and issue…"
    else:
        verb, lever = "set_billing_details", "Who pays…"
    address = reverse("actions:dialog", args=["account", account.public_id, verb])
    return {**menu, "lever": lever, "dialog_url": f"{address}?{urlencode(row.data)}" if row.data else address}


@require_GET
def show_drafts(request: HttpRequest) -> HttpResponse:
    page, rows = read_page(request), list_drafts()
    total = rows.count()
    shown = rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    context = {
        **head("drafts", drafts=total),
        "rows": [describe_draft(row) for row in shown],
        "pager": pager(page, total, request.GET),
        "kind": "draft",
        "bulk_tools": _list_tools("draft", (("issue", "Issue"), ("delete", "Delete"))),
    }
    return render(request, "billing/drafts.html", context)


def describe_draft(row: Draft) -> dict[str, Any]:
    document = row.document
    gross: Decimal = document.totals.gross
    return {
        "row": row,
        "payer": document.buyer.name,
        "lines": [item.description for item in document.items],
        "net": document.totals.net,
        "gross": gross,
        "issue_url": reverse("actions:dialog", args=["draft", row.public_id, "issue"]),
        "menu_url": reverse("actions:menu", args=["draft", row.public_id]),
    }


@require_GET
def show_draft_pdf(request: HttpRequest, draft_id: str) -> HttpResponse:
    """As it was drafted, under a number that stands for its own."""
    document = get_draft(actor_of(request), draft_id).document
    answer = HttpResponse(make(document, with_e_invoice=False).pdf, content_type="application/pdf")
    answer["Content-Disposition"] = "inline; filename=draft.pdf"
    return answer
