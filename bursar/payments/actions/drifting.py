"""What staff do about drift: strange subscriptions, another amount than ours, money that nobody expected."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome
from bursar.billing.seller import seller_day
from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.payments.actions.checkout import end_open
from bursar.payments.actions.checkouts import begin
from bursar.payments.actions.levers import standing_of
from bursar.payments.gateway import get_mode
from bursar.payments.models import Charge, Payment, Subscription
from bursar.payments.queries.basics import foresee, get_meant
from bursar.payments.queries.drift import list_loose, list_strays
from bursar.payments.queries.standing import find_open_checkout
from bursar.payments.rules.drift import CHARGES
from bursar.payments.rules.intervals import MOLLIE_CALLS_IT
from bursar.payments.rules.levers import NOT_SET_UP
from bursar.payments.states import CallOp, ChargeKind, ChargeState
from bursar.payments.store import applied, calls, charges, subscriptions
from bursar.plans.actions.shared import state_of, terms_of
from bursar.plans.models import PaymentMode, PaymentStatus
from bursar.tenants.models import BillingAccount

RUNS = (PaymentStatus.ACTIVE.value, PaymentStatus.PAST_DUE.value)


def _strays(case: Case) -> list[Subscription]:
    found: list[Subscription] = case.once("strays", lambda: list(list_strays(case.target.pk)))
    return found


def _why_no_stray(case: Case) -> str | None:
    if get_mode() is None:
        return NOT_SET_UP
    return None if _strays(case) else "Mollie charges this account by nothing but what is meant."


def _say_strays(case: Case, data: Cleaned) -> list[str]:
    return [f"{one} charges {euros(one.amount)} no more." for one in _strays(case)]


@action(
    key="payments.account.end_strays",
    on=BillingAccount,
    label="Cancel stray subscriptions…",
    instead="What ended at Mollie stays ended; the account's own plan goes on.",
    group=Group.MONEY,
    done="Stray subscriptions cancelled",
    icon="circle-off",
    code="st",
    formerly=("duplicate subscriptions",),
    help="Ends at Mollie whatever charges this account beside what is meant. Its own plan stays.",
    when="When Drift shows a subscription that nobody here asked for, or two for one account. Look in Mollie's "
    "dashboard first who made it. It gives no money back: that is “Refund”.",
    permission=Right.ACT,
    blocked=_why_no_stray,
    preview=_say_strays,
    takes_away=True,
)
def end_strays(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    strays = _strays(act.case)
    for one in strays:
        subscriptions.put(one, end_asked_at=act.now)
        calls.put(CallOp.SUBSCRIPTION_CANCEL, account, {"subscription": one.public_id}, act.now)
    changes = [Change("Stray subscription", f"{one}, {euros(one.amount)}", "", private=True) for one in strays]
    return Outcome("Mollie is told to end what nobody meant.", changes, touches=[one.public_id for one in strays])


def _why_as_ours(case: Case) -> str | None:
    if get_mode() is None:
        return NOT_SET_UP
    meant = get_meant(case.target.pk)
    if meant is None or not meant.mollie_id or meant.status not in CHARGES:
        return "Mollie charges this account by no subscription."
    is_ours = meant.amount == meant.wanted and meant.interval == MOLLIE_CALLS_IT.get(meant.cadence, meant.interval)
    return "Mollie has the amount and the interval that are meant." if is_ours else None


def _say_ours(case: Case, data: Cleaned) -> list[str]:
    meant = get_meant(case.target.pk)
    assert meant is not None
    day = f" on {say_day(meant.next_date)}" if meant.next_date else ""
    return [f"The next charge{day} is {euros(meant.wanted)} instead of {euros(meant.amount)}."]


@action(
    key="payments.account.set_as_meant",
    on=BillingAccount,
    label="Set Mollie right…",
    instead="The amount follows seats and discounts; change those.",
    group=Group.MONEY,
    done="Mollie set right",
    icon="equal",
    code="mr",
    formerly=("fix drift", "sync to mollie"),
    help="Tells Mollie the amount and the interval that this account's subscription should have.",
    when="When Drift shows another amount or interval than ours, and ours is right. If Mollie's is, change the plan, "
    "the discount or the seats here instead.",
    permission=Right.ACT,
    blocked=_why_as_ours,
    preview=_say_ours,
)
def set_as_meant(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    meant = get_meant(account.pk)
    assert meant is not None
    calls.put(CallOp.SUBSCRIPTION_UPDATE, account, {"subscription": meant.public_id}, act.now)
    change = Change("Next charge at Mollie", euros(meant.amount), euros(meant.wanted), private=True)
    return Outcome("Mollie is told what is meant.", [change], touches=[meant.public_id])


class StartForm(ActionForm):
    payment = forms.ChoiceField(label="Payment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["payment"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (one.public_id, f"{euros(one.amount)}, {say_day(seller_day(one.dated_at))}") for one in _loose(self.case)
        ]
        if len(field.choices) == 1:
            field.initial = field.choices[0][0]


def _loose(case: Case) -> list[Payment]:
    found: list[Payment] = case.once("loose", lambda: list(list_loose(case.target.pk)))
    return found


def _why_no_start(case: Case) -> str | None:
    if get_mode() is None:
        return NOT_SET_UP
    terms = terms_of(case)
    if terms.mode == PaymentMode.MANAGED:
        return "This account pays by invoice."
    if terms.status in RUNS:
        return "This account pays already: the money would buy the same time twice. Refund it."
    if standing_of(case).find_first_under_way():
        return "A first payment is under way: wait for it, so that nothing is bought twice."
    if not _loose(case):
        return "No money of this account waits for a decision."
    return None if _last_bought(case) else "This account bought nothing before: there is no plan to start again."


def _last_bought(case: Case) -> Charge | None:
    bought = Charge.objects.filter(account=case.target, state=ChargeState.PAID).exclude(tier="").exclude(cadence="")
    return bought.order_by("-settled_at", "-id").first()


def _why_not_with_it(case: Case, data: Cleaned) -> str | None:
    payment = _chosen(case, data)
    last = _last_bought(case)
    assert last is not None
    quote = foresee(case.target, state_of(case), case.now, tier=last.tier, cadence=last.cadence)
    if quote.gross == payment.amount:
        return None
    costs = euros(quote.gross)
    return f"An interval costs {costs} now, and {euros(payment.amount)} arrived. Refund it and send a checkout."


def _chosen(case: Case, data: Cleaned) -> Payment:
    return next(one for one in _loose(case) if one.public_id == data["payment"])


@action(
    key="payments.account.start_interval",
    on=BillingAccount,
    form=StartForm,
    label="Start an interval with it…",
    opposite="payments.account.cancel_subscription",
    group=Group.MONEY,
    done="Interval started with money that arrived",
    icon="player-play",
    code="si",
    formerly=("begin period",),
    help="Takes money that arrived after an end for a new interval of the last plan, with a subscription after it.",
    when="When money arrived after a cancellation and the customer wants to go on. If they do not, refund it. It must "
    "be what an interval costs today, to the cent.",
    permission=Right.ACT,
    customer_visible=True,
    concerns_money=True,
    blocked=_why_no_start,
    refused=_why_not_with_it,
    event="subscription.started",
)
def start_interval(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    payment, last = _chosen(act.case, data), _last_bought(act.case)
    assert last is not None
    quote = foresee(account, state_of(act.case), act.now, tier=last.tier, cadence=last.cadence)
    if (there := find_open_checkout(account.pk)) is not None:
        end_open(act, there)
    charge = charges.make(
        account, ChargeKind.FIRST, ChargeState.ASKED, quote, act.now, tier=last.tier, cadence=last.cadence
    )
    applied.attach(payment, charge)
    outcome = begin(act, account, charge, payment)
    outcome.touches = [*outcome.touches, payment.public_id]
    return outcome
