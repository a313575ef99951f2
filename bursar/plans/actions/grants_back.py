"""What was ended before its day runs on: a time-limited approval, a reverse trial. For the rest of its time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Outcome
from bursar.actions.undo import WayBack, find_offer, offer_of
from bursar.core.bounds import read_instant
from bursar.core.days import say_end
from bursar.plans import store, trials
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, tell_tier_end, why_deleted
from bursar.plans.models import GrantKind, Tier, TierGrant
from bursar.tenants.models import BillingAccount, Workspace

RESTORE_GRANT = "plans.workspace.restore_grant"
RESTORE_TRIAL = "plans.account.restore_trial"


def keep(grants: Iterable[TierGrant]) -> dict[str, Any]:
    """What gives these grants again, for the rest of their time."""
    return {
        "grants": [
            {"workspace": one.workspace_id, "tier": one.tier, "until": one.valid_until.isoformat(),
             "by": one.granted_by_id}
            for one in grants
        ]
    }  # fmt: skip


def _until(kept: dict[str, Any]) -> datetime:
    return max(read_instant(one["until"]) for one in kept["grants"])


def _why_over(case: Case, data: Cleaned, key: str) -> str | None:
    made = find_offer(data["line"], case.target.public_id, key)
    return "By now it would have ended by itself." if made and _until(made.data) <= case.now else None


def _give(kept: dict[str, Any], kind: GrantKind, now: datetime) -> None:
    for one in kept["grants"]:
        until = read_instant(one["until"])
        store.tiers.grant_tiers([one["workspace"]], one["tier"], kind.value, until, now, one["by"])


@action(
    key=RESTORE_GRANT,
    on=Workspace,
    form=WayBack,
    label="Go on with the time-limited tier",
    group=Group.PLAN,
    done="Time-limited tier goes on",
    icon="hourglass",
    help="Takes the end of a time-limited approval back: it runs on until the day it was given for.",
    when="When an approval was ended by mistake: within 24 hours, and while its day has not come.",
    permission=Right.SET_TIER,
    customer_visible=True,
    concerns_money=False,
    blocked=why_deleted,
    refused=lambda case, data: _why_over(case, data, RESTORE_GRANT),
    tell=EVERYBODY_CONCERNED,
    event="workspace.tier_changed",
    way_back=True,
    in_menu=False,
)
def restore_grant(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    made = offer_of(act.request)
    tier, until = made.data["grants"][0]["tier"], _until(made.data)
    _give(made.data, GrantKind.APPROVAL, act.now)
    words = f"{Tier(tier).label} until {say_end(until)}"
    return Outcome(
        f"{workspace.name} is on {words} again.",
        [Change("Tier", Tier(made.left["tier"]).label, words)],
        {workspace.account_id: None},
        data={"tier_before": made.left["tier"], "tier": tier, **tell_tier_end(until), "lapsed_at": None},
    )


@action(
    key=RESTORE_TRIAL,
    on=BillingAccount,
    form=WayBack,
    label="Go on with the trial",
    group=Group.PLAN,
    done="Reverse trial goes on",
    icon="gift",
    help="Takes the end of a reverse trial back: it runs on until the day it was granted for.",
    when="When a trial was ended by mistake: within 24 hours, and while its day has not come. It is no second trial.",
    customer_visible=True,
    concerns_money=False,
    refused=lambda case, data: _why_over(case, data, RESTORE_TRIAL),
    tell=EVERYBODY_CONCERNED,
    event="trial.started",
    way_back=True,
    in_menu=False,
)
def restore_trial(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    kept = offer_of(act.request).data
    _give(kept, GrantKind.REVERSE_TRIAL, act.now)
    until = _until(kept)
    return Outcome(
        f"{account} tries Changemaker again, free, until {say_end(until)}.",
        [Change("Reverse trial", "ended", f"Changemaker until {say_end(until)}")],
        {account.pk: None},
        data={"tier": trials.TRIAL_TIER, **tell_tier_end(until)},
    )
