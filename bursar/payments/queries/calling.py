"""Calls to Mollie in words: what each asks for, and of which account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from bursar.core.money import euros
from bursar.payments.models import Call, Charge, PaymentLink, Refund, Subscription
from bursar.payments.queries.shown import KINDS
from bursar.payments.states import CallOp, ChargeKind

_WORDS = {
    CallOp.CUSTOMER_CREATE: "New customer at Mollie",
    CallOp.PAYMENT_CREATE: "Payment{amount}{charge}",
    CallOp.PAYMENT_CANCEL: "Payment cancelled",
    CallOp.SUBSCRIPTION_CREATE: "New subscription{amount}",
    CallOp.SUBSCRIPTION_UPDATE: "Subscription{amount} set",
    CallOp.SUBSCRIPTION_CANCEL: "Subscription ended",
    CallOp.MANDATE_REVOKE: "Former mandate revoked",
    CallOp.REFUND_CREATE: "Refund{amount}",
    CallOp.LINK_CREATE: "Payment link{amount}",
    CallOp.LINK_ARCHIVE: "Payment link{amount} archived",
}
_THINGS = ("charge", "subscription", "refund", "link")
"""What a call's body may name that has an amount."""


def say_calls(calls: Iterable[Call]) -> dict[str, str]:
    """ "Payment of € 121.00, renewal" by each call's own id; one statement a kind of thing."""
    calls = list(calls)
    named = {name: [call.body[name] for call in calls if name in call.body] for name in _THINGS}
    charges = {one.public_id: one for one in Charge.objects.filter(public_id__in=named["charge"])}
    subscriptions = Subscription.objects.filter(public_id__in=named["subscription"]).values_list("public_id", "wanted")
    refunds = Refund.objects.filter(public_id__in=named["refund"]).values_list("public_id", "amount")
    links = PaymentLink.objects.filter(public_id__in=named["link"]).values_list("public_id", "amount")
    amounts = {one.public_id: one.gross for one in charges.values()} | dict(subscriptions) | dict(refunds) | dict(links)
    return {call.public_id: _say(call, charges, amounts) for call in calls}


def _say(call: Call, charges: Mapping[str, Charge], amounts: Mapping[str, Decimal]) -> str:
    ids = [call.body.get(name, "") for name in _THINGS]
    amount = next((f" of {euros(amounts[one])}" for one in ids if one in amounts), "")
    charge = charges.get(call.body.get("charge", ""))
    about = f", {KINDS[ChargeKind(charge.kind)].lower()}" if charge else ""
    return _WORDS[CallOp(call.op)].format(amount=amount, charge=about)
