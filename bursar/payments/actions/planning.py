"""Subscriptions and their next charge: what the actions here do to them. Nothing here is declared."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from bursar.actions.run import Act
from bursar.billing.seller import seller_day
from bursar.core.calendar import midnight
from bursar.payments.models import Charge, Payment, Subscription
from bursar.payments.queries.basics import decision_of, foresee, get_meant
from bursar.payments.queries.news import find_last_end, list_intervals
from bursar.payments.rules.amounts import Quote, amounts_of, quote_as_stands
from bursar.payments.rules.intervals import end_of_interval
from bursar.payments.states import CallOp, ChargeKind, ChargeState
from bursar.payments.store import calls, charges, subscriptions
from bursar.plans import rules, store
from bursar.plans.models import PaymentMode, PaymentStatus
from bursar.plans.queries import load_account
from bursar.tenants.models import BillingAccount


def plan_subscription(
    act: Act, account: BillingAccount, state: rules.AccountState, cadence: str, start: date, mandate_id: str = ""
) -> Subscription | None:
    """Asks Mollie for one that charges first on `start`; None: the next interval costs nothing."""
    quote = foresee(account, state, act.now, cadence=cadence)
    if quote.gross <= 0:
        return None
    before = get_meant(account.pk)
    if before is not None:
        end_planned(before, act.now)
    made = subscriptions.plan(
        account, cadence, quote, start, act.now, mollie_mandate_id=mandate_id, followed_at=act.now
    )
    plan_next(made, act.now)
    calls.put(CallOp.SUBSCRIPTION_CREATE, account, {"subscription": made.public_id}, act.now)
    return made


def is_going_on(subscription: Subscription | None) -> bool:
    """Whether Mollie charges by it, or soon will, and nobody said that it ends."""
    if subscription is None or not subscription.is_meant:
        return False
    return not (subscription.broken_at or subscription.end_asked_at or subscription.ends_at_paid_end)


class Plan(NamedTuple):
    """What the next renewal should be. `planned`: the row that stands for it; None: it is to be made.

    `last`: the interval before, when it should last until another instant than it does.
    """

    planned: Charge | None
    fields: dict[str, Any]
    quote: Quote
    last: Charge | None

    @property
    def is_right(self) -> bool:
        row = self.planned
        return self.last is None and row is not None and all(getattr(row, k) == v for k, v in self.fields.items())


def find_plan(subscription: Subscription) -> Plan | None:
    """On Mollie's own next day, with the amount that Mollie has; None: nothing is to be planned.

    A row whose payment nobody has told of yet stays as it is: Mollie's next day is then that of a later interval.
    """
    day = subscription.next_date or (None if subscription.mollie_id else subscription.start_date)
    if day is None or not is_going_on(subscription):
        return None
    begins, known = midnight(day), list_intervals(subscription)
    planned = next((one for one in known if one.state == ChargeState.PLANNED), None)
    if planned is not None and planned.interval_until and begins >= planned.interval_until:
        return None
    if planned is None and any(one.interval_from == begins for one in known):
        return None
    quote = quote_of(subscription)
    fields = {"due_on": day, **_interval(subscription, day), **amounts_of(quote)}
    return Plan(planned, fields, quote, _find_last(known, begins))


def plan_next(subscription: Subscription, now: datetime) -> Charge | None:
    """Its one planned renewal, and how long the interval before it lasts: that one, where it is another time now."""
    plan = find_plan(subscription)
    if plan is None or plan.is_right:
        return None
    if plan.last is not None:
        charges.put(plan.last, interval_until=plan.fields["interval_from"])
    if plan.planned is not None:
        charges.put(plan.planned, **plan.fields)
        return plan.last
    assert subscription.account is not None
    kept = {name: plan.fields[name] for name in ("due_on", "interval_from", "interval_until")}
    kind, state = ChargeKind.RENEWAL, ChargeState.PLANNED
    charges.make(subscription.account, kind, state, plan.quote, now, subscription=subscription, **kept)
    return plan.last


def _interval(subscription: Subscription, day: date) -> dict[str, datetime]:
    cadence = subscription.then_cadence or subscription.cadence
    return {"interval_from": midnight(day), "interval_until": end_of_interval(midnight(day), cadence)}


def _find_last(known: list[Charge], until: datetime) -> Charge | None:
    """The interval before lasts until the next one begins; it is given where it does not yet."""
    earlier = [one for one in known if one.state != ChargeState.PLANNED]
    earlier = [one for one in earlier if one.interval_from is not None and one.interval_from < until]
    return next((one for one in earlier[-1:] if one.interval_until != until), None)


def quote_of(subscription: Subscription) -> Quote:
    """What Mollie will take next."""
    return quote_as_stands(subscription.wanted_lines, subscription.amount, decision_of(subscription))


def end_planned(subscription: Subscription, now: datetime) -> None:
    charges.end(Charge.objects.filter(subscription=subscription, state=ChargeState.PLANNED), now)


def foresee_end(account: BillingAccount, subscription: Subscription | None, until: datetime, now: datetime) -> None:
    """What becomes of an account at the end of what is paid where nothing renews it: true by the clock, without a job.

    A subscription that Mollie ended: past due. A price of 0: no subscription, and tiers stay.
    """
    if subscription is None or until <= now or not (subscription.broken_at or subscription.ends_at_paid_end):
        return
    values = {"mode": PaymentMode.SELF_SERVE, "cadence": subscription.cadence, "paid_until": until}
    if subscription.ends_at_paid_end:
        store.foresee_terms(account, until, **values, status=PaymentStatus.NONE)
    else:
        store.foresee_terms(account, until, **values, status=PaymentStatus.PAST_DUE, past_due_since=until)


def move_to_mandate(act: Act, account: BillingAccount, payment: Payment, paid_until: datetime | None) -> None:
    """A new method is on file: Mollie charges by it from now on, and only then the old one is revoked.

    Where Mollie ended the subscription, a new one begins at the end of what is paid.
    """
    meant, mandate_id = get_meant(account.pk), payment.mollie_mandate_id
    if meant is None or not mandate_id or meant.end_asked_at:
        return
    if meant.broken_at is not None:
        start = max((find_last_end(account.pk) or paid_until or act.now).date(), seller_day(act.now))
        plan_subscription(
            act, account, load_account(account.pk), meant.then_cadence or meant.cadence, start, mandate_id
        )
        return
    old = meant.mollie_mandate_id
    if mandate_id == old:
        return
    calls.put(CallOp.SUBSCRIPTION_UPDATE, account, {"subscription": meant.public_id, "mandate": mandate_id}, act.now)
    if old:
        calls.put(CallOp.MANDATE_REVOKE, account, {"mandate": old, "after": mandate_id}, act.now)
