"""Tiers: which one a workspace is on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Loss, Outcome, Undo
from bursar.core.days import say_end
from bursar.plans import queries, rules, store
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, tell_tier_end, terms_of, why_deleted
from bursar.plans.models import PaymentMode, PaymentStatus, Tier
from bursar.tenants.models import Workspace


class ChangeTier(ActionForm):
    tier = forms.ChoiceField(label="New tier", choices=Tier.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leave_open("tier")


def _present(case: Case) -> rules.EffectiveTier:
    state = state_of(case)
    workspace = next(w for w in state.workspaces if w.id == case.target.pk)
    return rules.effective_tier(workspace, terms_of(case), case.now)


def _why_no_tier_change(case: Case) -> str | None:
    return why_deleted(case) or rules.why_not_change_tier(terms_of(case))


def _foresee_tier(case: Case, data: Cleaned) -> list[str]:
    present, catalogue = _present(case), queries.load_catalogue()
    caps = [catalogue.at(tier, case.now).cap_hours for tier in (present.tier, data["tier"])]
    sentences = [Loss(words) for words in rules.list_losses(present.tier, data["tier"], caps[0], caps[1])]
    if present.grant and present.grant.end:
        kind = "reverse trial" if present.grant.kind == "reverse_trial" else "time-limited approval"
        sentences.append(Loss(f"The {kind} that would run until {say_end(present.grant.end)} ends now."))
    return [*sentences, *_foresee_lapse(case, data["tier"])]


def _foresee_lapse(case: Case, tier: str) -> list[str]:
    """Where nothing renews: what counts is what was paid, and the new tier ends with the rest."""
    run = _frozen_run(case)
    if run is None:
        return []
    words = [f"MRR counts what is paid until {say_end(run.end)}, and nothing renews it."]
    lapses_at = _lapses_at(case, tier)
    return [*words, f"It lapses with the rest, after {say_end(lapses_at)}."] if lapses_at else words


def _frozen_run(case: Case) -> rules.Interval | None:
    state, terms = state_of(case), terms_of(case)
    is_frozen = rules.frozen_since(state, terms, case.now) is not None
    return rules.paid_run(state, terms, case.now) if is_frozen else None


def _lapses_at(case: Case, tier: str) -> datetime | None:
    return terms_of(case).lapses_at if tier in rules.PAID_TIERS and _frozen_run(case) else None


@action(
    key="plans.workspace.change_tier",
    on=Workspace,
    form=ChangeTier,
    label="Change tier…",
    group=Group.PLAN,
    done="Tier changed",
    icon="arrows-up-down",
    code="ct",
    formerly=("upgrade", "downgrade", "change plan", "switch plan"),
    help="Moves the workspace to another tier at once. The customer sees it immediately.",
    when=(
        "When the customer has agreed to another tier, up or down, for good. For a look at more, grant a reverse "
        "trial; when only the hours ran out, reset usage. It is off while Mollie charges: the customer changes plan at "
        "checkout, or the account is set managed first. Where there is a pending upgrade request, approve that: the "
        "requester is told."
    ),
    permission=Right.SET_TIER,
    customer_visible=True,
    concerns_money=False,
    blocked=_why_no_tier_change,
    refused=lambda case, data: rules.why_not_this_tier(data["tier"], _present(case)),
    preview=_foresee_tier,
    tell=EVERYBODY_CONCERNED,
    event="workspace.tier_changed",
    inverse=("plans.workspace.change_tier",),
)
def change_tier(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    state, present, terms = state_of(act.case), _present(act.case), terms_of(act.case)
    wanted, lapses_at = Tier(data["tier"]), _lapses_at(act.case, data["tier"])
    sentence = f"{workspace.name} moves from {Tier(present.tier).label} to {wanted.label}."
    changes = [Change("Tier", Tier(present.tier).label, wanted.label)]
    undo: Undo | None = Undo("plans.workspace.change_tier", {"tier": present.base})
    if present.grant and wanted.value == present.tier:
        sentence = f"{workspace.name} stays on {wanted.label} for good."
        changes = [Change("Tier", f"{wanted.label} until {say_end(present.grant.end)}", wanted.label)]
    store.set_base_tier(workspace, wanted.value, act.now, ends_grants=True)
    if present.grant and store.end_grants([workspace.pk], act.now):
        undo = None
        changes.append(Change("Tier by time-limited grant", Tier(present.tier).label, "ended"))
    if lapses_at:
        sentence += f" It lapses with the rest, after {say_end(lapses_at)}."
    if wanted is not Tier.FREE and not rules.has_way_of_paying(state, act.now):
        store.set_payment_terms(
            workspace.account,
            state,
            act.now,
            mode=PaymentMode.MANAGED,
            status=PaymentStatus.NONE,
            cadence=terms.cadence,
        )
        store.set_base_tier(workspace, wanted.value, act.now, ends_grants=True)
        changes.append(Change("Payment", "self-serve", "managed", concerns_money=True))
        undo = None
        sentence += " The account had no way of paying and becomes managed."
    told = {"tier_before": present.tier, "tier": wanted.value, **tell_tier_end(lapses_at), "lapsed_at": None}
    return Outcome(sentence, changes, {workspace.account_id: None}, data=told, undo=undo)
