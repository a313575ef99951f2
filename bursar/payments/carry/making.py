"""Calls that make something at Mollie: each once, whatever happens to its answer.

The key and what leaves under it are committed before the first try, and are the same on every other. When the key is
too old for that, the thing is looked for by the call's id in its metadata, and only then made anew, under a new key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.conf import settings
from django.urls import reverse

from bursar.core import clock
from bursar.payments import look, objects
from bursar.payments.carry.ops import get_customer_of, metadata_of, op, refuse
from bursar.payments.errors import KeyTooOld
from bursar.payments.gateway import Gateway
from bursar.payments.gateway.payments import NewPayment, Sequence, Whole
from bursar.payments.gateway.subscriptions import NewSubscription
from bursar.payments.keys import StoredKey
from bursar.payments.models import Call, Charge, Mandate, MollieCustomer, Refund, Subscription
from bursar.payments.objects import Amount, Page, Raw
from bursar.payments.rules.intervals import MOLLIE_CALLS_IT
from bursar.payments.states import CallOp, CallState
from bursar.payments.store import calls, mirror
from bursar.payments.store.belonging import get_told
from bursar.payments.store.hints import hint
from bursar.payments.store.mirror import CURRENCY, Asked, Older

T = TypeVar("T", objects.Customer, objects.Payment, objects.Subscription, objects.Refund, objects.PaymentLink)
Listed = Callable[[str | None], Page[T]]
SKEW = timedelta(minutes=5)
"""How far Mollie's clock and ours may be apart."""


def bears_call(found: Any, call: Call) -> bool:
    return get_told(found.metadata, "bursar") == call.public_id


def make_once(
    call: Call,
    body: Callable[[], Raw],
    send: Callable[[StoredKey, Raw], T],
    listed: Listed[T],
    is_it: Callable[[T, Call], bool] = bears_call,
) -> T:
    """body: what shall leave, worked out for the first try. listed: pages, newest first, in which it would be. is_it:
    how it is known again there.

    Raises MollieProblem.
    """
    if call.state == CallState.LOOKING:
        return _look_first(call, body, send, listed, is_it)
    key = calls.begin(call, call.sent or body(), clock.now())
    try:
        return send(key, call.sent)
    except KeyTooOld:
        calls.note_looking(call)
        return _look_first(call, body, send, listed, is_it)


def _look_first(
    call: Call,
    body: Callable[[], Raw],
    send: Callable[[StoredKey, Raw], T],
    listed: Listed[T],
    is_it: Callable[[T, Call], bool],
) -> T:
    for found in walk_back(listed, call):
        if is_it(found, call):
            return found
    calls.renew(call)
    return send(calls.begin(call, body(), clock.now()), call.sent)


def walk_back(listed: Listed[T], call: Call) -> Iterator[T]:
    """All that is not older than the call."""
    next_id: str | None = None
    while True:
        page = listed(next_id)
        for one in page.items:
            if one.created_at < call.made_at - SKEW:
                return
            yield one
        next_id = page.next_id
        if next_id is None:
            return


def birth_of(call: Call) -> Asked:
    """What Mollie answers to whoever makes something, it answers to every repeat: the oldest that can be said of it."""
    assert call.first_tried_at is not None
    return Asked(call.first_tried_at, call.first_tried_at)


def get_back(call: Call) -> str:
    """Where the customer comes back to from Mollie's page."""
    return settings.BURSAR_ADDRESS + reverse("pay:charge", args=[call.body["charge"]])


@op(CallOp.CUSTOMER_CREATE)
def create_customer(gateway: Gateway, call: Call) -> str:
    """Needs nothing. The name alone: Mollie writes to nobody, and needs no address of a person."""
    made = make_once(
        call,
        lambda: {"name": str(call.account), "metadata": metadata_of(call)},
        lambda key, body: gateway.customers.create(key, **body),
        lambda next_id: gateway.customers.list(next_id),
    )
    with suppress(Older):
        mirror.keep_customer(made, birth_of(call), account_id=call.account_id, rules_since=call.made_at)
    return made.id


