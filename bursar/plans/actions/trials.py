"""The reverse trial: granting it, ending it, and telling people before and when it ends."""

from __future__ import annotations

from datetime import datetime

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Notice, Outcome, Reason, Undo
from bursar.plans import queries, store, trials
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, why_not_by_hand
from bursar.plans.models import ClockTold, GrantEnd, GrantKind, Tier, TierGrant
from bursar.tenants.models import BillingAccount


def _why_no_trial(case: Case) -> str | None:
    sentence = trials.why_not_grant_trial(state_of(case), case.now)
    if sentence:
        return sentence
    last = trials.is_too_soon(state_of(case), case.now)
    if last is not None and not case.actor.can(Right.OVERRIDE):
        return f"The last trial ended on {last:%-d %B %Y}; one in 12 months. You need the right “override” for another."
    return None


def _foresee_trial(case: Case, data: Cleaned) -> list[str]:
    last = trials.is_too_soon(state_of(case), case.now)
    words = ["It reverts by itself; nothing is charged. Three days before the end the customer's admins are told."]
    if last is not None:
        words.append(
            f"The last trial ended on {last:%-d %B %Y}, less than 12 months ago: this uses your right “override”."
        )
    return words


@action(
    key="plans.account.grant_trial",
    on=BillingAccount,
    label="Grant reverse trial…",
    group=Group.PLAN,
    done="Reverse trial granted",
    icon="gift",
    help="One calendar month of Changemaker for every workspace below it, free; it reverts by itself.",
    when=(
        "For a customer on Free who should see what Changemaker is like before paying: nothing is charged, and it "
        "reverts by itself. Not for one who pays already: give a discount, or change the tier. Where only the hours "
        "ran out, reset usage."
    ),
    customer_visible=True,
    blocked=_why_no_trial,
    preview=_foresee_trial,
    tell=EVERYBODY_CONCERNED,
    event="trial.started",
    inverse=("plans.account.end_trial",),
)
def grant_trial(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    until = trials.trial_end(act.now)
    workspaces = [ws for ws, _ in trials.live_workspaces(state_of(act.case), act.now)]
    TierGrant.objects.bulk_create(
        TierGrant(
            workspace_id=ws.id,
            tier=trials.TRIAL_TIER,
            kind=GrantKind.REVERSE_TRIAL,
            valid_from=act.now,
            valid_until=until,
            planned_until=until,
            granted_by_id=act.actor.staff_id,
        )
        for ws in workspaces
    )
    count = f"{len(workspaces)} workspace{'' if len(workspaces) == 1 else 's'}"
    return Outcome(
        f"{account} tries Changemaker in {count}, free, until {until:%-d %B %Y}.",
        [Change("Reverse trial", "", f"Changemaker until {until:%-d %B %Y}"), Change("Workspaces", "", count)],
        {account.pk: None},
        data={"tier": trials.TRIAL_TIER, "ends_at": until.isoformat()},
        undo=Undo("plans.account.end_trial", {}),
    )


def _why_no_trial_to_end(case: Case) -> str | None:
    return None if trials.list_live_trials(state_of(case), case.now) else "No reverse trial is running."


@action(
    key="plans.account.end_trial",
    on=BillingAccount,
    label="End trial now…",
    group=Group.PLAN,
    done="Reverse trial ended",
    icon="gift-off",
    help="Ends the reverse trial at once; every workspace is back on its own tier.",
    when=(
        "When a trial was granted by mistake, or the customer asks to stop early. There is no need for it at the "
        "planned end, which comes by itself, nor when they start to pay."
    ),
    customer_visible=True,
    blocked=_why_no_trial_to_end,
    tell=EVERYBODY_CONCERNED,
    event="trial.ended",
)
def end_trial(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    state = state_of(act.case)
    until = max(g.end for g in trials.list_live_trials(state, act.now) if g.end)
    store.end_grants([ws.id for ws in state.workspaces], act.now, GrantKind.REVERSE_TRIAL)
    changes = [Change("Reverse trial", f"Changemaker until {until:%-d %B %Y}", "ended")]
    told = {"tier": trials.TRIAL_TIER, "ends_at": act.now.isoformat()}
    return Outcome(f"The reverse trial of {account} ends now.", changes, {account.pk: None}, data=told)


class GrantEndForm(ActionForm):
    what = forms.ChoiceField(label="What", choices=GrantEnd.choices)
    ends_at = forms.DateTimeField(label="The grant's end")


def _why_not_told(case: Case, data: Cleaned) -> str | None:
    told = ClockTold.objects.filter(account=case.target, what=data["what"], ends_at=data["ends_at"])
    return "They were told already." if told.exists() else None


@action(
    key="plans.account.tell_grant_end",
    on=BillingAccount,
    form=GrantEndForm,
    label="End of a timed grant",
    done="End of a time-limited tier",
    icon="bell",
    help="Tells the customer's admins, and whoever granted it, that a timed grant ends soon or has ended.",
    when=(
        "Nobody reaches for this one: the clock runs it, three days before a timed grant ends and once at its end. To "
        "see who was told, read the account's timeline."
    ),
    reason=Reason.NONE,
    customer_visible=True,
    blocked=why_not_by_hand,
    refused=_why_not_told,
    tell=(Notice.WORKSPACE_ADMINS, Notice.GRANTER),
    event="trial.ending",
    in_menu=False,
)
def tell_grant_end(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    ends_at: datetime = data["ends_at"]
    grants = queries.list_grants_ending(account.pk, ends_at)
    ClockTold.objects.create(account=account, what=data["what"], ends_at=ends_at, at=act.now)
    kind, tier = (grants[0].kind, Tier(grants[0].tier).label) if grants else (GrantKind.APPROVAL.value, "")
    sentence = trials.due_words(kind, tier, ends_at, is_over=data["what"] == GrantEnd.ENDED)
    of_granters = {g.granted_by_id: g.public_id for g in grants if g.granted_by_id}
    told = {"tier": grants[0].tier if grants else "", "ends_at": ends_at.isoformat()}
    event = f"{'trial' if kind == GrantKind.REVERSE_TRIAL else 'grant'}.{data['what']}"
    return Outcome(
        sentence, [Change("Timed grant", "", sentence)], data=told, event=event, touches=[*of_granters.values()]
    )
