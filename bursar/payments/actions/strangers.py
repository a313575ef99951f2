"""What is at Mollie and belongs to no account here: ended, or taken over by the account whose customer it is."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason
from bursar.core.calendar import midnight
from bursar.core.days import say_day
from bursar.core.errors import Refused
from bursar.core.money import euros
from bursar.payments.actions.planning import plan_next
from bursar.payments.actions.shared import say_status, set_terms
from bursar.payments.gateway import get_mode
from bursar.payments.models import MollieCustomer, Subscription
from bursar.payments.queries.basics import foresee, get_meant
from bursar.payments.queries.drift import list_told_of
from bursar.payments.queries.past import CADENCES
from bursar.payments.queries.strangers import list_strangers, name_strangers
from bursar.payments.rules.amounts import Quote
from bursar.payments.rules.drift import CHARGES
from bursar.payments.rules.levers import NOT_SET_UP
from bursar.payments.rules.table import Stand
from bursar.payments.states import CallOp
from bursar.payments.store import adopting, calls
from bursar.plans.actions.shared import state_of, terms_of
from bursar.plans.models import PaymentMode, PaymentStatus
from bursar.tenants.models import BillingAccount

NO_PAST = "Months that are closed stay as they are."


def _why_not_end(case: Case) -> str | None:
    one: Subscription = case.target
    if get_mode() is None:
        return NOT_SET_UP
    if one.account_id is not None:
        return "It belongs to an account: end it there."
    if one.status not in CHARGES:
        return "It charges nobody any more."
    return "Mollie is being told to end it." if list_told_of(one.public_id).exists() else None


@action(
    key="payments.subscription.end",
    on=Subscription,
    label="End at Mollie…",
    instead="What ended at Mollie stays ended; send a checkout to an account.",
    group=Group.MONEY,
    done="Subscription ended",
    icon="circle-off",
    code="en",
    formerly=("cancel subscription",),
    help="Ends a subscription at Mollie whose customer has no account here.",
    when="When Drift shows one that nobody knows, and it is no customer of yours. If it is one, open their account and "
    "use “Take over from Mollie”. Look in Mollie's dashboard first who made it.",
    permission=Right.ACT,
    blocked=_why_not_end,
    preview=lambda case, data: [f"{case.target} charges {euros(case.target.amount)} no more."],
    takes_away=True,
)
def end(act: Act, one: Subscription, data: Cleaned) -> Outcome:
    calls.put(CallOp.SUBSCRIPTION_CANCEL, None, {"subscription": one.public_id}, act.now)
    change = Change("Unknown subscription", f"{one}, {euros(one.amount)}", "", private=True)
    return Outcome("Mollie is told to end what nobody here knows.", [change])


class TakeForm(ActionForm):
    customer = forms.ChoiceField(label="Customer at Mollie")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["customer"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "choose…"), *name_strangers()]


def _why_not_take(case: Case) -> str | None:
    mode = get_mode()
    if mode is None:
        return NOT_SET_UP
    if terms_of(case).mode == PaymentMode.MANAGED:
        return "This account pays by invoice."
    if MollieCustomer.objects.filter(account=case.target, mode=mode.value).exists():
        return "This account has a customer at Mollie already."
    if get_meant(case.target.pk) is not None:
        return "This account has a subscription already."
    return None if list_strangers().exists() else "Every customer at Mollie has an account here."


def _living(customer_id: str) -> Subscription | None:
    """The newest that charges by an interval that we sell."""
    known = Subscription.objects.filter(customer__mollie_id=customer_id, status__in=CHARGES, interval__in=CADENCES)
    return known.order_by("-created_at").first()


def _foresee(case: Case, data: Cleaned) -> list[str]:
    one = _living(data["customer"])
    if one is None:
        return ["Mollie charges this customer by no subscription. What they paid stands at the account from now on."]
    return [f"The amount follows seats and prices here: {euros(_price(case, one).gross)} as they are today.", NO_PAST]


def _price(case: Case, one: Subscription) -> Quote:
    return foresee(case.target, state_of(case), case.now, cadence=CADENCES[one.interval])


def _why_worth_nothing(case: Case, data: Cleaned) -> str | None:
    """The amount follows what is had here: of nothing the subscription would end with what is paid."""
    one = _living(data["customer"])
    if one is None or _price(case, one).gross > 0:
        return None
    return "Nothing here costs anything, so the subscription would end. Change the tier first to what they pay for."


@action(
    key="payments.account.take_customer",
    on=BillingAccount,
    form=TakeForm,
    label="Take over from Mollie…",
    instead="What was taken over stays with the account.",
    group=Group.MONEY,
    done="Customer taken over",
    icon="link-plus",
    code="tm",
    formerly=("link customer", "migrate"),
    help="Says whose a customer at Mollie is that has no account here: subscription and payments come with it.",
    when="When Drift shows a subscription that nobody here asked for, and it is this account's. For a whole company at "
    "once use `bursar payments sync --from`, which works out the past as well.",
    permission=Right.ACT,
    customer_visible=True,
    concerns_money=True,
    reason=Reason.REQUIRED,
    blocked=_why_not_take,
    refused=_why_worth_nothing,
    preview=_foresee,
    event="subscription.started",
)
def take_customer(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    free = MollieCustomer.objects.select_for_update(no_key=True).filter(account=None)
    customer = free.filter(mollie_id=data["customer"]).first()
    if customer is None:
        raise Refused("Somebody took this customer over a moment ago.")
    before, one = terms_of(act.case), _living(customer.mollie_id)
    adopting.give(customer, account, act.now)
    changes = [Change("Customer at Mollie", "", customer.mollie_id, private=True)]
    if one is None:
        return Outcome(f"Mollie's customer {customer.mollie_id} is {account}'s now.", changes)
    one.refresh_from_db()
    cadence = CADENCES[one.interval]
    adopting.mean(one, cadence, act.now)
    one.refresh_from_db()
    until = midnight(one.next_date or one.start_date)
    set_terms(act, account, Stand.ACTIVE, cadence=cadence, paid_until=until, past_due_since=None, lapses_at=None)
    plan_next(one, act.now)
    changes.append(say_status(before.status, PaymentStatus.ACTIVE))
    sentence = f"Mollie charges {account} {euros(one.amount)} next, on {say_day(until.date())}."
    return Outcome(sentence, changes, {account.pk: None}, touches=[one.public_id])
