"""The end of a subscription: asked for by the customer, by staff, or with a refund; and going on after all."""

from __future__ import annotations

from typing import Any

from bursar.access.rights import Own, Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Loss, Outcome, Reason, Topic
from bursar.core.days import say_end, tell_end
from bursar.payments import phrases, queries
from bursar.payments.actions.ending import end_subscription
from bursar.payments.actions.levers import TOLD, asks, name, plan_of, standing_of
from bursar.payments.actions.planning import plan_subscription
from bursar.payments.actions.shared import set_terms
from bursar.payments.rules import levers as rules
from bursar.payments.rules.table import Stand
from bursar.plans.actions.shared import state_of, tell_falls
from bursar.plans.models import PaymentStatus
from bursar.plans.rules import PAID_TIERS
from bursar.plans.states import Status
from bursar.tenants.models import BillingAccount

CANCEL = "payments.account.cancel_subscription"
AT_ONCE = "payments.account.end_at_once"

why_not_end = asks(rules.why_not_cancel)


def why_not_end_now(case: Case) -> str | None:
    """Also what was cancelled already and is paid on."""
    standing = standing_of(case)
    if standing.terms.status == Status.CANCELLED and standing.paid_until:
        return None
    return rules.why_not_cancel(standing)


def end_plan(act: Act, account: BillingAccount, *, at_once: bool) -> Outcome:
    """Mollie charges no more. What is paid is kept until its end, unless it ends at once or is over already."""
    before, high = str(PaymentStatus(standing_of(act.case).terms.status).label), plan_of(act.case).high
    plan = name(high, "")
    ended = end_subscription(act, account, at_once=at_once)
    changes = [Change("Payment", before, str(PaymentStatus.CANCELLED.label), concerns_money=True)]
    if high not in PAID_TIERS:  # its workspaces are gone, or another's
        sentence = "Nothing is charged any more."
    elif ended.lapses_at is not None:
        until = say_end(ended.lapses_at)
        changes.append(Change("Plan", plan, f"{plan} until {until}, then Free"))
        sentence = f"Nothing is charged any more. {plan} stays until {until}."
    else:
        changes.append(Change("Plan", plan, "Free"))
        sentence = "Nothing is charged any more, and the paid plan is over now."
    told = {**tell_end(ended.lapses_at), "tiers": tell_falls(ended.fallen)}
    return Outcome(sentence, changes, {account.pk: None}, data=told)


def _foresee(case: Case, data: Cleaned) -> list[str]:
    standing = standing_of(case)
    said: list[str] = []
    if standing.list_failed():
        said.append("What failed is not tried any more; it can still be paid.")
    if plan_of(case).high not in PAID_TIERS:
        return [*said, "No workspace is on a paid plan any more, so none falls to Free."]
    if standing.paid_until is None:
        said.append(Loss("What was paid is over already: every paid workspace falls to Free now."))
    else:
        said.append(Loss(f"After {say_end(standing.paid_until)} every paid workspace falls to Free."))
        said.append("Until then it can be resumed, and nothing is charged for that.")
    return said


def _declare(verb: str, **words: Any) -> None:
    at_once = words.pop("at_once", False)

    def end(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
        return end_plan(act, account, at_once=at_once)

    action(
        key=f"payments.account.{verb}",
        on=BillingAccount,
        done="Subscription cancelled",
        icon="circle-x",
        customer_visible=True,
        concerns_money=True,
        tell=TOLD,
        topic=Topic.MONEY,
        event="subscription.cancelled",
        takes_away=True,
        **words,
    )(end)


_declare(
    "cancel_plan",
    label="Cancel plan…",
    opposite="payments.account.resume_plan",
    help="Ends the subscription: nothing is charged any more. The plan stays until the end of what is paid.",
    when="For customers who stop. Staff do the same by “Cancel subscription”.",
    permission=Own.PAY,
    reason=Reason.NONE,
    blocked=why_not_end,
    preview=_foresee,
    in_menu=False,
)
_declare(
    "cancel_subscription",
    label="Cancel subscription…",
    instead="Until the end of what is paid the customer can resume it; after that, send a checkout.",
    group=Group.MONEY,
    code="cs",
    formerly=("stop paying", "churn", "unsubscribe"),
    help="Ends the subscription at Mollie at once. The plan stays until the end of what is paid.",
    when="When the customer asks you to stop charging. Before they pay by invoice use “Set managed”, which does this "
    "too. It gives no money back: that is “Refund”.",
    permission=Right.ACT,
    blocked=why_not_end,
    preview=_foresee,
)
_declare(
    "end_at_once",
    label="End the plan at once",
    help="Ends the subscription at Mollie and the plan here, this minute, though it is paid on.",
    when="Never by itself: it goes with a refund for which “end now” was chosen.",
    permission=Right.ACT,
    reason=Reason.NONE,
    blocked=why_not_end_now,
    in_menu=False,
    at_once=True,
)


def _foresee_resume(case: Case, data: Cleaned) -> list[str]:
    mandate = queries.get_usable_mandate(case.target.pk)
    by = f" by {phrases.name_mandate(mandate)}" if mandate else ""
    return [f"Nothing is charged now; the plan goes on{by}."]


@action(
    key="payments.account.resume_plan",
    on=BillingAccount,
    label="Resume plan…",
    opposite="payments.account.cancel_plan",
    done="Subscription resumed",
    icon="player-play",
    help="Goes on with a plan that was cancelled and is still paid for: a new subscription charges when that is over.",
    when="For customers who changed their mind before the end of what they paid.",
    permission=Own.PAY,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=True,
    blocked=asks(rules.why_not_resume),
    preview=_foresee_resume,
    tell=TOLD,
    topic=Topic.MONEY,
    event="subscription.resumed",
    in_menu=False,
)
def resume_plan(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    mandate, terms = queries.get_usable_mandate(account.pk), standing_of(act.case).terms
    assert mandate is not None
    assert terms.paid_until is not None
    start = terms.paid_until.date()
    plan_subscription(act, account, state_of(act.case), terms.cadence, start, mandate.mollie_id)
    to = Stand.PAST_DUE if terms.past_due_since else Stand.ACTIVE
    set_terms(act, account, to, lapses_at=None)
    plan = name(plan_of(act.case).high, terms.cadence)
    changes = [
        Change("Payment", str(PaymentStatus.CANCELLED.label), str(PaymentStatus(to.value).label), concerns_money=True),
        Change("Plan", f"until {say_end(terms.paid_until)}", plan),
    ]
    told = {"next_charge_on": start.isoformat(), "tier": plan_of(act.case).high, "cadence": terms.cadence}
    return Outcome(f"{plan} goes on. Nothing is charged now.", changes, {account.pk: None}, data=told)
