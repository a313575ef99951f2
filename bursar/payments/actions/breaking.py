"""What Mollie does to subscriptions by itself, and the end of an interval that nothing renews."""

from __future__ import annotations

from datetime import datetime

from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Notice, Outcome
from bursar.core.days import say_day, say_end
from bursar.payments.actions.planning import end_planned, foresee_end, is_going_on, plan_next
from bursar.payments.actions.shared import (
    BY_CLOCK,
    BY_ITSELF,
    TOLD,
    by_system,
    say_money,
    say_status,
    set_terms,
    tell_money,
    tell_paid_until,
)
from bursar.payments.models import Charge, Subscription
from bursar.payments.queries.basics import get_meant, get_planned
from bursar.payments.queries.news import get_interval_of, is_interval_under_way
from bursar.payments.rules.table import Stand
from bursar.payments.states import ChargeState
from bursar.payments.store import charges, subscriptions
from bursar.plans.actions.shared import terms_of
from bursar.tenants.models import BillingAccount

ALIVE = ("active", "pending", "asked")
"""Statuses in which Mollie charges, or soon will."""


def is_ended_there(subscription: Subscription) -> bool:
    """Mollie ended or suspended it, and nobody here asked for that."""
    return is_going_on(subscription) and bool(subscription.mollie_id) and subscription.status not in ALIVE


def _why_not_ended(case: Case, data: Cleaned) -> str | None:
    meant = get_meant(case.target.pk)
    return None if meant and is_ended_there(meant) else "Mollie charges by this subscription, or it was ended here."


@by_system(
    "note_ended_by_mollie",
    label="Subscription ended by Mollie",
    help="Mollie ended or suspended the subscription by itself. Nothing is cancelled here: the account is past due "
    "when what is paid ends, and the customer is asked for a new method.",
    when=BY_ITSELF + "A new method of the customer's makes a new subscription.",
    refused=_why_not_ended,
    tell=(*TOLD, Notice.MANAGER),
    event="subscription.ended_by_mollie",
)
def note_ended_by_mollie(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    meant, terms = get_meant(account.pk), terms_of(act.case)
    assert meant is not None
    subscriptions.put(meant, broken_at=act.now)
    until = terms.paid_until
    sentence = f"Mollie takes no further payment from {account} ({meant.status})."
    if terms.status == Stand.ACTIVE and until and until > act.now:
        set_terms(act, account)
        foresee_end(account, meant, until, act.now)
        sentence += f" What is paid goes on until {say_end(until)}."
    elif terms.status == Stand.ACTIVE and not is_interval_under_way(meant, act.now):
        set_terms(act, account, Stand.PAST_DUE, past_due_since=act.now)
    sentence += " Please give a new way of paying."
    changes = [Change("Payment", "renewed by itself", "needs a new way of paying", concerns_money=True)]
    told = {"status": meant.status, **tell_paid_until(until)}
    return Outcome(sentence, changes, {account.pk: None}, data=told)


def find_unrenewed(account_id: int, now: datetime) -> Charge | None:
    """The planned renewal whose interval began, and that Mollie will never charge."""
    due = Charge.objects.filter(account_id=account_id, state=ChargeState.PLANNED, interval_from__lte=now)
    return due.filter(subscription__is_meant=True, subscription__broken_at__isnull=False).first()


@by_system(
    "miss_renewal",
    label="Renewal did not come",
    help="What was paid is over, and there is no subscription that renews it: the account is past due and keeps all "
    "that it has.",
    when=BY_CLOCK + "The customer pays what is open, or gives a new method.",
    refused=lambda case, data: None if find_unrenewed(case.target.pk, case.now) else "No renewal is missing.",
    tell=TOLD,
    event="subscription.past_due",
)
def miss_renewal(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    charge, terms = find_unrenewed(account.pk, act.now), terms_of(act.case)
    assert charge is not None
    charges.put(charge, state=ChargeState.FAILED, failed_at=act.now, failing_told_at=act.now, method_asked_at=act.now)
    if terms.status == Stand.ACTIVE:
        set_terms(act, account, Stand.PAST_DUE, past_due_since=act.now)
    told = {**tell_money(charge), "reason": "", "next_try_on": None, "needs_new_method": True}
    sentence = (
        f"{say_money(charge)} of {account} was due on {say_day(charge.due_on)}, and Mollie collects it no more. "
        "Please pay it, or give a new way of paying."
    )
    changes = [Change("Payment", "active", f"past due: {say_money(charge)}", concerns_money=True)]
    return Outcome(sentence, changes, {account.pk: None}, data=told)


def _why_not_over(case: Case, data: Cleaned) -> str | None:
    meant, until = get_meant(case.target.pk), terms_of(case).paid_until
    is_over = meant is not None and meant.ends_at_paid_end and until is not None and until <= case.now
    return None if is_over else "What is paid goes on, or is renewed."


@by_system(
    "end_with_interval",
    label="Subscription over",
    help="What was paid is over, and the plan costs nothing now: there is no subscription any more. Tiers stay.",
    when=BY_CLOCK + "When a discount to zero ends, the customer is asked to check out again.",
    refused=_why_not_over,
    event="subscription.over",
)
def end_with_interval(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    meant, terms = get_meant(account.pk), terms_of(act.case)
    assert meant is not None
    end_planned(meant, act.now)
    subscriptions.put(meant, is_meant=False)
    changes = [say_status(Stand.ACTIVE, Stand.NONE)]
    set_terms(act, account, Stand.NONE, past_due_since=None, lapses_at=None)
    told = tell_paid_until(terms.paid_until)
    sentence = f"What {account} paid is over, and the plan costs nothing now: there is no subscription."
    return Outcome(sentence, changes, {account.pk: None}, data=told)


@by_system(
    "note_next_charge",
    label="Next charge as Mollie has it",
    help="Mollie's own next day and amount are what is planned; what is paid lasts until that day.",
    when=BY_ITSELF + "What we want and what Mollie has may differ for a moment; where it stays so, it stands in Drift.",
    customer_visible=False,
    concerns_money=None,
)
def note_next_charge(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    meant, terms = get_meant(account.pk), terms_of(act.case)
    if meant is None:
        return Outcome(f"{account} has no subscription.")
    before = get_interval_of(meant, terms.paid_until)
    plan_next(meant, act.now)
    planned, changes = get_planned(account.pk), []
    if before is not None and terms.status == Stand.ACTIVE:
        before.refresh_from_db(fields=["interval_until"])
        if before.interval_until and before.interval_until != terms.paid_until:
            set_terms(act, account, paid_until=before.interval_until)
            changes = [Change("Paid until", say_end(terms.paid_until), say_end(before.interval_until), private=True)]
    words = f"{say_money(planned)} on {say_day(planned.due_on)}" if planned else "nothing"
    return Outcome(f"Mollie charges {account} next: {words}.", changes, {account.pk: None} if changes else {})
