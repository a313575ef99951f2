"""Managed billing on and off. A mode, not a tier (DOMAIN 7)."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Outcome, Topic
from bursar.core.calendar import end_of
from bursar.core.days import say_day
from bursar.plans import rules, store
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, terms_of
from bursar.plans.models import Cadence, PaymentMode, PaymentStatus
from bursar.tenants.models import BillingAccount, Workspace


class SetManaged(ActionForm):
    cadence = forms.ChoiceField(label="Billed", choices=Cadence.choices, initial=Cadence.YEARLY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cadence"].initial = terms_of(self.case).cadence or Cadence.YEARLY


def _why_not_managed(case: Case) -> str | None:
    return rules.why_not_set_managed(terms_of(case))


@action(
    key="plans.account.set_managed",
    on=BillingAccount,
    form=SetManaged,
    label="Set managed…",
    group=Group.MONEY,
    done="Set to managed billing",
    icon="file-invoice",
    help="Takes the account out of self-serve: it is billed by invoice from here on. Tiers stay as they are.",
    when=(
        "When a customer cannot pay at checkout and needs an invoice: a public body, a purchase order, a bank transfer "
        "only. It is a mode, not a tier: it gives nothing by itself. For more than the present tier, change the tier "
        "too."
    ),
    customer_visible=True,
    concerns_money=True,
    blocked=_why_not_managed,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="account.managed",
)
def set_managed(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    terms = terms_of(act.case)
    paid_until = terms.paid_until if terms.paid_until and terms.paid_until > act.now else None
    store.set_payment_terms(
        account,
        state_of(act.case),
        act.now,
        mode=PaymentMode.MANAGED,
        status=PaymentStatus.NONE,
        cadence=data["cadence"],
        paid_until=paid_until,
    )
    changes = [
        Change("Payment", "self-serve", "managed", concerns_money=True),
        Change("Billed", terms.cadence, data["cadence"], concerns_money=True),
    ]
    sentence = f"{account} is managed now: billed by invoice, {data['cadence']}."
    return Outcome(sentence, changes, {account.pk: None}, data={"cadence": data["cadence"]})


class SetSelfServe(ActionForm):
    keep_until = forms.DateField(
        label="Keep the tiers until", required=False,
        help_text="The last day, inclusive; empty: every paid workspace goes to Free at once.",
        widget=DayInput(),
    )  # fmt: skip

    def clean_keep_until(self) -> Any:
        day = self.cleaned_data["keep_until"]
        sentence = rules.why_not_end_on(day, self.case.now.date()) if day is not None else None
        if sentence:
            raise forms.ValidationError(sentence)
        return day


def _why_not_self_serve(case: Case) -> str | None:
    return None if terms_of(case).mode == PaymentMode.MANAGED else "The account is self-serve already."


def _foresee_self_serve(case: Case, data: Cleaned) -> list[str]:
    if data["keep_until"]:
        return ["On the day after, every paid workspace falls to Free by itself."]
    return ["Time-limited grants end too. Pilots stay: their hours were bought for life."]


@action(
    key="plans.account.set_self_serve",
    on=BillingAccount,
    form=SetSelfServe,
    label="Back to self-serve…",
    group=Group.MONEY,
    done="Set back to self-serve",
    icon="arrow-back-up",
    help="Ends managed billing: to Free at once, or keeping the tiers until a date.",
    when=(
        "When a managed customer stops, or will pay at checkout from now on. Fill in the last day when something is "
        "paid or promised until then; leave it empty only to move every paid workspace to Free this minute."
    ),
    customer_visible=True,
    concerns_money=False,
    blocked=_why_not_self_serve,
    preview=_foresee_self_serve,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="account.self_serve",
)
def set_self_serve(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    state, keep = state_of(act.case), data["keep_until"]
    store.set_payment_terms(
        account,
        state,
        act.now,
        mode=PaymentMode.SELF_SERVE,
        status=PaymentStatus.NONE,
        lapses_at=end_of(keep) if keep else None,
    )
    changes = [Change("Payment", "managed", "self-serve", concerns_money=True)]
    if keep:
        changes.append(Change("Tiers", "", f"kept until {say_day(keep)}"))
        sentence = f"{account} is self-serve again and keeps its tiers until {say_day(keep)}."
        told = {"keeps_tiers_until": keep.isoformat(), "went_to_free": []}
        return Outcome(sentence, changes, {account.pk: None}, data=told)
    paid = [ws.id for ws in state.workspaces if ws.is_live(act.now) and _is_paid(ws, act)]
    fallen = list(Workspace.objects.filter(id__in=paid).order_by("external_id"))
    store.tiers.set_base_tiers([workspace.pk for workspace in fallen], "free", act.now)
    store.end_grants([ws.id for ws in state.workspaces], act.now)
    changes.append(Change("Workspaces that go to Free", "", str(len(fallen))))
    told = {"keeps_tiers_until": None, "went_to_free": [workspace.external_id for workspace in fallen]}
    sentence = f"{account} is self-serve again; {len(fallen)} paid go to Free now."
    return Outcome(sentence, changes, {account.pk: None}, data=told)


def _is_paid(workspace: rules.WorkspaceState, act: Act) -> bool:
    return rules.base_tier(workspace.bases, terms_of(act.case), act.now) in rules.PAID_TIERS
