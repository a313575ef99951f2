"""The reverse trial: granting it and ending it."""

from __future__ import annotations

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Need, Outcome, Undo
from bursar.core.days import say_end
from bursar.plans import store, trials
from bursar.plans.actions.grants_back import RESTORE_TRIAL, keep
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, tell_falls, tell_tier_end
from bursar.plans.models import GrantKind
from bursar.tenants.models import BillingAccount


def _why_no_trial(case: Case) -> str | None:
    return trials.why_not_grant_trial(state_of(case), case.now)


def _need_override(case: Case, data: Cleaned | None) -> Need | None:
    """For a second trial within a year; where none can be granted at all, that is what is said."""
    last = None if _why_no_trial(case) else trials.find_recent_end(state_of(case), case.now)
    return Need(Right.OVERRIDE, f"The last trial ended on {say_end(last)}; one in 12 months.") if last else None


def _foresee_trial(case: Case, data: Cleaned) -> list[str]:
    last = trials.find_recent_end(state_of(case), case.now)
    words = ["It reverts by itself; nothing is charged. Three days before the end the customer's admins are told."]
    if last is not None:
        words.append(
            f"The last trial ended on {say_end(last)}, less than 12 months ago: this uses your right “override”."
        )
    return words


@action(
    key="plans.account.grant_trial",
    on=BillingAccount,
    label="Grant reverse trial…",
    group=Group.PLAN,
    done="Reverse trial granted",
    icon="gift",
    code="gt",
    formerly=("free trial", "start trial", "comp"),
    help="One calendar month of Changemaker for every workspace below it, free; it reverts by itself.",
    when=(
        "For a customer on Free who should see what Changemaker is like before paying: nothing is charged, and it "
        "reverts by itself. Not for one who pays already: give a discount, or change the tier. Where only the hours "
        "ran out, reset usage."
    ),
    customer_visible=True,
    concerns_money=False,
    needs=_need_override,
    blocked=_why_no_trial,
    preview=_foresee_trial,
    tell=EVERYBODY_CONCERNED,
    event="trial.started",
    inverse=("plans.account.end_trial",),
)
def grant_trial(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    until = trials.trial_end(act.now)
    workspaces = [ws for ws, _ in trials.live_workspaces(state_of(act.case), act.now)]
    kind, ids = GrantKind.REVERSE_TRIAL.value, [ws.id for ws in workspaces]
    store.tiers.grant_tiers(ids, trials.TRIAL_TIER, kind, until, act.now, act.actor.staff_id)
    count = f"{len(workspaces)} workspace{'' if len(workspaces) == 1 else 's'}"
    return Outcome(
        f"{account} tries Changemaker in {count}, free, until {say_end(until)}.",
        [Change("Reverse trial", "", f"Changemaker until {say_end(until)}"), Change("Workspaces", "", count)],
        {account.pk: None},
        data={"tier": trials.TRIAL_TIER, **tell_tier_end(until)},
        undo=Undo("plans.account.end_trial", {}),
    )


def _why_no_trial_to_end(case: Case) -> str | None:
    return None if trials.list_live_trials(state_of(case), case.now) else "No reverse trial is running."


@action(
    key="plans.account.end_trial",
    on=BillingAccount,
    label="End trial now…",
    opposite="plans.account.grant_trial",
    group=Group.PLAN,
    done="Reverse trial ended",
    icon="gift-off",
    code="et",
    formerly=("stop trial", "cancel trial"),
    help="Ends the reverse trial at once; every workspace is back on its own tier.",
    when=(
        "When a trial was granted by mistake, or the customer asks to stop early. There is no need for it at the "
        "planned end, which comes by itself, nor when they start to pay."
    ),
    customer_visible=True,
    concerns_money=False,
    blocked=_why_no_trial_to_end,
    tell=EVERYBODY_CONCERNED,
    event="trial.ended",
    inverse=(RESTORE_TRIAL,),
    takes_away=True,
)
def end_trial(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    state = state_of(act.case)
    until = max(g.end for g in trials.list_live_trials(state, act.now) if g.end)
    live = store.tiers.list_live_grants([ws.id for ws in state.workspaces], GrantKind.REVERSE_TRIAL, act.now)
    undo = Undo(RESTORE_TRIAL, keep(live))
    store.end_grants([ws.id for ws in state.workspaces], act.now, GrantKind.REVERSE_TRIAL)
    changes = [Change("Reverse trial", f"Changemaker until {say_end(until)}", "ended")]
    before = {ws.id: tier.tier for ws, tier in trials.live_workspaces(state, act.now)}
    after = trials.live_workspaces(state_of(Case(act.actor, account, act.now)), act.now)
    falls = tell_falls((ws.id, before[ws.id], tier.tier) for ws, tier in after if before[ws.id] != tier.tier)
    told = {"tier": trials.TRIAL_TIER, **tell_tier_end(act.now), "tiers": falls}
    return Outcome(f"The reverse trial of {account} ends now.", changes, {account.pk: None}, data=told, undo=undo)
