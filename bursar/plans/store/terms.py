"""How accounts pay: mode, status, cadence, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bursar.core.dated import Point, merge_points, replace_from
from bursar.plans.models import PaymentTerms
from bursar.plans.rules import AccountState, base_tier, live, terms_at
from bursar.plans.states import Mode
from bursar.plans.store.tiers import set_base_tiers
from bursar.plans.turning import leave_self_serve
from bursar.tenants.models import BillingAccount, WorkspaceAccount
from bursar.tenants.store import Written


def set_payment_terms(account: BillingAccount, state: AccountState, now: datetime, **values: Any) -> None:
    """Replaces the payment terms from `now`; what lapsed under the old ones is written down first, and stays lapsed. An
    account that becomes managed leaves what self-serve had open (`plans/turning.py`).
    """
    old = terms_at(state, now)
    for workspace in state.workspaces:
        stored, present = live(workspace.bases, now), base_tier(workspace.bases, old, now)
        if stored is not None and present != stored.tier:
            set_base_tiers([workspace.id], present, now)
    replace_from(PaymentTerms, {"account": account}, now, values)
    if values.get("mode") == Mode.MANAGED and old.mode != Mode.MANAGED:
        leave_self_serve(account, now)


def foresee_terms(account: BillingAccount, at: datetime, **values: Any) -> None:
    """Terms that will hold from `at` on by the clock alone, unless somebody says something else before."""
    replace_from(PaymentTerms, {"account": account}, at, values)


def take_history(points: Iterable[Point]) -> Written:
    """Subjects are (account,). Tiers lapse with the terms, so the usage of all workspaces is looked at again."""
    changed = {account: at for (account,), at in merge_points(PaymentTerms, ("account_id",), points).items()}
    bound = WorkspaceAccount.objects.filter(account_id__in=changed)
    return Written(accounts=changed, recount=set(bound.values_list("workspace_id", flat=True)))
