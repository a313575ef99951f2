"""Verbs of plans: discounts and tiers."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Notice, Outcome
from bursar.core.calendar import end_of
from bursar.core.dated import replace_from
from bursar.plans import queries, rules, store
from bursar.plans.models import Discount, DiscountKind, PaymentMode, PaymentStatus, Tier
from bursar.tenants.models import BillingAccount, Workspace

EVERYBODY_CONCERNED = (Notice.WORKSPACE_ADMINS, Notice.BILLING)


class DiscountForm(ActionForm):
    kind = forms.ChoiceField(label="Kind", choices=DiscountKind.choices)
    percent = forms.IntegerField(label="Per cent off", min_value=0, max_value=100, help_text="Whole, 0 to 100.")
    end_date = forms.DateField(
        label="Last day", required=False, help_text="Inclusive; empty for no end. A trial discount needs one.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = _discount(self.case)
        if present is not None:
            initial = {"kind": present.kind, "percent": present.percent, "end_date": present.end_date}
            for name, value in initial.items():
                self.fields[name].initial = value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            on_account = isinstance(self.case.target, BillingAccount)
            today = self.case.now.date()
            sentence = rules.why_not_discount(
                data["kind"], data["percent"], data["end_date"], today, on_account=on_account
            )
            if sentence:
                self.add_error("percent" if sentence.startswith("0 %") else "end_date", sentence)
        return data


def _subject(case: Case) -> dict[str, int | None]:
    on_account = isinstance(case.target, BillingAccount)
    return {
        "account_id": case.target.pk if on_account else None,
        "workspace_id": None if on_account else case.target.pk,
    }


def _discount(case: Case) -> Discount | None:
    found: Discount | None = case.once("discount", lambda: queries.get_discount(case.now, **_subject(case)))
    return found


def _words(discount: Discount | None) -> str:
    if discount is None:
        return ""
    return rules.describe_discount(discount.get_kind_display(), discount.percent, discount.end_date)


def _why_same_discount(case: Case, data: Cleaned) -> str | None:
    present = _discount(case)
    wanted = (data["kind"], data["percent"], data["end_date"])
    if present and wanted == (present.kind, present.percent, present.end_date):
        return f"{_words(present)} is what holds already."
    return None


def _why_no_discount(case: Case) -> str | None:
    if _discount(case) is not None:
        return None
    if isinstance(case.target, Workspace) and queries.get_discount(case.now, account_id=case.target.account_id):
        return "The workspace has no discount of its own; the account's holds here."
    return "There is no discount to remove."


def _why_deleted(case: Case) -> str | None:
    return "The workspace was deleted." if case.target.deleted_at is not None else None


def _set_discount(act: Act, data: Cleaned) -> Outcome:
    before = _words(_discount(act.case))
    until = end_of(data["end_date"]) if data["end_date"] else None
    values = {name: data[name] for name in ("kind", "percent", "end_date")}
    made = replace_from(Discount, _subject(act.case), act.now, {**values, "valid_until": until})
    return Outcome(f"{act.case.target} gets {_words(made)}.", [Change("Discount", before, _words(made))])


def _remove_discount(act: Act) -> Outcome:
    before = _words(_discount(act.case))
    replace_from(Discount, _subject(act.case), act.now, None)
    return Outcome(f"The discount of {act.case.target} ends now: {before}.", [Change("Discount", before, "")])


@action(
    key="plans.account.set_discount",
    on=BillingAccount,
    form=DiscountForm,
    label="Discount…",
    icon="discount",
    help="Sets the account's discount at once; it applies to every amount asked or shown from now on.",
    customer_visible=True,
    refused=_why_same_discount,
    tell=EVERYBODY_CONCERNED,
)
def set_account_discount(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    outcome = _set_discount(act, data)
    outcome.touched = {account.pk: None}
    return outcome


@action(
    key="plans.account.remove_discount",
    on=BillingAccount,
    label="Remove discount…",
    icon="discount-off",
    help="Ends the account's discount now; the full price holds from here on.",
    customer_visible=True,
    blocked=_why_no_discount,
    tell=EVERYBODY_CONCERNED,
)
def remove_account_discount(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    outcome = _remove_discount(act)
    outcome.touched = {account.pk: None}
    return outcome


@action(
    key="plans.workspace.set_discount",
    on=Workspace,
    form=DiscountForm,
    label="Discount…",
    icon="discount",
    help="Sets a discount on this workspace alone; it replaces the account's here. 0 % means the full price here.",
    customer_visible=True,
    blocked=_why_deleted,
    refused=_why_same_discount,
    tell=EVERYBODY_CONCERNED,
)
def set_workspace_discount(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    outcome = _set_discount(act, data)
    outcome.touched = {workspace.account_id: None}
    return outcome


@action(
    key="plans.workspace.remove_discount",
    on=Workspace,
    label="Remove discount…",
    icon="discount-off",
    help="Ends this workspace's own discount now; the account's, if any, holds here again.",
    customer_visible=True,
    blocked=_why_no_discount,
    tell=EVERYBODY_CONCERNED,
)
def remove_workspace_discount(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    outcome = _remove_discount(act)
    outcome.touched = {workspace.account_id: None}
    return outcome


class ChangeTier(ActionForm):
    tier = forms.ChoiceField(label="New tier", choices=Tier.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = _present(self.case).tier
        self.fields["tier"].initial = "changemaker" if present in ("free", "pilot") else "free"


def _state(case: Case) -> rules.AccountState:
    state: rules.AccountState = case.once("state", lambda: queries.load_account(case.target.account_id))
    return state


def _present(case: Case) -> rules.EffectiveTier:
    state = _state(case)
    workspace = next(w for w in state.workspaces if w.id == case.target.pk)
    return rules.effective_tier(workspace, rules.terms_at(state, case.now), case.now)


def _why_no_tier_change(case: Case) -> str | None:
    return _why_deleted(case) or rules.why_not_change_tier(rules.terms_at(_state(case), case.now))


def _foresee_tier(case: Case, data: Cleaned) -> list[str]:
    present, catalogue = _present(case), queries.load_catalogue()
    caps = [catalogue.at(tier, case.now).cap_hours for tier in (present.tier, data["tier"])]
    sentences = rules.list_losses(present.tier, data["tier"], caps[0], caps[1])
    if present.grant and present.grant.end:
        kind = "reverse trial" if present.grant.kind == "reverse_trial" else "time-limited approval"
        sentences.append(f"The {kind} that would run until {present.grant.end:%-d %B %Y} ends now.")
    return sentences


@action(
    key="plans.workspace.change_tier",
    on=Workspace,
    form=ChangeTier,
    label="Change tier…",
    icon="arrows-up-down",
    help="Moves the workspace to another tier at once. The customer sees it immediately.",
    permission=Right.SET_TIER,
    customer_visible=True,
    blocked=_why_no_tier_change,
    refused=lambda case, data: rules.why_not_this_tier(data["tier"], _present(case)),
    preview=_foresee_tier,
    tell=EVERYBODY_CONCERNED,
)
def change_tier(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    state, present = _state(act.case), _present(act.case)
    terms = rules.terms_at(state, act.now)
    wanted = Tier(data["tier"])
    changes = [Change("Tier", Tier(present.tier).label, wanted.label)]
    store.set_base_tier(workspace, wanted.value, act.now)
    if store.end_grants(workspace, act.now):
        changes.append(Change("Tier by time-limited grant", Tier(present.tier).label, "ended"))
    sentence = f"{workspace.name} moves from {Tier(present.tier).label} to {wanted.label}."
    if wanted is not Tier.FREE and not rules.has_way_of_paying(terms, act.now):
        store.set_payment_terms(
            workspace.account,
            state,
            act.now,
            mode=PaymentMode.MANAGED,
            status=PaymentStatus.NONE,
            cadence=terms.cadence,
        )
        store.set_base_tier(workspace, wanted.value, act.now)
        changes.append(Change("Payment", "self-serve", "managed"))
        sentence += " The account had no way of paying and becomes managed."
    return Outcome(sentence, changes, {workspace.account_id: None})
