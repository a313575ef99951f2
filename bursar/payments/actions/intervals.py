"""What news of renewals and of other charges mean: under way, paid, failed, taken back, given back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from bursar.actions.run import Act
from bursar.actions.spec import Change, Outcome
from bursar.core.days import say_day, say_end
from bursar.payments.actions.checkouts import book_period, pin_lines, raise_tiers, settle_charge
from bursar.payments.actions.planning import foresee_end, move_to_mandate, plan_next
from bursar.payments.actions.shared import (
    BY_ITSELF,
    KEY,
    TOLD,
    Found,
    by_payment,
    charge_of,
    say_money,
    say_paid_until,
    say_status,
    set_terms,
    tell_money,
    tell_paid_until,
)
from bursar.payments.models import Charge, Payment
from bursar.payments.queries.basics import get_meant, get_usable_mandate
from bursar.payments.rules.retries import plan_try
from bursar.payments.rules.table import INTERVALS, Stand, Verb
from bursar.payments.states import ChargeKind, ChargeState, PaymentState
from bursar.payments.store import charges, links
from bursar.payments.words import may_pass, say_reason
from bursar.plans import store
from bursar.plans.actions.shared import terms_of
from bursar.plans.queries import load_catalogue
from bursar.tenants.models import BillingAccount

ARRIVE = KEY.format("arrive_at_plan")
ASK_METHOD = KEY.format("ask_for_method")


def _go_on(act: Act, charge: Charge) -> None:
    last = plan_next(charge.subscription, act.now) if charge.subscription is not None else None
    if last == charge:
        charge.interval_until = last.interval_until


@by_payment(
    Verb.NOTE_UNDER_WAY,
    label="Payment under way",
    help="A payment waits for the customer, or for the bank. That is no fault: a direct debit takes days.",
    when=BY_ITSELF + "There is nothing to do until it is paid or has failed.",
)
def note_under_way(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge, payment = charge_of(found), found.payment
    is_open = payment.status == PaymentState.OPEN
    more: dict[str, Any] = {"checkout": payment.checkout, "expires_at": payment.expires_at} if is_open else {}
    charges.put(charge, state=ChargeState.OPEN if is_open else ChargeState.UNDER_WAY, **more)
    _go_on(act, charge)
    words = "waits for the customer" if is_open else "is under way"
    return Outcome(f"{say_money(payment)} of {account} {words}.")


@by_payment(
    Verb.RENEW,
    label="Renewal arrived",
    help="An interval is paid: the plan goes on until its end.",
    when=BY_ITSELF + "To see what arrived, read the account's payments.",
    event="subscription.renewed",
    calls=(ARRIVE,),
)
def renew(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge, before = charge_of(found), terms_of(act.case)
    subscription = charge.subscription
    if subscription is not None and charge.kind == ChargeKind.RENEWAL and _has_agreed(subscription):
        act.also(ARRIVE, account, {})
        subscription.refresh_from_db()
    settle_charge(charge, found.payment, act.now)
    _go_on(act, charge)
    assert charge.interval_until is not None
    until = max(charge.interval_until, before.paid_until or charge.interval_until)
    cadence = subscription.cadence if subscription else before.cadence
    set_terms(act, account, Stand.ACTIVE, cadence=cadence, paid_until=until, past_due_since=None, lapses_at=None)
    meant = subscription if subscription is not None and subscription.is_meant else None
    if found.payment.raw.get("sequenceType") == "first":
        move_to_mandate(act, account, found.payment, until)
        meant = None  # it may be another one by now
    foresee_end(account, meant or get_meant(account.pk), until, act.now)
    pin_lines(act, account, charge, cadence, until)
    book_period(act, account, charge)
    changes = [say_paid_until(before.paid_until, until)]
    if before.status != Stand.ACTIVE:
        changes.insert(0, say_status(before.status, Stand.ACTIVE))
    sentence = f"{say_money(charge)} of {account} arrived: paid until {say_end(until)}."
    told = {**tell_money(charge), **tell_paid_until(until)}
    return Outcome(sentence, changes, {account.pk: None}, data=told)


def _has_agreed(subscription: Any) -> bool:
    return bool(subscription.then_tier or subscription.then_cadence)


@by_payment(
    Verb.SETTLE,
    label="Charge paid",
    help="Seats, a dearer plan, or an amount that was still owed, are paid. What an upgrade buys holds from now on.",
    when=BY_ITSELF + "To see which charge it was, read the account's payments.",
    event="charge.paid",
)
def settle(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge, changes = charge_of(found), []
    settle_charge(charge, found.payment, act.now)
    if charge.kind in INTERVALS:
        _go_on(act, charge)
    if found.move and found.move.to:
        changes.append(Change("Owed", say_money(charge), "", concerns_money=True))
        set_terms(act, account, found.move.to, past_due_since=None)
    if charge.kind == ChargeKind.UPGRADE:
        changes += upgrade(act, account, charge.tier)
    if found.payment.raw.get("sequenceType") == "first":
        move_to_mandate(act, account, found.payment, terms_of(act.case).paid_until)
    if found.payment.link is not None:
        links.note_paid(found.payment.link)
    told = {**tell_money(charge), "kind": charge.kind, "tier": charge.tier}
    return Outcome(f"{say_money(charge)} of {account} arrived.", changes, {account.pk: None}, data=told)


def upgrade(act: Act, account: BillingAccount, tier: str) -> list[Change]:
    """The dearer tier from now on, at today's price until the interval ends; the next charge follows by itself."""
    terms = terms_of(act.case)
    raised = raise_tiers(act, account, tier)
    if terms.paid_until and terms.paid_until > act.now:
        row = load_catalogue().at(tier, act.now)
        rate = row.monthly if terms.cadence == "monthly" else row.yearly
        store.prices.pin_prices(account.pk, {tier: rate}, terms.cadence, act.now, terms.paid_until)
    return [Change("Workspaces that rise", "", str(len(raised)))]


