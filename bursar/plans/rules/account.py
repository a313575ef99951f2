"""An account and its workspaces as rows that hold in [start, end); `end` None is open. And which tier holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar

from bursar.core.calendar import end_of
from bursar.plans.states import Mode, Status

RANK = {"free": 0, "pilot": 1, "innovator": 2, "changemaker": 3, "guardian": 4}
PAID_TIERS = frozenset({"innovator", "changemaker", "guardian"})
DAY = timedelta(days=1)


class Spanned(Protocol):
    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime | None: ...


S = TypeVar("S", bound=Spanned)


class Base(NamedTuple):
    tier: str
    start: datetime
    end: datetime | None


class Grant(NamedTuple):
    """`end` is when it really stopped; `planned_until` what was agreed, and all that was known while it ran."""

    tier: str
    kind: str
    start: datetime
    end: datetime | None
    planned_until: datetime | None


class DiscountRow(NamedTuple):
    """`end` is when it really stopped; `end_date` the last day agreed, and all that was known while it held."""

    kind: str
    percent: int
    start: datetime
    end: datetime | None
    end_date: date | None = None

    @property
    def known_end(self) -> datetime | None:
        return end_of(self.end_date) if self.end_date else None


class Terms(NamedTuple):
    """`ends_paid`: what was booked, or began, before `start` counts as paid no more: it was ended at once."""

    mode: str
    status: str
    cadence: str
    paid_until: datetime | None
    past_due_since: datetime | None
    lapses_at: datetime | None
    start: datetime
    end: datetime | None
    ends_paid: bool = False


class Pin(NamedTuple):
    tier: str
    cadence: str
    rate: Decimal
    start: datetime
    end: datetime | None


class Period(NamedTuple):
    source: str
    start: datetime
    end: datetime
    booked_at: datetime
    credited_at: datetime | None


class Member(NamedTuple):
    person_id: int
    role: str
    is_support: bool
    start: datetime
    end: datetime | None


class Manager(NamedTuple):
    staff_id: int
    start: datetime
    end: datetime | None


class CatalogueRow(NamedTuple):
    tier: str
    yearly: Decimal
    monthly: Decimal
    cap_hours: Decimal | None
    cap_effect: str
    start: datetime
    end: datetime | None


class Tenancy(NamedTuple):
    """When a workspace drew on the account."""

    start: datetime
    end: datetime | None


class Interval(NamedTuple):
    """Time that was paid for: [start, end)."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(slots=True)
class WorkspaceState:
    """As one account sees it: `tenancies` are its own, `elsewhere` those of other accounts."""

    id: int
    created_at: datetime
    deleted_at: datetime | None
    tenancies: list[Tenancy] = field(default_factory=list)
    elsewhere: list[Tenancy] = field(default_factory=list)
    bases: list[Base] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    discounts: list[DiscountRow] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)

    def is_live(self, at: datetime) -> bool:
        gone = self.deleted_at is not None and self.deleted_at <= at
        return self.created_at <= at and not gone and live(self.tenancies, at) is not None

    @property
    def has_moved(self) -> bool:
        """Whether any stretch on this account or another ever ended: it moved, or was away and came back."""
        return bool(self.elsewhere) or any(row.end for row in self.tenancies)

    def was_handed_off(self, since: datetime, at: datetime) -> bool:
        """Whether another payer took it over from this account in (since, at]."""
        taken = {row.start for row in self.elsewhere}
        return any(row.end is not None and since < row.end <= at and row.end in taken for row in self.tenancies)

    def is_payer(self, at: datetime) -> bool:
        """Whether this account is whom the workspace drew on last, up to `at`; before it began: whom it drew on first.

        At every instant that is exactly one account.
        """
        ours = [row.start for row in self.tenancies]
        theirs = [row.start for row in self.elsewhere]
        begun = [start for start in (*ours, *theirs) if start <= at]
        return (max(begun) if begun else min((*ours, *theirs))) in ours

    def ended_at(self, at: datetime) -> datetime | None:
        """When it last stopped drawing on this account, up to `at`; None when it never had begun."""
        ends = (self._end_of(row) for row in self.tenancies if row.start <= at)
        return max((end for end in ends if end is not None and end <= at), default=None)

    def _end_of(self, row: Tenancy) -> datetime | None:
        """When this stretch stopped, by a move or by the workspace's own end."""
        return min((end for end in (row.end, self.deleted_at) if end is not None and end >= row.start), default=None)


@dataclass(slots=True)
class AccountState:
    """Everything dated that one account's figures follow from. `workspaces` are oldest first."""

    id: int
    created_at: datetime
    terms: list[Terms] = field(default_factory=list)
    discounts: list[DiscountRow] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    managers: list[Manager] = field(default_factory=list)
    workspaces: list[WorkspaceState] = field(default_factory=list)


NO_TERMS = Terms(Mode.SELF_SERVE.value, Status.NONE.value, "", None, None, None, datetime.min.replace(tzinfo=UTC), None)


def live(rows: Iterable[S], at: datetime) -> S | None:
    """The row that holds at `at`."""
    for row in rows:
        if row.start <= at and (row.end is None or at < row.end):
            return row
    return None


def terms_at(account: AccountState, at: datetime) -> Terms:
    return live(account.terms, at) or NO_TERMS


class EffectiveTier(NamedTuple):
    """`base` after any lapse; `grant` is the timed grant on top, when one is live, with its end as known then."""

    tier: str
    base: str
    grant: Grant | None


def effective_tier(workspace: WorkspaceState, terms: Terms, at: datetime) -> EffectiveTier:
    """The newest live timed grant, else the base tier. True by the clock: no job has to run."""
    base = base_tier(workspace.bases, terms, at)
    grants = [grant for grant in workspace.grants if live([grant], at)]
    if not grants:
        return EffectiveTier(base, base, None)
    grant = max(grants, key=lambda grant: grant.start)
    return EffectiveTier(grant.tier, base, grant._replace(end=grant.planned_until or grant.end))


def base_tier(bases: Iterable[Base], terms: Terms, at: datetime) -> str:
    """The base tier; a paid one set before the account's lapse falls to free at that instant."""
    row = live(bases, at)
    if row is None:
        return "free"
    lapsed = terms.lapses_at is not None and terms.lapses_at <= at and row.start < terms.lapses_at
    return "free" if lapsed and row.tier in PAID_TIERS else row.tier
