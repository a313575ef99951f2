"""What becomes of a checkout: the first payment, and the proof of a new method."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bursar.actions.run import Act
from bursar.actions.spec import Change, Outcome, Touched
from bursar.billing.seller import seller_day
from bursar.core.calendar import midnight
from bursar.core.days import say_end
from bursar.payments.actions.planning import foresee_end, move_to_mandate, plan_subscription
from bursar.payments.actions.returning import give_back
from bursar.payments.actions.shared import (
    BY_ITSELF,
    TOLD,
    Found,
    by_payment,
    charge_of,
    name_tier,
    say_money,
    say_paid_until,
    say_status,
    set_terms,
    state_now,
    tell_money,
    tell_paid_until,
)
from bursar.payments.models import Charge, Payment
from bursar.payments.queries.basics import get_meant
from bursar.payments.rules.intervals import start_of_next
from bursar.payments.rules.table import Stand, Verb
from bursar.payments.states import ChargeState
from bursar.payments.store import charges, offers
from bursar.plans import rules, store
from bursar.plans.actions.shared import state_of, tell_falls, terms_of
from bursar.plans.models import GrantKind, PaidPeriod
from bursar.plans.states import Source
from bursar.tenants.models import BillingAccount


@by_payment(
    Verb.AWAIT_FIRST,
    label="First payment under way",
    help="The first payment is with the bank; nothing is bought yet.",
    when=BY_ITSELF + "A first payment can take days with some methods; nothing is to do.",
    event="subscription.pending",
)
def await_first(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge = charge_of(found)
    charges.put(charge, state=ChargeState.UNDER_WAY)
    before = terms_of(act.case).status
    set_terms(act, account, Stand.PENDING)
    sentence = f"The first payment of {account}, {say_money(charge)}, is under way."
    change = say_status(before, Stand.PENDING)
    return Outcome(sentence, [change], {account.pk: None}, data={**tell_money(charge), "tier": charge.tier})


@by_payment(
    Verb.START_PAYING,
    label="First payment arrived",
    help="What was bought at the checkout holds from now on, and is renewed by a subscription at Mollie.",
    when=BY_ITSELF + "To see what was bought, read the account's payments.",
    tell=TOLD,
    event="subscription.started",
)
def start_paying(act: Act, account: BillingAccount, found: Found) -> Outcome:
    return begin(act, account, charge_of(found), found.payment)


def begin(act: Act, account: BillingAccount, charge: Charge, payment: Payment) -> Outcome:
    """The first interval: tier, price, paid time, and the subscription that charges one interval later.

    `charge` says what was bought. For the news of a first payment, and for money that staff start an interval with.
    """
    before, state = terms_of(act.case), state_of(act.case)
    start = find_start(payment, charge.cadence, act.now)
    until = midnight(start)
    store.end_grants([ws.id for ws in state.workspaces], act.now, GrantKind.REVERSE_TRIAL)
    set_terms(act, account, Stand.ACTIVE, cadence=charge.cadence, paid_until=until, past_due_since=None, lapses_at=None)
    raised = raise_tiers(act, account, charge.tier)
    pin_lines(act, account, charge, charge.cadence, until)
    made = plan_subscription(act, account, state_now(act), charge.cadence, start, payment.mollie_mandate_id)
    day = seller_day(payment.paid_at or act.now)
    bought = {"subscription": made, "due_on": day, "interval_from": act.now, "interval_until": until}
    settle_charge(charge, payment, act.now, **bought)
    book_period(act, account, charge)
    sentence = f"{account} pays: {say_money(charge)} arrived. {name_tier(charge.tier)} is paid until {say_end(until)}."
    changes = [say_status(before.status, Stand.ACTIVE), say_paid_until(before.paid_until, until)]
    changes += [Change("Plan", "", f"{name_tier(charge.tier)}, {charge.cadence}")]
    told = {
        **tell_money(charge),
        **tell_paid_until(until),
        "tier": charge.tier,
        "cadence": charge.cadence,
        "tiers": tell_falls(raised),
    }
    return Outcome(sentence, changes, {account.pk: None}, data=told)


def find_start(payment: Payment, cadence: str, now: datetime) -> date:
    """When Mollie charges next: one interval after the payment; where that is past, one interval from today."""
    start = start_of_next(seller_day(payment.paid_at or now), cadence)
    today = seller_day(now)
    return start if start > today else start_of_next(today, cadence)


def raise_tiers(act: Act, account: BillingAccount, tier: str) -> list[tuple[int, str, str]]:
    """It is bought: live workspaces below `tier` rise to it; those above stay. Returns which, with both tiers."""
    offers.take(account, tier, act.now)
    raised = []
    for workspace in state_of(act.case).workspaces:
        if workspace.is_live(act.now):
            base = rules.base_tier(workspace.bases, terms_of(act.case), act.now)
            if rules.RANK[base] < rules.RANK[tier]:
                raised.append((workspace.id, base, tier))
    store.tiers.set_base_tiers([pk for pk, _, _ in raised], tier, act.now)
    return raised


def pin_lines(act: Act, account: BillingAccount, charge: Charge, cadence: str, until: datetime) -> None:
    """The prices that were paid hold until the interval ends."""
    rates = {line["tier"]: Decimal(line["rate"]) for line in charge.lines if line["rate"]}
    if until > act.now:
        store.prices.pin_prices(account.pk, rates, cadence, act.now, until)


def settle_charge(charge: Charge, payment: Payment, now: datetime, **more: Any) -> None:
    """It is paid, and nothing of it fails any more. `more`: columns that are written with that."""
    nothing: dict[str, Any] = dict.fromkeys(("failed_at", "next_try_at", "failing_told_at", "method_asked_at"))
    charges.put(charge, state=ChargeState.PAID, settled_at=payment.paid_at or now, **nothing, **more)


def book_period(act: Act, account: BillingAccount, charge: Charge) -> None:
    assert charge.interval_from is not None and charge.interval_until is not None
    row = PaidPeriod(
        external_id=charge.public_id,
        account=account,
        source=Source.MOLLIE.value,
        service_from=charge.interval_from,
        service_until=charge.interval_until,
        net=charge.net,
        gross=charge.gross,
        booked_at=act.now,
    )
    store.periods.book(row)


@by_payment(
    Verb.END_CHECKOUT,
    label="Checkout ended",
    help="The checkout was left, or the payment did not go through. Nothing was bought, nobody owes anything.",
    when=BY_ITSELF + "The customer can check out again at any time.",
    event="checkout.ended",
)
def end_checkout(act: Act, account: BillingAccount, found: Found) -> Outcome:
    charge = charge_of(found)
    charges.end([charge], act.now)
    changes: list[Change] = []
    touched: Touched = {}
    if found.move and found.move.to:
        changes, touched = [say_status(terms_of(act.case).status, found.move.to)], {account.pk: None}
        set_terms(act, account, found.move.to)
    told = {**tell_money(charge), "status": found.payment.status}
    sentence = f"The checkout of {account} over {say_money(charge)} ended unpaid: {found.payment.status}."
    return Outcome(sentence, changes, touched, data=told)


@by_payment(
    Verb.TAKE_METHOD,
    label="New method on file",
    help="The new way of paying works: Mollie charges by it from now on. What proved it goes back.",
    when=BY_ITSELF + "The former method is revoked once Mollie has taken the new one.",
    tell=TOLD,
    event="method.changed",
)
def take_method(act: Act, account: BillingAccount, found: Found) -> Outcome:
    settle_charge(charge_of(found), found.payment, act.now)
    give_back(act, account, found.payment)
    terms = terms_of(act.case)
    if terms.status == Stand.ACTIVE:
        set_terms(act, account)  # what was foreseen for the end of a subscription that Mollie ended holds no more
    move_to_mandate(act, account, found.payment, terms.paid_until)
    if terms.status == Stand.ACTIVE and terms.paid_until:
        foresee_end(account, get_meant(account.pk), terms.paid_until, act.now)
    change = Change("Way of paying", "", found.payment.method, concerns_money=True)
    told = {"method": found.payment.method}
    return Outcome(f"{account} has a new way of paying.", [change], {account.pk: None}, data=told)
