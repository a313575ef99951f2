"""Writing dated plan state. Called by actions only, under the account's lock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from bursar.core.dated import replace_from
from bursar.plans.models import BaseTier, ClockTold, PaymentTerms, TierGrant
from bursar.plans.rules import AccountState, base_tier, live, terms_at
from bursar.tenants.models import BillingAccount, Workspace


def mark_told(what: str, ends: Collection[tuple[int, datetime]], now: datetime, *, is_quiet: bool = False) -> None:
    """That people or the product were told of these ends (account, instant); or that there is nothing to tell."""
    marks = [ClockTold(account_id=pk, what=what, ends_at=at, at=now, is_quiet=is_quiet) for pk, at in ends]
    ClockTold.objects.bulk_create(
        marks, update_conflicts=True, unique_fields=["account", "what", "ends_at"], update_fields=["at", "is_quiet"]
    )


def set_base_tier(workspace: Workspace, tier: str, now: datetime) -> None:
    replace_from(BaseTier, {"workspace": workspace}, now, {"tier": tier})


def end_grants(workspace_ids: Collection[int], now: datetime, kind: str = "") -> int:
    """Ends every live grant of these workspaces now, or those of one kind. Returns how many there were."""
    live = TierGrant.objects.filter(workspace_id__in=workspace_ids, valid_from__lte=now, valid_until__gt=now)
    return (live.filter(kind=kind) if kind else live).update(valid_until=now)


def grant_tier(workspace: Workspace, tier: str, kind: str, until: datetime, now: datetime, by: int | None) -> None:
    """A tier on top of the base until an instant; one that began in this very instant is replaced."""
    TierGrant.objects.filter(workspace=workspace, valid_from=now).delete()
    TierGrant.objects.create(
        workspace=workspace,
        tier=tier,
        kind=kind,
        valid_from=now,
        valid_until=until,
        planned_until=until,
        granted_by_id=by,
    )


def set_payment_terms(account: BillingAccount, state: AccountState, now: datetime, **values: Any) -> None:
    """Replaces the payment terms from `now`; what lapsed under the old ones is written down first, and stays lapsed."""
    old = terms_at(state, now)
    for workspace in state.workspaces:
        stored = live(workspace.bases, now)
        if stored is not None and base_tier(workspace.bases, old, now) != stored.tier:
            replace_from(BaseTier, {"workspace_id": workspace.id}, now, {"tier": base_tier(workspace.bases, old, now)})
    replace_from(PaymentTerms, {"account": account}, now, values)
