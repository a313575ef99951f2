"""What customers are told ahead: a renewal, a method that is needed, a checkout that is needed again."""

from __future__ import annotations

from django import forms

from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Cleaned, Notice, Outcome
from bursar.core.days import say_day
from bursar.core.money import euros, plain
from bursar.payments.actions.shared import BY_CLOCK, BY_ITSELF, TOLD, by_system, say_money, tell_money
from bursar.payments.models import Charge, Mandate
from bursar.payments.queries.basics import foresee, get_planned, get_usable_mandate
from bursar.payments.queries.due import find_to_ask_again
from bursar.payments.store import charges, subscriptions
from bursar.payments.words import say_by
from bursar.plans.actions.shared import state_of
from bursar.tenants.models import BillingAccount


def _why_not_announce(case: Case, data: Cleaned) -> str | None:
    planned = get_planned(case.target.pk)
    if planned is None:
        return "No renewal is planned."
    return "They were told already." if planned.notice_sent_at else None


@by_system(
    "announce_renewal",
    label="Renewal announced",
    help="Tells billing people of the next charge: amount, day, method, and how to cancel.",
    when=BY_CLOCK + "How many days before is a setting, for yearly and for monthly charges.",
    refused=_why_not_announce,
    tell=TOLD,
    event="renewal.announced",
)
def announce_renewal(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    planned, mandate = get_planned(account.pk), get_usable_mandate(account.pk)
    assert planned is not None and planned.subscription is not None and planned.due_on is not None
    charges.put(planned, notice_sent_at=act.now)
    wanted = planned.subscription.wanted
    sentence = (
        f"{euros(wanted)} for {account} will be charged on {say_day(planned.due_on)}{_say_by(mandate)}, VAT included. "
        "Until then you can use “Cancel plan” or “Change plan” on your page of the account."
    )
    told = {
        "amount_eur": plain(wanted),
        "charged_on": planned.due_on.isoformat(),
        "method": mandate.method if mandate else "",
    }
    return Outcome(sentence, data=told)


def _say_by(mandate: Mandate | None) -> str:
    if mandate is None:
        return ""
    end = f" ending in {mandate.account_end}" if mandate.account_end else ""
    return f"{say_by(mandate.method)}{end}"


class OfCharge(ActionForm):
    charge = forms.CharField(label="Charge", max_length=30)


@by_system(
    "ask_for_method",
    form=OfCharge,
    label="New method asked for",
    help="A charge failed and is not tried again by itself: billing people are asked to pay it, or to give another "
    "way of paying.",
    when=BY_ITSELF + "What is owed stays owed; the customer can pay it at any time.",
    tell=(*TOLD, Notice.MANAGER),
    event="method.needed",
)
def ask_for_method(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    charge = Charge.objects.get(account=account, public_id=data["charge"])
    charges.put(charge, method_asked_at=act.now)
    sentence = f"{say_money(charge)} of {account} is still open. Please pay it, or give a new way of paying."
    return Outcome(sentence, data={**tell_money(charge), "kind": charge.kind})


def _costs_again(case: Case) -> bool:
    former = find_to_ask_again(case.target.pk, case.now)
    quote = foresee(case.target, state_of(case), case.now, cadence=former.cadence) if former else None
    return quote is not None and quote.gross > 0


@by_system(
    "ask_to_check_out",
    label="Checkout asked for",
    help="The plan cost nothing for a while, and costs something again: the customer is asked to check out.",
    when=BY_CLOCK + "Nothing is charged by itself: the former subscription is over.",
    refused=lambda case, data: None if _costs_again(case) else "There is nothing to ask for.",
    tell=(*TOLD, Notice.MANAGER),
    event="checkout.needed",
)
def ask_to_check_out(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    former = find_to_ask_again(account.pk, act.now)
    assert former is not None
    subscriptions.put(former, asked_again_at=act.now)
    quote = foresee(account, state_of(act.case), act.now, cadence=former.cadence)
    sentence = (
        f"The plan of {account} costs something again: {euros(quote.gross)} {former.cadence}, VAT included. "
        "Please check out on your page of the account."
    )
    return Outcome(sentence, data={"amount_eur": plain(quote.gross), "cadence": former.cadence})
