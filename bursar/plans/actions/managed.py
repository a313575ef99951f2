"""Managed billing on and off. A mode, not a tier (DOMAIN 7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Outcome, Topic, Undo
from bursar.core.calendar import end_of
from bursar.core.days import last_day_of, say_day, say_end
from bursar.plans import rules, store, trials, turning
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, terms_of
from bursar.plans.actions.terms_back import RESTORE_TERMS, undo_terms
from bursar.plans.models import Cadence, DiscountKind, GrantKind, PaymentMode, PaymentStatus, Tier
from bursar.plans.states import Mode
from bursar.tenants.models import BillingAccount, Workspace

CHANGE_TIER = "plans.workspace.change_tier"
CANCEL = "payments.account.cancel_subscription"


class SetManaged(ActionForm):
    cancel = forms.BooleanField(
        label="Cancel the subscription at the end of the paid interval", required=False,
        help_text="It ends at Mollie at once, so that nothing is charged twice. What is paid stays paid.",
    )  # fmt: skip
    cadence = forms.ChoiceField(label="Billed", choices=Cadence.choices, initial=Cadence.YEARLY)
    keep_tier = forms.BooleanField(
        label="Keep the trial's tier for good", required=False,
        help_text="Ends the reverse trial now: what is on it stays on its tier. Needs the right to change tiers.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cadence"].initial = terms_of(self.case).cadence or Cadence.YEARLY
        if not _list_on_trial(self.case):
            del self.fields["keep_tier"]
        if not rules.is_charging(terms_of(self.case)):
            del self.fields["cancel"]


def _list_on_trial(case: Case) -> list[tuple[rules.WorkspaceState, rules.EffectiveTier]]:
    """Live workspaces that a reverse trial lifts above their own tier."""
    places = trials.live_workspaces(state_of(case), case.now)
    return [(ws, tier) for ws, tier in places if tier.grant and tier.grant.kind == GrantKind.REVERSE_TRIAL]


def _why_not_managed(case: Case) -> str | None:
    return rules.why_not_set_managed(terms_of(case))


def _why_not_beside(case: Case, data: Cleaned) -> str | None:
    return rules.why_not_managed_beside(terms_of(case), bool(data.get("cancel")))


def _foresee_managed(case: Case, data: Cleaned) -> list[str]:
    """Being managed gives no tier by itself: what a trial gives, or takes off the price, goes with it."""
    words, paid_until = [], terms_of(case).paid_until
    is_pending = terms_of(case).status == PaymentStatus.PENDING
    if data.get("cancel") and not is_pending:
        paid = f"; the first invoice is for what begins after {say_end(paid_until)}" if paid_until else ""
        words.append(f"The subscription ends at Mollie now{paid}.")
    on_trial = _list_on_trial(case)
    if on_trial and not data.get("keep_tier"):
        until = max(tier.grant.end for _, tier in on_trial if tier.grant and tier.grant.end)
        lower = sorted({Tier(tier.base).label for _, tier in on_trial})
        words.append(f"The reverse trial goes on until {say_end(until)}; then it is {' and '.join(lower)} again.")
    state = state_of(case)
    for rows in (state.discounts, *(ws.discounts for ws, _ in trials.live_workspaces(state, case.now))):
        row = rules.live(rows, case.now)
        if row is not None and row.kind == DiscountKind.TRIAL:
            words.append(f"The trial discount of {row.percent} % goes on until {say_end(row.end)}; then it is over.")
    return [*words, *turning.foresee(case.target, Mode.MANAGED, case.now)]


@action(
    key="plans.account.set_managed",
    on=BillingAccount,
    form=SetManaged,
    label="Set managed…",
    opposite="plans.account.set_self_serve",
    group=Group.MONEY,
    done="Set to managed billing",
    icon="building-bank",
    code="sm",
    formerly=("pay by invoice", "enterprise", "bank transfer"),
    help="Takes the account out of self-serve: it is billed by invoice from here on. Tiers stay as they are.",
    when=(
        "When a customer cannot pay at checkout and needs an invoice: a public body, a purchase order, a bank transfer "
        "only. It is a mode, not a tier: it gives nothing by itself. For more than the present tier, change the tier "
        "too. During a reverse trial, tick that its tier is kept when that is agreed: else the trial ends as planned."
    ),
    customer_visible=True,
    concerns_money=True,
    blocked=_why_not_managed,
    refused=_why_not_beside,
    preview=_foresee_managed,
    calls=(CHANGE_TIER, CANCEL),
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="account.managed",
    inverse=(RESTORE_TERMS,),
)
def set_managed(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    terms = terms_of(act.case)
    kept = {ws.id: tier.tier for ws, tier in _list_on_trial(act.case)} if data.get("keep_tier") else {}
    undo = None if kept or data.get("cancel") else _undo_managed(act.case, terms)
    if data.get("cancel") and terms.status != PaymentStatus.PENDING:  # then there is none yet, and the checkout ends
        act.also(CANCEL, account, {})
        act.case.cache.clear()  # what was read before is not so any more
    store.set_payment_terms(
        account,
        state_of(act.case),
        act.now,
        mode=PaymentMode.MANAGED,
        status=PaymentStatus.NONE,
        cadence=data["cadence"],
        paid_until=_paid_on(terms, act),
    )
    for workspace in Workspace.objects.filter(id__in=kept).order_by("id"):
        act.also(CHANGE_TIER, workspace, {"tier": kept[workspace.pk]})
    changes = [
        Change("Payment", "self-serve", "managed", concerns_money=True),
        Change("Billed", terms.cadence, data["cadence"], concerns_money=True),
    ]
    sentence = f"{account} is managed now: billed by invoice, {data['cadence']}."
    return Outcome(sentence, changes, {account.pk: None}, data={"cadence": data["cadence"]}, undo=undo)


def _undo_managed(case: Case, before: rules.Terms) -> Undo | None:
    """None where something of self-serve ends with it: a checkout, an offer, a link. That comes back by nothing."""
    return None if turning.foresee(case.target, Mode.MANAGED, case.now) else undo_terms(before, PaymentMode.MANAGED)


def _paid_on(terms: rules.Terms, act: Act) -> datetime | None:
    """What Mollie was paid for runs on in either mode."""
    return terms.paid_until if terms.paid_until and terms.paid_until > act.now else None


class SetSelfServe(ActionForm):
    keep_until = forms.DateField(
        label="Keep the tiers until", required=False,
        help_text="The last day, inclusive; the last one that is paid stands here. Empty: everything ends at once.",
        widget=DayInput(),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        run = _paid_run(self.case)
        self.fields["keep_until"].initial = last_day_of(run.end) if run else None

    def clean_keep_until(self) -> Any:
        day = self.cleaned_data["keep_until"]
        sentence = rules.why_not_end_on(day, self.case.now.date()) if day is not None else None
        if sentence:
            raise forms.ValidationError(sentence)
        return day


def _why_not_self_serve(case: Case) -> str | None:
    return None if rules.is_managed(terms_of(case)) else "The account is self-serve already."


def _paid_run(case: Case) -> rules.Interval | None:
    return rules.paid_run(state_of(case), terms_of(case), case.now)


def _foresee_self_serve(case: Case, data: Cleaned) -> list[str]:
    run = _paid_run(case)
    words = ["Time-limited grants end too. Pilots stay: their hours were bought for life."]
    paid = f"What is paid until {say_end(run.end)} counts no more from now on: it is churn." if run else ""
    if data["keep_until"]:
        words = ["On the day after, every paid workspace falls to Free by itself."] if _list_paid(case) else []
        paid = f"MRR counts what is paid, until {say_end(run.end)}." if run else ""
    return [*words, *([paid] if paid else []), *turning.foresee(case.target, Mode.SELF_SERVE, case.now)]


@action(
    key="plans.account.set_self_serve",
    on=BillingAccount,
    form=SetSelfServe,
    label="Back to self-serve…",
    opposite="plans.account.set_managed",
    group=Group.MONEY,
    done="Set back to self-serve",
    icon="arrow-back-up",
    code="ss",
    formerly=("pay by card", "unmanaged"),
    help="Ends managed billing: to Free at once, or keeping the tiers until a date.",
    when=(
        "When a managed customer stops, or will pay at checkout from now on. Keep the last day that is paid, or fill "
        "in one that was promised; leave it empty only to end everything this minute: then MRR ends too, paid or not."
    ),
    customer_visible=True,
    concerns_money=False,
    blocked=_why_not_self_serve,
    preview=_foresee_self_serve,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="account.self_serve",
    inverse=(RESTORE_TERMS,),
    takes_away=True,
)
def set_self_serve(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    state, keep = state_of(act.case), data["keep_until"]
    undo = undo_terms(terms_of(act.case), PaymentMode.SELF_SERVE)
    store.set_payment_terms(
        account,
        state,
        act.now,
        mode=PaymentMode.SELF_SERVE,
        status=PaymentStatus.NONE,
        paid_until=_paid_on(terms_of(act.case), act) if keep else None,
        lapses_at=end_of(keep) if keep else None,
        ends_paid=keep is None,
    )
    changes = [Change("Payment", "managed", "self-serve", concerns_money=True)]
    if keep:
        changes.append(Change("Tiers", "", f"kept until {say_day(keep)}"))
        sentence = f"{account} is self-serve again and keeps its tiers until {say_day(keep)}."
        told = {"keeps_tiers_until": keep.isoformat(), "went_to_free": []}
        return Outcome(sentence, changes, {account.pk: None}, data=told, undo=undo)
    fallen = list(Workspace.objects.filter(id__in=_list_paid(act.case)).order_by("external_id"))
    store.tiers.set_base_tiers([workspace.pk for workspace in fallen], "free", act.now)
    store.end_grants([ws.id for ws in state.workspaces], act.now)
    changes.append(Change("Workspaces that go to Free", "", str(len(fallen))))
    told = {"keeps_tiers_until": None, "went_to_free": [workspace.external_id for workspace in fallen]}
    sentence = f"{account} is self-serve again{_say_fallen(len(fallen))}."
    return Outcome(sentence, changes, {account.pk: None}, data=told)


def _list_paid(case: Case) -> list[int]:
    """The live workspaces whose base tier is a paid one."""
    live = [workspace for workspace in state_of(case).workspaces if workspace.is_live(case.now)]
    terms = terms_of(case)
    return [one.id for one in live if rules.base_tier(one.bases, terms, case.now) in rules.PAID_TIERS]


def _say_fallen(number: int) -> str:
    if not number:
        return ""
    return f"; {number} paid workspaces go to Free now" if number > 1 else "; its paid workspace goes to Free now"
