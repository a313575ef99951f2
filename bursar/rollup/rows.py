"""The rows of the month facts as they are worked out, without their usage. The tables' columns are told here, once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from bursar.core.calendar import TICK, Month
from bursar.core.money import ZERO
from bursar.plans.rules import RANK, AccountState, WorkspaceState, effective_tier, terms_at
from bursar.plans.states import Mode, Status
from bursar.rollup import rules
from bursar.rollup.states import Klass

FAULT_LENGTH = 200
Used = Mapping[int, Collection[date]]  # workspace → the months in which it recorded anything


@dataclass(slots=True)
class AccountRow:
    """A row of AccountMonth; plain, because a company has millions."""

    account_id: int
    month: date
    is_listed: bool
    ended_at: datetime | None
    fault: str
    klass: str
    reason: dict[str, Any]
    tier: str
    tier_rank: int
    tiers: list[str]
    mode: str
    status: str
    cadence: str
    overdue_since: datetime | None
    discount_kind: str
    discount_percent: int
    discount_end_date: date | None
    workspaces: int
    seats: int
    mrr: Decimal
    potential: Decimal
    previous_mrr: Decimal
    rule_change: Decimal
    movement: str
    had_mrr: bool
    manager_id: int | None
    rule_version: int
    next_change_at: datetime | None
    settled_at: datetime
    restated_at: datetime | None

    def stored(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("account_id", "month", *FACTS)}


class WorkspaceRow(NamedTuple):
    """A row of WorkspaceMonth."""

    workspace_id: int
    month: date
    account_id: int
    is_live: bool
    ended_at: datetime | None
    tier: str
    base_tier: str
    grant_kind: str
    grant_until: datetime | None
    discount_kind: str
    discount_percent: int
    discount_end_date: date | None
    seats: int
    externals: int
    observers: int
    cap_seconds: int | None


FACTS = tuple(field.name for field in fields(AccountRow) if field.name not in ("account_id", "month"))
WORKSPACE_FACTS = tuple(name for name in WorkspaceRow._fields if name not in ("workspace_id", "month"))


class Known(Protocol):
    """What the next month needs of the one before: a stored row or one just worked out."""

    @property
    def mrr(self) -> Decimal: ...
    @property
    def had_mrr(self) -> bool: ...


class KnownRow(NamedTuple):
    """What is asked of a stored row when its month, or the next one, is worked out."""

    account_id: int
    month: date
    fault: str
    restated_at: datetime | None
    had_mrr: bool
    is_listed: bool
    klass: str
    tier: str
    status: str
    cadence: str
    discount_percent: int
    seats: int
    mrr: Decimal
    potential: Decimal
    manager_id: int | None


class MonthRows(NamedTuple):
    """One account's month: its own row, and one for each workspace that is part of it."""

    account: AccountRow
    workspaces: list[WorkspaceRow]


def build_rows(
    state: AccountState,
    settings: rules.Settings,
    month: Month,
    previous: Known | None,
    used: Used,
    now: datetime,
) -> MonthRows:
    """As of `now` for the open month, as at its last instant for a closed one.

    `used` is asked about workspaces that are not live at that instant.
    """
    is_open = month == Month.of(now)
    at = now if is_open else month.last_instant
    facts = rules.evaluate(state, settings, at)
    living = [_living(state.id, workspace, month) for workspace in facts.workspaces]
    departed = [
        _departed(state, workspace, month, at)
        for workspace in state.workspaces
        if not workspace.is_live(at) and is_part_of(workspace, month, at, used)
    ]
    next_change_at = facts.next_change_at if is_open else None
    handed_off = any(workspace.was_handed_off(month.start, at) for workspace in state.workspaces)
    row = _account_row(facts, month, previous, at, next_change_at=next_change_at, was_handed_off=handed_off)
    if departed:
        row.is_listed |= any(w.ended_at is None or w.ended_at > month.start for w in departed)
        row.ended_at = None if is_counted(row) else max((w.ended_at for w in departed if w.ended_at), default=None)
    return MonthRows(row, living + departed)


def is_counted(row: Any) -> bool:
    """Whether a listed account is one of the accounts in the totals: it has a workspace, or it pays."""
    return bool(row.workspaces > 0 or row.klass == Klass.PAYING)


def is_part_of(workspace: WorkspaceState, month: Month, at: datetime, used: Used) -> bool:
    """Whether a workspace that is not live at `at` stands in the month all the same, under this account.

    It does when it ended there, and wherever it recorded anything: recorded hours are never erased (DOMAIN 3).
    """
    if not workspace.is_payer(at):
        return False
    ended = workspace.ended_at(at)
    return (ended is not None and ended > month.start) or month.first in used.get(workspace.id, ())


