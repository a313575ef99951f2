"""What the clock alone took from an account at an instant: tiers that ran out, discounts that ended. Pure. DOMAIN 2."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from bursar.core.calendar import TICK
from bursar.plans.rules import (
    AccountState,
    Base,
    DiscountRow,
    EffectiveTier,
    Grant,
    WorkspaceState,
    effective_tier,
    terms_at,
)


class TierLapse(NamedTuple):
    """`ends_at`: when the tier that holds now will end too; None: for good."""

    workspace_id: int
    before: str
    after: str
    ends_at: datetime | None


class TierStep(NamedTuple):
    """A live workspace whose effective tier is another one from an instant on, by the clock alone."""

    workspace: WorkspaceState
    before: EffectiveTier
    after: EffectiveTier


class DiscountLapse(NamedTuple):
    """`workspace_id` None: the account's own."""

    workspace_id: int | None
    discount: DiscountRow


def list_tier_steps(account: AccountState, at: datetime) -> list[TierStep]:
    """What the tiers do at `at`, as it is known from the dated state: of an end to come, or of one that was."""
    earlier, found = at - TICK, []
    for workspace in account.workspaces:
        if workspace.is_live(earlier) and workspace.is_live(at):
            before = effective_tier(workspace, terms_at(account, earlier), earlier)
            after = effective_tier(workspace, terms_at(account, at), at)
            if before.tier != after.tier:
                found.append(TierStep(workspace, before, after))
    return found


def list_tier_lapses(account: AccountState, at: datetime, now: datetime) -> list[TierLapse]:
    """Workspaces whose tier is another one since `at`, by the clock alone.

    What a person or an import said at or after `at` was told by them, and rules: such a workspace is left out.
    """
    return [
        TierLapse(ws.id, before.tier, after.tier, after.grant.end if after.grant else None)
        for ws, before, after in list_tier_steps(account, at)
        if not was_set_since(ws, at, now)
    ]


def was_set_since(workspace: WorkspaceState, at: datetime, now: datetime) -> bool:
    """Whether a person or an import said something of its tier at or after `at`."""
    began: Iterable[Base | Grant] = [*workspace.bases, *workspace.grants]
    if any(at <= row.start <= now for row in began):
        return True
    return any(g.end != g.planned_until and g.end is not None and at < g.end <= now for g in workspace.grants)


def list_discount_lapses(account: AccountState, at: datetime, now: datetime) -> list[DiscountLapse]:
    """Discounts whose last day is over at `at`; not those that another one has followed."""
    live = [ws for ws in account.workspaces if ws.is_live(at)]
    found = []
    for workspace_id, rows in [(None, account.discounts), *[(ws.id, ws.discounts) for ws in live]]:
        ended = next((row for row in rows if row.end == at), None)
        if ended is not None and not any(at <= row.start <= now for row in rows):
            found.append(DiscountLapse(workspace_id, ended))
    return found
