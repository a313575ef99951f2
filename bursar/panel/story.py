"""The story of an account, a workspace, an organisation, a person: a line for each kind, in the order of the filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bursar.audit import queries
from bursar.audit.models import AuditLine
from bursar.audit.pages import describe
from bursar.billing.story import INVOICES
from bursar.notifications.story import MAILS
from bursar.panel.book_story import LOG, NOTES
from bursar.payments.story import PAYMENTS
from bursar.requests.story import REQUESTS
from bursar.tenants.models import BillingAccount, Organisation, Person, Workspace
from bursar.ui.sections import Look
from bursar.ui.story import Entry, Kind, Part, Place, Told, choose, gather
from bursar.usage.story import THRESHOLDS

PAYER_STORY = (LOG, MAILS, NOTES, REQUESTS, THRESHOLDS, PAYMENTS, INVOICES)
STORIES: dict[type, tuple[Kind, ...]] = {
    BillingAccount: PAYER_STORY,
    Organisation: PAYER_STORY,
    Workspace: (LOG, MAILS, NOTES, REQUESTS, THRESHOLDS),
    Person: (LOG, MAILS, REQUESTS),
}
"""Money and its documents belong to whoever pays, and notes to customers, not to people."""
NEAR = timedelta(minutes=1)
"""A number of a document is taken a moment after the action began: its line is that of about the same time."""


def kinds_of(target: Any) -> tuple[Kind, ...]:
    return STORIES[type(target)]


def read_story(
    look: Look, kinds: Sequence[Kind], limit: int, *, before: Place | None = None, down_to: Place | None = None
) -> Part:
    """One part of it, with who did what and why, where the book knows: in two statements more."""
    part = gather(kinds, look).read(limit, before=before, down_to=down_to)
    return replace(part, told=_with_lines(part.told))


def chosen(look: Look, asked: Sequence[str]) -> list[Kind]:
    return choose(kinds_of(look.target), asked, look)


def _with_lines(told: list[Told]) -> list[Told]:
    wanted = [one for one in told if _has_line(one)]
    if not wanted:
        return told
    keys = frozenset().union(*(one.source.lines for one in wanted))
    found = list(
        queries.lines().filter(
            key__in=keys,
            touches__overlap=[one.entry.subject for one in wanted],
            at__gte=min(one.entry.at for one in wanted) - NEAR,
            at__lte=max(one.entry.at for one in wanted) + NEAR,
        )
    )
    return [replace(one, entry=_joined(one, found)) if _has_line(one) else one for one in told]


def _has_line(told: Told) -> bool:
    return bool(told.entry.subject and told.source.lines)


def _joined(told: Told, lines: list[AuditLine]) -> Entry:
    """The entry with what its line says beside it: by whom, why, and what the customer read."""
    entry = told.entry
    own = [
        line
        for line in lines
        if line.key in told.source.lines and entry.subject in line.touches and abs(line.at - entry.at) <= NEAR
    ]
    if not own:
        return entry
    line = min(own, key=lambda one: abs(one.at - entry.at))
    return replace(
        entry,
        by=entry.by or describe(line)["actor"],
        reason=entry.reason or line.reason,
        message=entry.message or line.message,
        is_for_billing=bool(line.message_for_billing or line.concerns_money),
        line_id=line.public_id,
    )
