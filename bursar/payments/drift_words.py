"""What drifted, in words, and what can be done about it; no queries."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from bursar.actions.registry import ACTIONS
from bursar.billing.seller import seller_day
from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.payments.models import Payment, Subscription
from bursar.payments.queries.drift import Found
from bursar.payments.rules.drift import LABELS, Drift

EVERY = {"12 months": "year", "1 month": "month"}
LEVERS: dict[Drift, tuple[str, ...]] = {
    Drift.UNKNOWN: ("payments.account.end_strays", "payments.subscription.end"),
    Drift.SECOND: ("payments.account.end_strays",),
    Drift.AMOUNT: ("payments.account.set_as_meant",),
    Drift.INTERVAL: ("payments.account.set_as_meant",),
    Drift.NOBODY_THERE: ("payments.account.cancel_subscription",),
    Drift.MANDATE: ("payments.account.refresh",),
    Drift.ENDED_THERE: ("payments.account.send_checkout",),
    Drift.RETURNED_MORE: ("payments.account.issue_payment_link", "payments.account.refresh"),
    Drift.AFTER_END: ("payments.payment.refund", "payments.account.start_interval"),
}
"""What can be done about each, by the keys of actions; a link stands where the action exists."""


def list_groups(found: list[Found]) -> list[dict[str, Any]]:
    """By kind, in the order of the rule."""
    return [
        {
            "key": drift.value,
            "label": LABELS[drift],
            "rows": [row(one) for one in found if one.drift is drift],
        }
        for drift in Drift
        if any(one.drift is drift for one in found)
    ]


def row(one: Found) -> dict[str, Any]:
    return {
        "one": one,
        "account": one.account,
        "sentence": say(one),
        "dashboard": _dashboard(one),
        "levers": [_lever(key, one) for key in LEVERS[one.drift] if _is_open(key, one)],
        "menu_url": reverse("actions:menu", args=["account", one.account.public_id]) if one.account else "",
        "mollie_id": one.payment.mollie_id if one.payment else one.subscription and one.subscription.mollie_id,
    }


def _is_open(key: str, one: Found) -> bool:
    """What belongs to an account is mended there; what belongs to none, by itself."""
    slug = ACTIONS[key].target_slug if key in ACTIONS else ""
    return slug == "payment" or slug == ("account" if one.account else "subscription")


def _lever(key: str, one: Found) -> dict[str, str]:
    action = ACTIONS[key]
    target = {"payment": one.payment, "subscription": one.subscription}.get(action.target_slug, one.account)
    assert target is not None
    return {
        "label": action.label,
        "url": reverse("actions:dialog", args=[action.target_slug, target.public_id, action.verb_name]),
    }


def _dashboard(one: Found) -> str:
    if one.payment:
        return one.payment.dashboard
    customer = one.subscription.customer if one.subscription else None
    return customer.dashboard if customer else ""


def say(one: Found) -> str:
    """What is the matter, in a sentence."""
    if one.payment:
        return _say_payment(one.drift, one.payment)
    assert one.subscription is not None
    return _say_subscription(one.drift, one.subscription)


def _say_payment(drift: Drift, payment: Payment) -> str:
    if drift is Drift.RETURNED_MORE:
        back = euros(payment.refunded + payment.charged_back)
        more = euros(payment.refunded + payment.charged_back - payment.amount)
        return (
            f"{back} went back of {euros(payment.amount)}: it was refunded, and charged back as well. "
            f"Ask for the {more} by a payment link without an invoice."
        )
    day = say_day(seller_day(payment.dated_at))
    rest = payment.amount - payment.refunded - payment.charged_back
    return f"{euros(rest)} arrived on {day} and pays for nothing here: give it back, or start an interval with it."


def _say_subscription(drift: Drift, one: Subscription) -> str:
    next_day = f", next on {say_day(one.next_date)}" if one.next_date else ""
    interval = EVERY.get(one.interval, one.interval)
    charges = f"It charges {euros(one.amount)} every {interval}{next_day}"
    if drift is Drift.ENDED_THERE:
        return f"Mollie says “{one.status}”, and nobody here ended it: nothing is charged any more."
    if drift is Drift.AMOUNT:
        return f"{charges}; ours is {euros(one.wanted)}."
    if drift is Drift.INTERVAL:
        return f"{charges}; ours is billed {one.get_cadence_display().lower()}."
    if drift is Drift.MANDATE:
        return f"{charges}, by a mandate that is not valid then: it will fail."
    if drift is Drift.NOBODY_THERE:
        return f"{charges}, and every workspace of the account is gone."
    if drift is Drift.SECOND:
        return f"{charges}, beside the one that is meant: the customer pays twice."
    if one.account_id is None:
        return f"{charges}, of a customer who has no account here: end it, or take it over from their account's menu."
    return f"{charges}, and nobody here asked for it."
