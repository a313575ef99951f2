"""What colleagues have made of the demo's at-risk list: a few rows taken, snoozed, noted and written to."""

from __future__ import annotations

from datetime import datetime, timedelta

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.attention.filters import Ask
from bursar.attention.queries import ACCOUNTS, WORKSPACES, Lists, list_lines
from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice
from bursar.billing.seller import seller_day
from bursar.core.errors import Refusal
from bursar.rollup.refresh import refresh
from bursar.staff.models import StaffMember

TAKERS = ("noor@agora.example", "lead@agora.example", "staff@agora.example")


def triage_some(now: datetime) -> None:
    """By the same actions as everybody's; done again, it changes nothing that stands already."""
    refresh(now)
    lists = Lists(Ask(), now, None)
    pairs = [(kind, row) for kind in (WORKSPACES, ACCOUNTS) for row in lists.list_page(kind, lists.count(kind), 1)[:8]]
    staff = dict(StaffMember.objects.values_list("user__email", "public_id"))
    takers = [staff[email] for email in TAKERS if email in staff]
    for place, line in enumerate(list_lines(lists, pairs, now)):
        if line.triage is not None:
            continue
        slug, target = line.kind.slug, line.target.public_id
        if place % 2 == 0 and takers:
            _do(f"attention.{slug}.take", target, {"owner": takers[place // 2 % len(takers)]})
        if place % 4 == 0:
            _do(f"attention.{slug}.log_outreach", target, {"subject": "Shall we look at your plan together?"})
            _do(f"attention.{slug}.note_outcome", target, {"outcome": "no_answer", "text": "Left a message."})
        if place % 7 == 3:
            until = (now + timedelta(days=6)).date().isoformat() if place % 2 else ""
            _do(f"attention.{slug}.snooze", target, {"until": until})


def chase_some(now: datetime) -> None:
    """Of the invoices that are overdue one is on hold, and for one somebody has called."""
    today = seller_day(now)
    rows = Invoice.objects.filter(kind=DocumentKind.INVOICE.value, open__gt=0, due_on__lt=today)
    held = {"note": "Their auditor looks at the seats first.", "last_day": (today + timedelta(days=14)).isoformat()}
    called = {"way": "phone", "on": today.isoformat(), "note": "It will be paid with the next run."}
    done = (("hold", held), ("record_reminder", called))
    for row, (verb, data) in zip(rows.order_by("due_on", "id"), done, strict=False):
        _do(f"billing.invoice.{verb}", row.public_id, data)


def _do(key: str, target: str, data: dict[str, str]) -> None:
    try:
        run(key, system("demo"), target, data)
    except Refusal:
        return  # it stands so already
