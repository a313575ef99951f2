"""A row as text, for the file and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bursar.access.actor import Actor
from bursar.attention import words
from bursar.attention.filters import Ask
from bursar.attention.queries import ACCOUNTS, WORKSPACES, Line, Lists, list_lines
from bursar.core.days import last_day_of
from bursar.core.hours import plain_hours
from bursar.core.money import plain
from bursar.tenants.models import Workspace

COLUMNS = (
    "list", "reason", "further_reasons", "since", "ends_at", "last_day", "workspace_id", "workspace", "account_id",
    "account",
    "organisation", "tier", "former_tier", "counted_hours", "cap_hours", "mrr_eur", "potential_eur", "contact",
    "contact_email", "last_admin_login", "admin_logins_30_days", "reading", "account_manager", "owner",
    "snoozed_until", "outcome", "last_outreach_at", "last_outreach", "payment_failure",
)  # fmt: skip


def cells(line: Line) -> dict[str, str]:
    """In the order of `COLUMNS`."""
    row, fact, triage = line.row, line.fact, line.triage
    contact = line.contacts[0] if line.contacts else None
    place = line.target if isinstance(line.target, Workspace) else None
    values = [
        line.kind.slug,
        line.reason.key,
        " ".join(reason.key for reason in line.reasons[1:]),
        _iso(row.since),
        _iso(row.ends_at),
        last_day_of(row.ends_at).isoformat() if row.ends_at else "",
        place.public_id if place else "",
        place.name if place else "",
        line.account.public_id,
        str(line.account),
        line.account.organisation.name,
        row.tier,
        line.drop.former if line.drop else "",
        plain_hours(row.seconds or 0) if row.cap_seconds else "",
        plain_hours(row.cap_seconds) if row.cap_seconds else "",
        plain(fact.mrr),
        plain(fact.potential),
        contact.name if contact else "",
        contact.email if contact else "",
        line.signal.last_day.isoformat() if line.signal.last_day else "",
        str(line.signal.recent),
        line.reading,
        str(fact.manager or ""),
        str(triage.owner or "") if triage else "",
        words.snoozed_until(line),
        triage.outcome if triage else "",
        _iso(triage.outreach_at) if triage else "",
        triage.outreach_subject if triage else "",
        line.debt,
    ]
    return dict(zip(COLUMNS, values, strict=True))


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def batches(ask: Ask, actor: Actor, now: datetime) -> Iterator[list[list[str]]]:
    """All rows of both lists, workspaces first, chunk by chunk."""
    lists = Lists(ask, now, actor.staff_id)
    for kind in (WORKSPACES, ACCOUNTS):
        with lists.every_row(kind) as chunks:
            for rows in chunks:
                lines = list_lines(lists, [(kind, row) for row in rows], now)
                yield [list(cells(line).values()) for line in lines]