@op(CallOp.PAYMENT_CREATE)
def create_payment(gateway: Gateway, call: Call) -> str:
    """Needs charge, an id of ours; sequence: first, recurring or oneoff; mandate, Mollie's id, or nothing."""
    charge = Charge.objects.get(public_id=call.body["charge"])
    customer = get_customer_of(call)
    is_repeat = call.first_tried_at is not None
    made = make_once(
        call,
        lambda: _new_payment(call, charge, customer).body,
        gateway.payments.create,
        lambda next_id: gateway.payments.list_of_customer(customer.mollie_id, next_id),
    )
    look.take(gateway, Whole(made, (), ()), birth_of(call))
    if is_repeat:
        hint(made.id, clock.now(), is_awaited=call.is_awaited)
    return made.id


def _new_payment(call: Call, charge: Charge, customer: MollieCustomer) -> NewPayment:
    sequence = Sequence(call.body["sequence"])
    return NewPayment(
        amount=Amount(charge.gross, CURRENCY),
        description=f"{settings.BURSAR_COMPANY_NAME} {charge.public_id}",
        sequence=sequence,
        customer_id=customer.mollie_id,
        webhook_url=look.get_hook(),
        redirect_url=None if sequence is Sequence.RECURRING else get_back(call),
        mandate_id=call.body.get("mandate") or None,
        metadata=metadata_of(call, charge=charge.public_id),
    )


@op(CallOp.SUBSCRIPTION_CREATE)
def create_subscription(gateway: Gateway, call: Call) -> str:
    """Needs subscription, an id of ours: its `wanted` amount, cadence, start date and mandate."""
    ours = Subscription.objects.get(public_id=call.body["subscription"])
    customer = get_customer_of(call)
    made = make_once(
        call,
        lambda: _new_subscription(call, ours, customer).body,
        lambda key, body: gateway.subscriptions.create(key, customer.mollie_id, body),
        lambda next_id: gateway.subscriptions.list_of_customer(customer.mollie_id, next_id),
    )
    look.move_subscription(look.take_subscription(made, customer, birth_of(call)))
    return made.id


def _new_subscription(call: Call, ours: Subscription, customer: MollieCustomer) -> NewSubscription:
    return NewSubscription(
        amount=Amount(ours.wanted, CURRENCY),
        interval=MOLLIE_CALLS_IT[ours.cadence],
        start=ours.start_date,
        description=f"{settings.BURSAR_COMPANY_NAME} {ours.public_id}",
        mandate_id=ours.mollie_mandate_id or get_newest_mandate(customer),
        webhook_url=look.get_hook(),
        metadata=metadata_of(call, subscription=ours.public_id),
    )


def get_newest_mandate(customer: MollieCustomer) -> str:
    """Raises RefusedThere when there is none that Mollie may charge by."""
    usable = Mandate.objects.filter(customer=customer, status__in=["valid", "pending"])
    found = usable.order_by("-created_at").values_list("mollie_id", flat=True).first()
    if found is None:
        raise refuse("This customer has no mandate by which Mollie may charge.")
    return found


@op(CallOp.REFUND_CREATE)
def create_refund(gateway: Gateway, call: Call) -> str:
    """Needs refund, an id of ours. Its payment is looked at again afterwards: Mollie says how much is refunded."""
    ours = Refund.objects.select_related("payment").get(public_id=call.body["refund"])
    payment_id = ours.payment.mollie_id
    made = make_once(
        call,
        lambda: _new_refund(call, ours),
        lambda key, body: gateway.refunds.create(
            key, payment_id, **{**body, "amount": Amount(Decimal(body["amount"]), CURRENCY)}
        ),
        lambda next_id: gateway.refunds.list_of_payment(payment_id, next_id),
    )
    with suppress(Older):
        mirror.keep_refund(made, ours.payment, birth_of(call), ours=ours)
    hint(payment_id, clock.now(), is_awaited=call.is_awaited)
    return made.id


def _new_refund(call: Call, ours: Refund) -> Raw:
    description = ours.description or f"{settings.BURSAR_COMPANY_NAME} {ours.public_id}"
    told = metadata_of(call, refund=ours.public_id)
    return {"amount": str(ours.amount), "description": description, "metadata": told}
