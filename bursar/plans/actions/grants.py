"""The time-limited approval: a tier until a day, after which the workspace is on its base tier by itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Outcome, Undo
from bursar.core.calendar import end_of
from bursar.core.days import is_end_of_day, last_day_of, say_end
from bursar.plans import rules, store
from bursar.plans.actions.grants_back import RESTORE_GRANT, keep
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, tell_tier_end, terms_of, why_deleted
from bursar.plans.models import GrantKind, Tier, TierGrant
from bursar.tenants.models import Workspace


def _present(case: Case) -> rules.EffectiveTier:
    workspace = next(w for w in state_of(case).workspaces if w.id == case.target.pk)
    return rules.effective_tier(workspace, terms_of(case), case.now)


class GrantTier(ActionForm):
    tier = forms.ChoiceField(label="Tier", choices=Tier.choices[1:])
    end_date = forms.DateField(
        label="Last day", help_text="Inclusive; on the day after, the workspace is on its base tier again.",
        widget=DayInput(),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].initial = "changemaker" if _present(self.case).base in ("free", "pilot") else "guardian"

    def clean_end_date(self) -> date:
        day: date = self.cleaned_data["end_date"]
        sentence = rules.why_not_end_on(day, self.case.now.date())
        if sentence:
            raise forms.ValidationError(sentence)
        return day


def _why_no_grant(case: Case) -> str | None:
    return why_deleted(case) or rules.why_not_change_tier(terms_of(case))


def _words(tier: str, until: datetime) -> str:
    return f"{Tier(tier).label} until {say_end(until)}"


def _what_follows(case: Case, until: datetime) -> rules.EffectiveTier:
    """What holds once the approval that was just given is over, as far as it is known today."""
    state = state_of(Case(case.actor, case.target, case.now))
    workspace = next(w for w in state.workspaces if w.id == case.target.pk)
    return rules.effective_tier(workspace, rules.terms_at(state, until), until)


@action(
    key="plans.workspace.grant_tier",
    on=Workspace,
    form=GrantTier,
    label="Time-limited tier…",
    group=Group.PLAN,
    done="Tier raised for a time",
    icon="hourglass",
    code="tl",
    formerly=("temporary upgrade", "comp", "extend trial", "free upgrade"),
    help="Puts the workspace on a higher tier until a day, in place of an earlier approval; then it is on what stands "
    "beneath by itself.",
    when="For an approval with an end: a project, a tender, a bridge until the contract is signed. "
    "Use “Change tier” for what should last, and the reverse trial for somebody who wants to try.",
    permission=Right.SET_TIER,
    customer_visible=True,
    concerns_money=False,
    blocked=_why_no_grant,
    refused=lambda case, data: rules.why_not_grant_tier(data["tier"], _present(case), end_of(data["end_date"])),
    tell=EVERYBODY_CONCERNED,
    event="workspace.tier_changed",
    inverse=("plans.workspace.end_grant", "plans.workspace.grant_tier"),
)
def grant_tier(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    present, until = _present(act.case), end_of(data["end_date"])
    words = _words(data["tier"], until)
    store.end_grants([workspace.pk], act.now, GrantKind.APPROVAL.value)  # an approval takes the place of the one before
    store.grant_tier(workspace, data["tier"], GrantKind.APPROVAL.value, until, act.now, act.actor.staff_id)
    then = Tier(_what_follows(act.case, until).tier).label
    before = (
        _words(present.tier, present.grant.end) if present.grant and present.grant.end else Tier(present.tier).label
    )
    return Outcome(
        f"{workspace.name} is on {words}; then on {then}.",
        [Change("Tier", before, words), Change("Then", "", then)],
        {workspace.account_id: None},
        data={"tier_before": present.tier, "tier": data["tier"], **tell_tier_end(until), "lapsed_at": None},
        undo=_undo(present.grant),
    )


def _undo(before: rules.Grant | None) -> Undo | None:
    """What brings back what held before: the earlier approval, where a form can say its end, else what is beneath."""
    if before is None or before.kind != GrantKind.APPROVAL:
        return Undo("plans.workspace.end_grant", {})
    if before.end is None or not is_end_of_day(before.end):
        return None
    last_day = last_day_of(before.end).isoformat()
    return Undo("plans.workspace.grant_tier", {"tier": before.tier, "end_date": last_day})


def _live_approval(case: Case) -> TierGrant | None:
    live = TierGrant.objects.filter(workspace=case.target, kind=GrantKind.APPROVAL)
    found: TierGrant | None = case.once(
        "approval",
        lambda: live.filter(valid_from__lte=case.now, valid_until__gt=case.now).order_by("-valid_from").first(),
    )
    return found


def _why_no_grant_to_end(case: Case) -> str | None:
    return why_deleted(case) or (None if _live_approval(case) else "No time-limited approval is running here.")


@action(
    key="plans.workspace.end_grant",
    on=Workspace,
    label="End time-limited tier…",
    opposite="plans.workspace.grant_tier",
    group=Group.PLAN,
    done="Time-limited tier ended",
    icon="hourglass-off",
    code="eg",
    formerly=("end comp", "stop temporary tier"),
    help="Ends the newest time-limited approval now; what stands beneath it holds again.",
    when="When an approval should end before its day. An approval that runs out needs nothing from you.",
    permission=Right.SET_TIER,
    customer_visible=True,
    concerns_money=False,
    blocked=_why_no_grant_to_end,
    tell=EVERYBODY_CONCERNED,
    event="workspace.tier_changed",
    inverse=(RESTORE_GRANT,),
    takes_away=True,
)
def end_grant(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    grant = _live_approval(act.case)
    assert grant is not None
    kept = keep([grant])
    store.tiers.end_grant(grant, act.now)
    words = _words(grant.tier, grant.planned_until)
    after = _present(Case(act.actor, workspace, act.now))
    return Outcome(
        f"The time-limited approval of {workspace.name} ends now; it is on {Tier(after.tier).label}.",
        [Change("Tier", words, Tier(after.tier).label)],
        {workspace.account_id: None},
        data={"tier_before": grant.tier, "tier": after.tier, **tell_tier_end(None), "lapsed_at": None},
        undo=Undo(RESTORE_GRANT, kept, {"tier": after.tier}),
    )
