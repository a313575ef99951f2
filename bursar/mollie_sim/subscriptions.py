"""Endpoints of subscriptions."""

from __future__ import annotations

from bursar.mollie_sim import check
from bursar.mollie_sim.answers import Answer, ApiError, Json, unprocessable
from bursar.mollie_sim.call import Call
from bursar.mollie_sim.charging import anchor
from bursar.mollie_sim.objects import Customer, Subscription
from bursar.mollie_sim.paging import answer_page
from bursar.mollie_sim.show import show_subscription
from bursar.mollie_sim.show_money import show_payment
from bursar.mollie_sim.standing import ENDED, end_subscription, list_usable
from bursar.mollie_sim.words import RECURRING

_READERS: dict[str, check.Reader] = {
    "amount": check.positive,
    "interval": check.interval,
    "description": check.description,
    "times": check.times,
    "startDate": check.day,
    "method": check.one_of(*RECURRING),
    "mandateId": check.text,
    "webhookUrl": check.webhook_url,
    "metadata": check.metadata,
}
_FIELDS = {"mandateId": "mandate_id", "webhookUrl": "webhook_url"}
_UPDATES = {name: reader for name, reader in _READERS.items() if name != "method"}


def create_subscription(call: Call) -> Answer:
    customer = _customer(call)
    given = check.read_body(call.body, _READERS, required=["amount", "interval", "description"])
    _check_description(customer, given["description"])
    mandate_status = _check_mandate(call, customer, given)
    today = call.world.now().date()
    start = given.pop("startDate", today)
    if start < today:
        raise unprocessable("The start date cannot be in the past", "startDate")
    subscription = Subscription(
        id=call.world.new_id("sub"),
        mode=call.mode,
        customer_id=customer.id,
        created_at=call.world.now(),
        start=start,
        anchor=start,
        next_date=start,
        status="active" if mandate_status == "valid" else "pending",
        **{_FIELDS.get(name, name): value for name, value in given.items()},
    )
    call.world.subscriptions[subscription.id] = subscription
    customer.subscriptions.append(subscription)
    anchor(call.world, subscription, start)
    return Answer(201, show_subscription(subscription, call.base))


def _check_description(customer: Customer, description: str, but: Subscription | None = None) -> None:
    for other in customer.subscriptions:
        if other is not but and other.description == description and other.status not in ENDED:
            raise unprocessable(
                "A subscription with the same description already exists for this customer", "description"
            )


def _check_mandate(call: Call, customer: Customer, given: Json) -> str:
    """The status of the mandate that it will charge by."""
    usable = list_usable(call.world, customer.id, given.get("method"))
    named = given.get("mandateId")
    found = [one for one in usable if named in (None, one.id)]
    if not found:
        raise unprocessable("No suitable mandates found for customer", "mandateId" if named else None)
    return found[0].status


def get_subscription(call: Call) -> Answer:
    return Answer(200, show_subscription(_subscription(call), call.base))


def update_subscription(call: Call) -> Answer:
    """What changes counts from the next charge. A new interval is counted from the day that was planned next."""
    subscription, customer = _subscription(call), _customer(call)
    if subscription.status in ENDED:
        raise unprocessable(f"The subscription has been {_word(subscription)}.")
    given = check.read_body(call.body, _UPDATES)
    if "description" in given:
        _check_description(customer, given["description"], subscription)
    if "mandateId" in given:
        status = _check_mandate(call, customer, given)
        if subscription.status != "suspended":
            subscription.status = "active" if status == "valid" else "pending"
    if "times" in given and given["times"] <= subscription.made:
        raise unprocessable("The times is lower than the number of payments made", "times")
    start = given.pop("startDate", None)
    if start is not None and start < call.world.now().date():
        raise unprocessable("The start date cannot be in the past", "startDate")
    for name, value in given.items():
        setattr(subscription, _FIELDS.get(name, name), value)
    if start is not None:
        subscription.start = start
    first = start or (subscription.next_date if "interval" in given else None)
    if first is not None:
        anchor(call.world, subscription, first)
    return Answer(200, show_subscription(subscription, call.base))


def cancel_subscription(call: Call) -> Answer:
    subscription = _subscription(call)
    if subscription.status in ENDED:
        raise unprocessable(f"The subscription has been {_word(subscription)}.")
    end_subscription(call.world, subscription, "canceled")
    return Answer(200, show_subscription(subscription, call.base))


def list_subscriptions(call: Call) -> Answer:
    own = [one for one in call.world.subscriptions.values() if one.mode == call.mode]
    return answer_page(call, "subscriptions", own, lambda one: show_subscription(one, call.base))


def list_customer_subscriptions(call: Call) -> Answer:
    own = _customer(call).subscriptions
    return answer_page(call, "subscriptions", own, lambda one: show_subscription(one, call.base))


def list_subscription_payments(call: Call) -> Answer:
    return answer_page(call, "payments", _subscription(call).payments, lambda one: show_payment(one, call.base))


def _word(subscription: Subscription) -> str:
    return "cancelled" if subscription.status == "canceled" else subscription.status


def _customer(call: Call) -> Customer:
    return call.world.customer(call.ids["customer"], call.mode)


def _subscription(call: Call) -> Subscription:
    customer = _customer(call)
    found = call.world.find(call.world.subscriptions, call.ids["subscription"], call.mode, "subscription")
    if found.customer_id != customer.id:
        raise ApiError(404, f"No subscription exists with token {found.id}.")
    return found
