"""Where mandates and subscriptions stand, and how one follows the other."""

from __future__ import annotations

from bursar.mollie_sim.objects import Mandate, Subscription
from bursar.mollie_sim.world import World

ENDED = frozenset({"canceled", "completed"})


def list_usable(world: World, customer_id: str, method: str | None = None) -> list[Mandate]:
    """Valid mandates first, then those that are still pending."""
    own = [one for one in world.customers[customer_id].mandates if method in (None, one.method)]
    return [one for status in ("valid", "pending") for one in own if one.status == status]


def mandate_of(world: World, subscription: Subscription) -> Mandate | None:
    """By which it would charge now: its own, else any that is usable."""
    if subscription.mandate_id:
        own = world.mandates[subscription.mandate_id]
        return own if own.status != "invalid" else None
    usable = list_usable(world, subscription.customer_id, subscription.method)
    return usable[0] if usable else None


def end_subscription(world: World, subscription: Subscription, status: str) -> None:
    """canceled, completed or suspended: it does not charge again."""
    subscription.status = status
    subscription.next_date = None
    if status == "canceled":
        subscription.canceled_at = world.now()


def set_mandate_status(world: World, mandate: Mandate, status: str) -> None:
    """What hangs on it follows: pending subscriptions wake, others are suspended when no mandate is left."""
    mandate.status = status
    for subscription in world.customers[mandate.customer_id].subscriptions:
        if subscription.status in ENDED or subscription.status == "suspended":
            continue
        now_by = mandate_of(world, subscription)
        if now_by is None:
            end_subscription(world, subscription, "suspended")
        else:
            subscription.status = "active" if now_by.status == "valid" else "pending"


def revoke(world: World, mandate: Mandate) -> None:
    """Cancels every subscription that is connected to it."""
    mandate.status = "invalid"
    for subscription in world.customers[mandate.customer_id].subscriptions:
        is_its_own = subscription.mandate_id == mandate.id
        has_no_other = subscription.mandate_id is None and mandate_of(world, subscription) is None
        if subscription.status not in ENDED and (is_its_own or has_no_other):
            end_subscription(world, subscription, "canceled")
