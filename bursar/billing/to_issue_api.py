"""“To issue” and “Drafts” for programs. Issuing, drafting and deleting go through the actions' own addresses."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.access.request import actor_of
from bursar.billing.models import Draft
from bursar.billing.pricing import list_nets
from bursar.billing.queries.drafts import get_draft, list_drafts
from bursar.billing.to_issue import ToIssue, list_to_issue
from bursar.core import clock
from bursar.core.money import plain
from bursar.tenants.models import BillingAccount
from bursar.ui.lists import PAGE_SIZE

router = Router(tags=["invoices"])
PAGE: int = Query(1, ge=1, le=100_000, description="Fifty a page.")  # type: ignore[type-arg]  # ninja types


class ToIssueOut(Schema):
    """`since`: when it was to be issued, in the future where a service period still runs. `net_eur`: about, and empty
    where it is not known. `action`: the one on the account that issues it, and `data`: what its form is filled in with
    for this; empty where somebody looks at it first.
    """

    account: str
    why: Literal["renewal", "first", "pilot", "seats", "failed"]
    words: str
    since: date | None
    net_eur: str
    action: str
    data: dict[str, str]


class ToIssuesOut(Schema):
    """`count`: of all pages."""

    page: int
    count: int
    has_more: bool
    to_issue: list[ToIssueOut]


class DraftOut(Schema):
    """`action`: the one on the account whose form was filled in. `document`: what it said then, as a document says it;
    issuing makes it anew. `invoice`: the id of what it was issued as; empty while it waits.
    """

    id: str
    account: str
    action: str
    changed_at: datetime
    net_eur: str
    gross_eur: str
    document: dict[str, Any]
    invoice: str


class DraftsOut(Schema):
    """`count`: of all pages."""

    page: int
    count: int
    has_more: bool
    drafts: list[DraftOut]


@router.get(
    "/to-issue", operation_id="to_issue", summary="What is to be invoiced, the oldest first", response=ToIssuesOut
)
def read_to_issue(
    request: HttpRequest, why: Literal["", "renewal", "first", "pilot", "seats", "failed"] = "", page: int = PAGE
) -> dict[str, Any]:
    now = clock.now()
    found = [row for row in list_to_issue(now) if why in ("", row.why)]
    start = (page - 1) * PAGE_SIZE
    shown = found[start : start + PAGE_SIZE]
    accounts = dict(
        BillingAccount.objects.filter(pk__in={row.account_id for row in shown}).values_list("pk", "public_id")
    )
    nets = list_nets(shown, now)
    return {
        "page": page,
        "count": len(found),
        "has_more": len(found) > start + PAGE_SIZE,
        "to_issue": [_due(row, accounts[row.account_id], nets.get((row.account_id, row.why))) for row in shown],
    }


def _due(row: ToIssue, account: str, net: Decimal | None) -> dict[str, Any]:
    return {
        "account": account, "why": row.why.value, "words": row.words, "since": row.since,
        "net_eur": "" if net is None else plain(net), "action": row.verb, "data": dict(row.data),
    }  # fmt: skip


@router.get("/drafts", operation_id="drafts", summary="Drafts of invoices, the newest first", response=DraftsOut)
def read_drafts(request: HttpRequest, page: int = PAGE) -> dict[str, Any]:
    rows, start = list_drafts(), (page - 1) * PAGE_SIZE
    count = rows.count()
    return {
        "page": page,
        "count": count,
        "has_more": count > start + PAGE_SIZE,
        "drafts": [_draft(row) for row in rows[start : start + PAGE_SIZE]],
    }


@router.get("/drafts/{draft_id}", operation_id="draft", summary="One draft", response=DraftOut)
def read_draft(request: HttpRequest, draft_id: str) -> dict[str, Any]:
    return _draft(get_draft(actor_of(request), draft_id))


def _draft(row: Draft) -> dict[str, Any]:
    totals = row.document.totals
    return {
        "id": row.public_id, "account": row.account.public_id, "action": row.verb, "changed_at": row.changed_at,
        "net_eur": plain(totals.net), "gross_eur": plain(totals.gross), "document": row.says,
        "invoice": row.invoice.public_id if row.invoice else "",
    }  # fmt: skip