def _account_row(
    facts: rules.AccountFacts,
    month: Month,
    previous: Known | None,
    at: datetime,
    *,
    next_change_at: datetime | None,
    was_handed_off: bool,
) -> AccountRow:
    before = previous.mrr if previous else ZERO
    rule_change = facts.rule_change if previous else ZERO
    had = bool(previous and (previous.had_mrr or previous.mrr > 0 or before + rule_change > 0))
    return AccountRow(
        account_id=facts.id,
        month=month.first,
        is_listed=facts.is_listed,
        ended_at=None,
        fault="",
        klass=facts.klass,
        reason=facts.reason,
        tier=facts.tier,
        tier_rank=RANK[facts.tier],
        tiers=facts.tiers,
        mode=facts.mode,
        status=facts.status,
        cadence=facts.cadence,
        overdue_since=facts.overdue_since,
        discount_kind=facts.discount.kind if facts.discount else "",
        discount_percent=facts.discount.percent if facts.discount else 0,
        discount_end_date=facts.discount.end_date if facts.discount else None,
        workspaces=len(facts.workspaces),
        seats=facts.seats,
        mrr=facts.mrr,
        potential=facts.potential,
        previous_mrr=before,
        rule_change=rule_change,
        movement=rules.calc_movement(before + rule_change, facts.mrr, had, was_handed_off=was_handed_off),
        had_mrr=had,
        manager_id=facts.manager_id,
        rule_version=facts.rule_version,
        next_change_at=next_change_at,
        settled_at=at,
        restated_at=None,
    )


def _living(account_id: int, facts: rules.WorkspaceFacts, month: Month) -> WorkspaceRow:
    grant = facts.effective.grant
    return WorkspaceRow(
        workspace_id=facts.id,
        month=month.first,
        account_id=account_id,
        is_live=True,
        ended_at=None,
        tier=facts.effective.tier,
        base_tier=facts.effective.base,
        grant_kind=grant.kind if grant else "",
        grant_until=grant.end if grant else None,
        discount_kind=facts.discount.kind if facts.discount else "",
        discount_percent=facts.discount.percent if facts.discount else 0,
        discount_end_date=facts.discount.end_date if facts.discount else None,
        seats=facts.seats,
        externals=facts.externals,
        observers=facts.observers,
        cap_seconds=facts.cap_seconds,
    )


def _departed(state: AccountState, workspace: WorkspaceState, month: Month, at: datetime) -> WorkspaceRow:
    """Kept for its hours: nobody sits there, nothing caps it. The tier is the one that it had at its end."""
    ended = workspace.ended_at(at)
    last = ended - TICK if ended else workspace.created_at
    effective = effective_tier(workspace, terms_at(state, last), last)
    return WorkspaceRow(
        workspace_id=workspace.id,
        month=month.first,
        account_id=state.id,
        is_live=False,
        ended_at=ended,
        tier=effective.tier,
        base_tier=effective.base,
        grant_kind="",
        grant_until=None,
        discount_kind="",
        discount_percent=0,
        discount_end_date=None,
        seats=0,
        externals=0,
        observers=0,
        cap_seconds=None,
    )


def build_faulty_row(
    account_id: int, month: Month, fault: str, previous: Known | None, now: datetime, rule_version: int
) -> AccountRow:
    """A month that cannot be worked out: it says so, guesses nothing, and is in no total and no movement."""
    return AccountRow(
        account_id=account_id,
        month=month.first,
        is_listed=True,
        ended_at=None,
        fault=fault[:FAULT_LENGTH],
        klass=Klass.FREE,
        reason={"code": "faulty", "fault": fault[:FAULT_LENGTH]},
        tier="free",
        tier_rank=RANK["free"],
        tiers=[],
        mode=Mode.SELF_SERVE.value,
        status=Status.NONE.value,
        cadence="",
        overdue_since=None,
        discount_kind="",
        discount_percent=0,
        discount_end_date=None,
        workspaces=0,
        seats=0,
        mrr=ZERO,
        potential=ZERO,
        previous_mrr=ZERO,
        rule_change=ZERO,
        movement="",
        had_mrr=bool(previous and (previous.had_mrr or previous.mrr > 0)),
        manager_id=None,
        rule_version=rule_version,
        next_change_at=None,
        settled_at=min(now, month.last_instant),
        restated_at=None,
    )
