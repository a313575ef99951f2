"""The time-limited approval: a tier until a day, after which the workspace is on its base tier by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Outcome, Undo
from bursar.core.calendar import end_of
from bursar.plans import rules, store
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, terms_of, why_deleted
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


def _words(tier: str, until: date) -> str:
    return f"{Tier(tier).label} until {until:%-d %B %Y}"


@action(
    key="plans.workspace.grant_tier",
    on=Workspace,
    form=GrantTier,
    label="Time-limited tier…",
    group=Group.PLAN,
    done="Tier raised for a time",
    icon="hourglass",
    help="Puts the workspace on a higher tier until a day; then it is on its base tier again by itself.",
    when="For an approval with an end: a project, a tender, a bridge until the contract is signed. "
    "Use “Change tier” for what should last, and the reverse trial for somebody who wants to try.",
    permission=Right.SET_TIER,
    customer_visible=True,
    blocked=_why_no_grant,
    refused=lambda case, data: rules.why_not_grant_tier(data["tier"], _present(case), end_of(data["end_date"])),
    tell=EVERYBODY_CONCERNED,
    event="workspace.tier_changed",
    inverse=("plans.workspace.end_grant",),
)
def grant_tier(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    present, words = _present(act.case), _words(data["tier"], data["end_date"])
    until = end_of(data["end_date"])
    store.grant_tier(workspace, data["tier"], GrantKind.APPROVAL.value, until, act.now, act.actor.staff_id)
    return Outcome(
        f"{workspace.name} is on {words}; then on {Tier(present.base).label} again.",
        [Change("Tier", Tier(present.tier).label, words)],
        {workspace.account_id: None},
        data={"tier_before": present.tier, "tier": data["tier"], "ends_at": until.isoformat(), "lapsed_at": None},
        undo=Undo("plans.workspace.end_grant", {}),
    )


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
    group=Group.PLAN,
    done="Time-limited tier ended",
    icon="hourglass-off",
    help="Ends the newest time-limited approval now; what stands beneath it holds again.",
    when="When an approval should end before its day. An approval that runs out needs nothing from you.",
    permission=Right.SET_TIER,
    customer_visible=True,
    blocked=_why_no_grant_to_end,
    tell=EVERYBODY_CONCERNED,
    event="workspace.tier_changed",
)
def end_grant(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    grant = _live_approval(act.case)
    assert grant is not None
    TierGrant.objects.filter(pk=grant.pk).update(valid_until=act.now)
    words = f"{Tier(grant.tier).label} until {grant.planned_until - rules.DAY:%-d %B %Y}"
    after = _present(Case(act.actor, workspace, act.now))
    return Outcome(
        f"The time-limited approval of {workspace.name} ends now; it is on {Tier(after.tier).label}.",
        [Change("Tier", words, Tier(after.tier).label)],
        {workspace.account_id: None},
        data={"tier_before": grant.tier, "tier": after.tier, "ends_at": None, "lapsed_at": None},
    )
