"""Subscriptions charge by themselves when their day comes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bursar.mollie_sim.clock import at_charging
from bursar.mollie_sim.objects import Payment, Subscription
from bursar.mollie_sim.outcomes import wait_for_bank
from bursar.mollie_sim.schedule import calc_charge_day
from bursar.mollie_sim.standing import end_subscription, mandate_of
from bursar.mollie_sim.world import World


def anchor(world: World, subscription: Subscription, first: date) -> None:
    """Counts from `first`, the day of its next charge."""
    subscription.anchor = subscription.next_date = first
    subscription.charged = 0
    plan(world, subscription)


def plan(world: World, subscription: Subscription) -> None:
    day = subscription.next_date
    if day is None:
        return
    at = max(at_charging(day), world.now())

    def charge(meant: datetime) -> None:
        if subscription.status in ("active", "pending") and subscription.next_date == day:
            charge_now(world, subscription)

    world.agenda.add(at, charge)


def charge_now(world: World, subscription: Subscription) -> None:
    """Without a valid mandate it waits a day where one is pending, and is suspended where none is."""
    mandate = mandate_of(world, subscription)
    if mandate is None:
        end_subscription(world, subscription, "suspended")
        return
    if mandate.status == "pending":
        world.agenda.add(world.now() + timedelta(days=1), lambda at: _again(world, subscription))
        return
    payment = Payment(
        id=world.new_id("tr"),
        mode=subscription.mode,
        created_at=world.now(),
        amount=subscription.amount,
        description=subscription.description,
        sequence="recurring",
        webhook_url=subscription.webhook_url,
        metadata=subscription.metadata,
        customer_id=subscription.customer_id,
        subscription_id=subscription.id,
    )
    world.payments[payment.id] = payment
    world.customers[subscription.customer_id].payments.append(payment)
    subscription.payments.append(payment)
    wait_for_bank(world, payment, mandate)
    _go_on(world, subscription)


def _again(world: World, subscription: Subscription) -> None:
    day = subscription.next_date
    if subscription.status in ("active", "pending") and day is not None and at_charging(day) <= world.now():
        charge_now(world, subscription)


def _go_on(world: World, subscription: Subscription) -> None:
    subscription.made += 1
    subscription.charged += 1
    if subscription.times_left == 0:
        end_subscription(world, subscription, "completed")
        return
    subscription.next_date = calc_charge_day(
        subscription.anchor, subscription.interval, subscription.charged, world.config.month_ends
    )
    plan(world, subscription)
