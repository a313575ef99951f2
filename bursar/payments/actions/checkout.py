"""Buying a plan: the customer's checkout, and the offer that staff send to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings

from bursar.access.rights import Own, Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Need, Outcome, Reason, Topic
from bursar.billing.actions.vat_ids import ask_for_checkout, is_asked_at_checkout, take_at_checkout
from bursar.billing.queries import get_details
from bursar.core.days import say_day, say_end
from bursar.core.money import euros
from bursar.payments.actions.levers import (
    LABELS,
    TEAM,
    TOLD,
    asks,
    list_tiers,
    list_words,
    name,
    pay_path,
    plan_of,
    quote_now,
    say_next_charge,
    standing_of,
    tell_charge,
)
from bursar.payments.models import Charge
from bursar.payments.queries import standing as read
from bursar.payments.rules import levers as rules
from bursar.payments.rules.amounts import Quote
from bursar.payments.rules.intervals import end_of_interval
from bursar.payments.states import ChargeKind, ChargeState
from bursar.payments.store import calls, charges, offers
from bursar.plans.actions.shared import state_of
from bursar.plans.models import Cadence, Tier
from bursar.plans.rules import PAID_TIERS, RANK
from bursar.tenants.models import BillingAccount

OFFER_HOLDS = timedelta(days=30)


class PlanForm(ActionForm):
    tier = forms.ChoiceField(label="Plan", choices=Tier.choices)
    cadence = forms.ChoiceField(label="Billed", choices=Cadence.choices, initial=Cadence.YEARLY)

    def offer_tiers(self, tiers: list[str]) -> None:
        """These are shown; any other is refused with a sentence."""
        self.fields["tier"].widget.choices = [(tier, LABELS[tier]) for tier in tiers]  # type: ignore[attr-defined]  # a Select has them


class CheckOut(PlanForm):
    agrees = forms.BooleanField(label="I agree to the terms")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tiers, offer = list_tiers(self.case), read.get_offer(self.case.target.pk, self.case.now)
        self.offer_tiers(tiers)
        self.fields["tier"].initial = offer.tier if offer else next(iter(tiers), None)
        self.fields["cadence"].initial = offer.cadence if offer else Cadence.YEARLY
        version = f", version {settings.BURSAR_TERMS_VERSION}" if settings.BURSAR_TERMS_VERSION else ""
        where = f" They stand at {settings.BURSAR_TERMS_URL}." if settings.BURSAR_TERMS_URL else ""
        self.fields["agrees"].help_text = (
            f"Terms of {settings.BURSAR_COMPANY_NAME}{version}.{where} The plan renews "
            "by itself and you are told before each renewal; seats that come within an interval are charged by the day."
        )


def why_not_sold(case: Case, tier: str) -> str | None:
    if tier in list_tiers(case):
        return None
    return f"{LABELS[tier]} cannot be bought here. Ask {TEAM}."


def _why_not_like_this(case: Case, data: Cleaned) -> str | None:
    sentence = why_not_sold(case, data["tier"])
    if sentence:
        return sentence
    if quote_now(case, data["tier"], data["cadence"]).gross == 0:
        return f"At this price nothing is to pay. {TEAM.capitalize()} sets the plan for you."
    return None


def _foresee(case: Case, data: Cleaned) -> list[str]:
    quote = quote_now(case, data["tier"], data["cadence"])
    again = end_of_interval(case.now, data["cadence"])
    said = list_words(quote, data["cadence"])
    if is_asked_at_checkout(get_details(case.target.pk)):
        said.append("VIES, the register of the EU, is asked about the VAT id when you go on: up to three seconds.")
    said.append(f"It pays until {say_end(again)}; the next charge would be on {say_day(again)}, {euros(quote.gross)}.")
    return said


def matches(charge: Charge, tier: str, cadence: str, quote: Quote) -> bool:
    """Whether what is open is still what would be asked today."""
    return (charge.tier, charge.cadence, charge.seats, charge.gross) == (tier, cadence, quote.seats, quote.gross)


def is_expired(charge: Charge, act: Act) -> bool:
    return charge.expires_at is not None and charge.expires_at <= act.now


@action(
    key="payments.account.check_out",
    on=BillingAccount,
    form=CheckOut,
    label="Buy a plan…",
    opposite="payments.account.cancel_plan",
    done="Checkout begun",
    icon="shopping-cart",
    help="Buys one plan for all workspaces of this account: those below it rise when it is paid, those above it stay.",
    when="For customers: owners, admins and billing people buy a plan by themselves. Staff send them there by “Send "
    "checkout”.",
    permission=Own.PAY,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=True,
    blocked=asks(rules.why_not_check_out),
    refused=_why_not_like_this,
    preview=_foresee,
    prepare=lambda case, data: ask_for_checkout(get_details(case.target.pk)),
    event="checkout.begun",
    in_menu=False,
)
def check_out(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    tier, cadence = data["tier"], data["cadence"]
    told = take_at_checkout(act, account, act.prepared) if act.prepared else []
    quote, there = quote_now(act.case, tier, cadence), read.find_open_checkout(account.pk)
    if there is not None and matches(there, tier, cadence, quote) and not is_expired(there, act):
        made = there
    else:
        if there is not None:
            end_open(act, there)
        made = charges.make(
            account, ChargeKind.FIRST, ChargeState.ASKED, quote, act.now, tier=tier, cadence=cadence,
            terms_version=settings.BURSAR_TERMS_VERSION, agreed_at=act.now, replaces=there,
        )  # fmt: skip
        ask_payment(act, made, "first")
    plan = name(tier, cadence)
    changes = [Change("Plan", "", plan), Change("To pay, with VAT", "", euros(made.gross), concerns_money=True), *told]
    sentence = " ".join([f"The checkout opens next: {plan}, {euros(made.gross)} with VAT.", *quote.decision.remarks])
    return Outcome(sentence, changes, data=tell_charge(made), touches=[made.public_id], next=pay_path(made))


def ask_payment(act: Act, charge: Charge, sequence: str, mandate: str = "") -> None:
    """A person waits for it. `sequence`: first, recurring or oneoff, as Mollie calls them."""
    body = {"charge": charge.public_id, "sequence": sequence, "mandate": mandate}
    calls.put("payment.create", charge.account, body, act.now, is_awaited=True)


def end_open(act: Act, charge: Charge) -> None:
    """Nobody owes it any more; what is open of it at Mollie is cancelled there."""
    charges.put(charge, state=ChargeState.ENDED.value, ended_at=act.now, checkout="")
    for payment in read.list_open_payments(charge):
        calls.put("payment.cancel", charge.account, {"payment": payment.mollie_id}, act.now)


class SendCheckout(PlanForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_tiers(sorted(PAID_TIERS, key=RANK.__getitem__))
        tiers = read.list_self_serve(self.case.now)
        self.fields["tier"].initial = next(iter(tiers), None)
        self.fields["cadence"].initial = plan_of(self.case).cadence


def _why_not_offer(case: Case, data: Cleaned) -> str | None:
    if data["tier"] not in PAID_TIERS:
        return f"{LABELS[data['tier']]} is not sold by the seat."
    standing = standing_of(case)
    if rules.why_not_change_plan(standing) is None:
        return rules.why_not_this_plan(data["tier"], data["cadence"], plan_of(case), ("", ""))
    if quote_now(case, data["tier"], data["cadence"]).gross == 0:
        return "At this price nothing is to pay. Change the tier instead."
    return None


def _need_for_offer(case: Case, data: Cleaned | None) -> Need | None:
    """What customers can choose by themselves anyway, everybody may offer."""
    if data is None or data["tier"] in read.list_self_serve(case.now):
        return None
    return Need(Right.SET_TIER, f"{LABELS[data['tier']]} is not self-serve: offering it decides on a tier.")


def _foresee_offer(case: Case, data: Cleaned) -> list[str]:
    return ["Nothing is charged, and no tier changes, before they accept.", *say_offer(case, data)]


def say_offer(case: Case, data: Cleaned) -> list[str]:
    """What the customer would pay for this plan if they accepted today."""
    tier, cadence, present = data["tier"], data["cadence"], plan_of(case)
    if rules.why_not_change_plan(standing_of(case)) is not None:
        return list_words(quote_now(case, tier, cadence), cadence)
    if rules.is_at_once(tier, cadence, present):
        rest = read.quote_upgrade(case.target, state_of(case), case.now, tier)
        now = f"Accepted today it costs {euros(rest.gross)} with VAT for the rest of the interval."
        return [now, say_next_charge(case, tier=tier)]
    return ["It would hold from the next interval on.", say_next_charge(case, tier=tier, cadence=cadence)]


@action(
    key="payments.account.send_checkout",
    on=BillingAccount,
    form=SendCheckout,
    label="Send checkout…",
    instead="The mail is sent; the offer ends by itself, or is replaced by the next.",
    group=Group.MONEY,
    done="Checkout sent",
    icon="mail-dollar",
    code="sc",
    formerly=("offer upgrade", "upsell", "sell", "invite to pay"),
    help="Offers a plan to the customer: their billing people get a mail that leads to where they accept and pay.",
    when="When somebody wants to buy and asks you, or agreed on a plan that is not self-serve. With a "
    "live subscription they accept a change of plan there. It charges nothing and changes no tier; it stands for 30 "
    "days.",
    permission=Right.ACT,
    needs=_need_for_offer,
    reason=Reason.OPTIONAL,
    customer_visible=True,
    concerns_money=True,
    blocked=asks(rules.why_not_offer),
    refused=_why_not_offer,
    preview=_foresee_offer,
    tell=TOLD,
    topic=Topic.MONEY,
    event="plan.offered",
)
def send_checkout(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    made = offers.make(account, data["tier"], data["cadence"], act.now + OFFER_HOLDS, act.now, act.actor.staff_id)
    plan, words = name(made.tier, made.cadence), " ".join(say_offer(act.case, data))
    changes = [
        Change("Offered", "", plan),
        Change("What it costs", "", words, concerns_money=True),
        Change("To accept", "", f"on the page of {account}, until {say_end(made.until)}"),
    ]
    told = {"tier": made.tier, "cadence": made.cadence, "until": made.until.isoformat()}
    return Outcome(f"{plan} is offered to {account}.", changes, data=told)
