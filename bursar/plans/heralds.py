"""Tells what the clock did to accounts: each lapse once, oldest first, before anything that was done after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bursar.actions.registry import Tell, herald
from bursar.plans import lapses, queries, store
from bursar.plans.ends import EndKind, foresee
from bursar.plans.models import ByClock, Told
from bursar.plans.rules import AccountState
from bursar.tenants.models import BillingAccount, Workspace


@herald("plans")
def tell_lapses(account_ids: list[int], now: datetime, tell: Tell) -> None:
    """One statement when nothing is due. The marks come first: what turns out to need no word is not asked of again."""
    due = queries.list_lapses_due(now, account_ids)
    if not due:
        return
    store.mark_told(ByClock.LAPSED, [(one.account_id, one.at) for one in due], now)
    concerned = {one.account_id for one in due}
    states = queries.load_accounts(concerned)
    accounts = BillingAccount.objects.select_related("organisation").in_bulk(concerned)
    living = Workspace.objects.select_related("account__organisation", "organisation").filter(
        account_id__in=concerned, deleted_at=None
    )
    workspaces = {workspace.pk: workspace for workspace in living}
    told, catalogue = queries.list_told_ends(now, concerned), queries.load_catalogue()
    for one in due:
        for key, target, data in _words(states[one.account_id], one.at, now, accounts[one.account_id], workspaces):
            tell(key, target, data)
        for kind in EndKind:
            is_told = (one.account_id, queries.ENDED[kind].value, one.at) in told
            if not is_told and foresee(kind, states[one.account_id], catalogue, one.at, now):
                data = {"what": Told.ENDED.value, "ends_at": one.at.isoformat()}
                tell(f"plans.account.tell_{kind}_end", accounts[one.account_id], data)


def _words(
    state: AccountState, at: datetime, now: datetime, account: BillingAccount, workspaces: dict[int, Workspace]
) -> Iterable[tuple[str, Any, dict[str, Any]]]:
    """Actions that tell what lapsed at `at`: key, target, data."""
    for tier in lapses.list_tier_lapses(state, at, now):
        if workspace := workspaces.get(tier.workspace_id):
            ends_at = tier.ends_at.isoformat() if tier.ends_at else ""
            tiers = {"tier_before": tier.before, "tier": tier.after, "ends_at": ends_at}
            yield "plans.workspace.tell_tier_lapse", workspace, {**tiers, "lapsed_at": at.isoformat()}
    for ended in lapses.list_discount_lapses(state, at, now):
        target = account if ended.workspace_id is None else workspaces.get(ended.workspace_id)
        if target is not None:
            data = {"kind": ended.discount.kind, "percent": ended.discount.percent, "lapsed_at": at.isoformat()}
            slug = "account" if ended.workspace_id is None else "workspace"
            yield f"plans.{slug}.tell_discount_lapse", target, data
