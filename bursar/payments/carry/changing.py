"""Calls that change what is at Mollie already. Each may be repeated: it says how things shall be, and reads back."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from bursar.core import clock
from bursar.payments import look, objects
from bursar.payments.carry.ops import get_customer_of, op, refuse
from bursar.payments.errors import NotThere, RefusedThere
from bursar.payments.gateway import Gateway
from bursar.payments.models import Call, MollieCustomer, Subscription
from bursar.payments.objects import Amount
from bursar.payments.rules.intervals import MOLLIE_CALLS_IT
from bursar.payments.states import RUNNING, CallOp, PaymentState
from bursar.payments.store.mirror import CURRENCY, Asked


@op(CallOp.PAYMENT_CANCEL)
def cancel_payment(gateway: Gateway, call: Call) -> str:
    """Needs payment, Mollie's id. One that is over already is as it is; refused where it can no longer be cancelled.

    Most checkouts cannot: one that is open is left to expire, and what is paid there all the same is drift.
    """
    payment_id = str(call.body["payment"])
    refusal: RefusedThere | None = None
    try:
        gateway.payments.cancel(payment_id)
    except RefusedThere as refused:
        refusal = refused
    found = look.keep_newest(gateway, payment_id)
    if refusal is not None and found.status in RUNNING and found.status != PaymentState.OPEN:
        raise refusal
    return payment_id


@op(CallOp.SUBSCRIPTION_UPDATE)
def update_subscription(gateway: Gateway, call: Call) -> str:
    """Needs subscription, an id of ours: brings Mollie's to its `wanted` amount and to the cadence that it has from the
    next charge on; with mandate, Mollie's id, to that mandate too. The day of the next charge stays.
    """
    ours, customer = _get_subscription(call), get_customer_of(call)
    found = gateway.subscriptions.get(customer.mollie_id, ours.mollie_id)
    changes = list_changes(ours, str(call.body.get("mandate", "")), found)
    if changes:
        gateway.subscriptions.update(customer.mollie_id, ours.mollie_id, **changes)
    look.move_subscription(look.look_at_subscription(gateway, customer, ours.mollie_id))
    return ours.mollie_id


def list_changes(ours: Subscription, mandate_id: str, found: objects.Subscription) -> dict[str, Any]:
    """What differs from what is wanted, as the gateway takes it."""
    changes: dict[str, Any] = {}
    if found.amount != Amount(ours.wanted, CURRENCY):
        changes["amount"] = Amount(ours.wanted, CURRENCY)
    cadence = ours.then_cadence or ours.cadence
    if cadence and found.interval != MOLLIE_CALLS_IT[cadence]:
        changes["interval"] = MOLLIE_CALLS_IT[cadence]
    if mandate_id and found.mandate_id != mandate_id:
        changes["mandate_id"] = mandate_id
    return changes


@op(CallOp.SUBSCRIPTION_CANCEL)
def cancel_subscription(gateway: Gateway, call: Call) -> str:
    """Needs subscription, an id of ours."""
    ours = Subscription.objects.get(public_id=call.body["subscription"])
    if not ours.mollie_id:  # the call that should have made it goes before this one: it was refused
        return ""
    customer = ours.customer or get_customer_of(call)
    at = clock.now()
    found = gateway.subscriptions.cancel(customer.mollie_id, ours.mollie_id)
    look.move_subscription(look.take_subscription(found, customer, Asked(at, clock.now())))
    return ours.mollie_id


def _get_subscription(call: Call) -> Subscription:
    ours = Subscription.objects.get(public_id=call.body["subscription"])
    if not ours.mollie_id:
        raise refuse("Mollie has no such subscription, because it refused to make it.")
    return ours


@op(CallOp.MANDATE_REVOKE)
def revoke_mandate(gateway: Gateway, call: Call) -> str:
    """Needs mandate; after, the one that took its place, or nothing. Mollie ends all subscriptions that charge by a
    mandate that is revoked: so all of the customer's are read first, and one that still does is a refusal.
    """
    customer, mandate_id = get_customer_of(call), str(call.body["mandate"])
    if any(one.mandate_id == mandate_id for one in _list_live(gateway, customer)):
        raise refuse("A subscription still charges by this mandate: revoking it would end the subscription.")
    with suppress(NotThere):
        gateway.mandates.revoke(customer.mollie_id, mandate_id)
    look.look_at_mandate(gateway, customer, mandate_id)
    return mandate_id


def _list_live(gateway: Gateway, customer: MollieCustomer) -> list[objects.Subscription]:
    live, next_id = [], None
    while True:
        page = gateway.subscriptions.list_of_customer(customer.mollie_id, next_id)
        live += [one for one in page.items if one.status not in look.ENDED]
        next_id = page.next_id
        if next_id is None:
            return live