@by_payment(
    Verb.FALL_BEHIND,
    label="Renewal failed",
    help="A renewal did not arrive: the account is past due and keeps all that it has.",
    when=BY_ITSELF + "To help it along, look at “when a charge fails”: retry, or ask for a new method.",
    tell=TOLD,
    event="subscription.past_due",
)
def fall_behind(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge = charge_of(found)
    next_try = fail(act, account, charge, found.payment, tries=found.move is not None and found.move.to != Stand.OWING)
    charges.put(charge, failing_told_at=act.now, **({} if next_try else {"method_asked_at": act.now}))
    return _be_past_due(act, account, found, next_try, _say_failed(found.payment))


@by_payment(
    Verb.LOSE_PAYMENT,
    label="Payment charged back",
    help="The payer's bank took the money of the running interval back: the account is past due and keeps all that "
    "it has.",
    when=BY_ITSELF + "It is not tried again by itself: the customer pays, or gives a new method.",
    tell=TOLD,
    event="subscription.past_due",
)
def lose_payment(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge = charge_of(found)
    charges.put(
        charge,
        state=ChargeState.FAILED,
        failed_at=act.now,
        next_try_at=None,
        failing_told_at=act.now,
        method_asked_at=act.now,
    )
    return _be_past_due(act, account, found, None, "was taken back by the payer's bank")


def _be_past_due(act: Act, account: BillingAccount, found: Found, next_try: datetime | None, words: str) -> Outcome:
    assert found.move is not None and found.move.to is not None
    before, charge = terms_of(act.case), charge_of(found)
    set_terms(act, account, found.move.to, past_due_since=act.now)
    then = f"It is tried again on {say_day(next_try)}." if next_try else "Please pay it, or give a new way of paying."
    if found.move.to is Stand.OWING:
        then = "The plan was cancelled: nothing is tried any more."
    told = {
        **tell_money(charge),
        "reason": found.payment.reason,
        "next_try_on": next_try.date().isoformat() if next_try else None,
        "needs_new_method": next_try is None,
    }
    changes = [
        Change("Payment", before.status.replace("_", " "), f"past due: {say_money(charge)}", concerns_money=True)
    ]
    return Outcome(f"{say_money(charge)} of {account} {words}. {then}", changes, {account.pk: None}, data=told)


def fail(act: Act, account: BillingAccount, charge: Charge, payment: Payment, *, tries: bool) -> datetime | None:
    """The charge is owed. Returns when it is tried again by itself; None: it is not."""
    failed_at = charge.failed_at or act.now
    has_chance = tries and may_pass(payment.method, payment.reason) and get_usable_mandate(account.pk) is not None
    next_try = plan_try(failed_at, charge.tries, has_chance, settings.BURSAR_RETRY_DAYS, act.now)
    charges.put(charge, state=ChargeState.FAILED, failed_at=failed_at, next_try_at=next_try)
    _go_on(act, charge)
    return next_try


def _say_failed(payment: Payment) -> str:
    why = say_reason(payment.method, payment.reason)
    return f"could not be collected: {why}" if why else "could not be collected"


@by_payment(
    Verb.NOTE_FAILED_TRY,
    label="A try failed",
    help="Another try at a charge failed, or a charge that moves no plan. When the tries are over, the customer is "
    "asked for a new method.",
    when=BY_ITSELF + "To see what is owed and when it is tried again, read the account's payments.",
    event="payment.failed",
    calls=(ASK_METHOD,),
)
def note_failed_try(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge, payment = charge_of(found), found.payment
    if charge.kind == ChargeKind.UPGRADE:
        charges.end([charge], act.now)
        next_try = None
    else:
        next_try = fail(act, account, charge, payment, tries=is_renewing(act))
        if next_try is None and charge.method_asked_at is None:
            act.also(ASK_METHOD, account, {"charge": charge.public_id})
    then = f" It is tried again on {say_day(next_try)}." if next_try else ""
    told = {
        **tell_money(charge),
        "kind": charge.kind,
        "reason": payment.reason,
        "next_try_on": next_try.date().isoformat() if next_try else None,
    }
    return Outcome(f"{say_money(charge)} of {account} {_say_failed(payment)}.{then}", data=told)


def is_renewing(act: Act) -> bool:
    return terms_of(act.case).status in (Stand.ACTIVE, Stand.PAST_DUE)


@by_payment(
    Verb.NOTE_TAKEN_BACK,
    label="Payment charged back",
    help="The payer's bank took money back that moves no plan: of an earlier interval, of seats, or while past due.",
    when=BY_ITSELF + "It is owed still, and not tried again by itself.",
    event="payment.charged_back",
)
def note_taken_back(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge = charge_of(found)
    charges.put(charge, state=ChargeState.FAILED, failed_at=charge.failed_at or act.now, next_try_at=None)
    told = {**tell_money(charge), "kind": charge.kind}
    return Outcome(f"{say_money(charge)} of {account} was taken back by the payer's bank.", data=told)


@by_payment(
    Verb.NOTE_GIVEN_BACK,
    label="Charge-back reversed",
    help="Money that the payer's bank had taken came again: the charge is paid.",
    when=BY_ITSELF + "There is nothing to do.",
    tell=TOLD,
    event="payment.charge_back_reversed",
)
def note_given_back(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge, before, changes = charge_of(found), terms_of(act.case), []
    settle_charge(charge, found.payment, act.now)
    if found.move and found.move.to:
        changes = [say_status("past due", found.move.to)]
        set_terms(act, account, found.move.to, past_due_since=None)
        if found.move.to is Stand.ACTIVE and before.paid_until:
            foresee_end(account, get_meant(account.pk), before.paid_until, act.now)
    told = {**tell_money(charge), "kind": charge.kind}
    sentence = f"{say_money(charge)} of {account} came again: the charge-back was reversed."
    return Outcome(sentence, changes, {account.pk: None} if changes else {}, data=told)
