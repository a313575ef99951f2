"""What is to be issued, and by whom it is found: each room says what it knows, a row for each document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.conf import settings

from bursar.billing.rules.to_issue import Why
from bursar.core.registry import Registry


@dataclass(frozen=True)
class ToIssue:
    """`words`: why, in a sentence. `since`: when it was to be issued; in the future where a service period still runs.

    `verb`: the action on the account that issues it, and `data` what its dialog is filled in with; or `url`: where
    it is looked at instead. `lever`: what either is called, where it is not the usual.
    """

    account_id: int
    why: Why
    words: str
    since: date | None = None
    verb: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    lever: str = ""


Source = Callable[[datetime], list[ToIssue]]
"""All rows that a room knows of, in a number of statements that does not depend on how many there are."""

SOURCES: Registry[Source] = Registry("source of what is to be issued")


def list_to_issue(now: datetime) -> list[ToIssue]:
    """The oldest first; what has no day stands behind."""
    rows = [row for find in SOURCES.values() for row in find(now)]
    return sorted(rows, key=lambda row: (row.since is None, row.since or date.max, row.account_id, row.why))


def get_ahead() -> int:
    """Days before its end that a service period is asked for anew."""
    days: int = settings.BURSAR_RENEWAL_AHEAD_DAYS
    return days
