"""Who may ask for what, what overtakes a request, and what a tier changes. Pure. Rules: DOMAIN 8."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from bursar.core.days import say_day, say_instant
from bursar.plans.rules import RANK, CatalogueRow

STAFF_ONLY = "pilot"
HIGHEST = max(RANK, key=lambda tier: RANK[tier])


def why_not_propose(tier: str, base: str | None) -> str | None:
    """`base`: what the workspace is on for good; None for a workspace that does not exist yet."""
    if tier == STAFF_ONLY:
        return "Pilot is set by our team only. Ask for another tier, and say in the message what you need."
    return why_no_upgrade(tier, base) if base is not None else None


def why_no_upgrade(tier: str, base: str) -> str | None:
    if RANK[tier] <= RANK[base]:
        return f"{tier.capitalize()} is no upgrade: the workspace is on {base.capitalize()}."
    return None


class Pending(NamedTuple):
    """The pending request of a workspace. `what`: the tier's name."""

    name: str
    what: str
    at: datetime
    is_ask: bool


def why_not_upgrade(requests: bool, pending: Pending | None, base: str) -> str | None:
    """Whatever tier is meant. `requests`: with billing rights; a real request takes the place of a member's ask, else
    there is one at a time.
    """
    if pending is not None and not (pending.is_ask and requests):
        since = say_day(pending.at)
        return f"{pending.name} asked for {pending.what} on {since}, and that is still pending. One request at a time."
    return f"The workspace is on {base.capitalize()} already, the highest plan." if base == HIGHEST else None


def why_decided(state: str, name: str, at: datetime) -> str:
    """`state`: in words. `name`: of the colleague or person; empty when the customer must not read one."""
    by = f" by {name}" if name else ""
    return f"This request was {state}{by} on {say_instant(at, is_short=False)}. Once decided, decided."


class Standing(NamedTuple):
    """What a pending request's subject looks like now. `base` None: a workspace that is not made yet."""

    is_gone: bool
    has_moved: bool
    base: str | None
    may_own: bool


def why_overtaken(tier: str, standing: Standing, subject: str, requester: str) -> str | None:
    if standing.is_gone:
        return f"{subject} was deleted since. Close the request as done."
    if standing.has_moved:
        return f"{subject} moved to another organisation since. Close the request as done."
    if standing.base is not None and RANK[standing.base] >= RANK[tier]:
        return f"{subject} is on {standing.base.capitalize()} already. Close the request as done."
    if not standing.may_own:
        return f"{requester} is no owner or admin of {subject} any more, so nobody would own the workspace."
    return None


class Difference(NamedTuple):
    label: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after

    def __str__(self) -> str:
        return f"{self.label}: {self.before} → {self.after}."


class Entitled(NamedTuple):
    """What a tier allows, in words."""

    cap: str
    recording: str
    uploads: str


_EFFECTS = {
    "hard_block": ("stops at the cap", "locked at the cap"),
    "lock_uploads": ("goes on at the cap", "locked at the cap"),
    "none": ("unlimited", "stay open"),
}


def entitled(row: CatalogueRow) -> Entitled:
    recording, uploads = _EFFECTS[row.cap_effect if row.cap_hours is not None else "none"]
    return Entitled(_cap(row.cap_hours), recording, uploads)


def _cap(hours: Decimal | None) -> str:
    return "no cap" if hours is None else f"{hours.normalize():f} h for life"


def compare(before: Entitled, after: Entitled) -> list[Difference]:
    """Cap, recording and uploads, side by side."""
    rows = zip(("Cap", "Recording", "Uploads"), before, after, strict=True)
    return [Difference(label, old, new) for label, old, new in rows]


def age_words(age: timedelta) -> str:
    """ "under an hour", "5 h", "3 d" """
    hours = int(age.total_seconds()) // 3600
    if hours < 1:
        return "under an hour"
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"
