"""Endpoints of payments, and of the methods by which they are paid."""

from __future__ import annotations

from bursar.mollie_sim import check
from bursar.mollie_sim.answers import Answer, ApiError, Json, unprocessable
from bursar.mollie_sim.call import Call
from bursar.mollie_sim.hal import documentation, hal
from bursar.mollie_sim.objects import Mandate, Payment
from bursar.mollie_sim.outcomes import decide, wait_for_bank, wait_for_shopper
from bursar.mollie_sim.paging import answer_page, in_list
from bursar.mollie_sim.show import show_method
from bursar.mollie_sim.show_money import show_chargeback, show_payment, show_refund
from bursar.mollie_sim.standing import list_usable
from bursar.mollie_sim.words import FIRST, METHODS, list_methods

_PAYMENT: dict[str, check.Reader] = {
    "amount": check.positive,
    "description": check.description,
    "redirectUrl": check.url,
    "cancelUrl": check.url,
    "webhookUrl": check.webhook_url,
    "method": check.some_of(*METHODS),
    "locale": check.text,
    "metadata": check.metadata,
    "sequenceType": check.one_of("oneoff", "first", "recurring"),
    "customerId": check.text,
    "mandateId": check.text,
}
_CHANGEABLE = ("description", "redirectUrl", "cancelUrl", "webhookUrl", "metadata", "locale", "method")


def create_payment(call: Call) -> Answer:
    given = check.read_body(call.body, _PAYMENT, required=["amount", "description"])
    if "customer" in call.ids:
        given["customerId"] = call.ids["customer"]
    payment = _made(call, given)
    if payment.sequence == "recurring":
        mandate = _mandate_for(call, payment, given)
        wait_for_bank(call.world, payment, mandate)
    else:
        _check_shopper(payment)
        wait_for_shopper(call.world, payment)
    add_payment(call, payment)
    return Answer(201, show_payment(payment, call.base))


def _made(call: Call, given: Json) -> Payment:
    methods = given.get("method", ())
    payment = Payment(
        id=call.world.new_id("tr"),
        mode=call.mode,
        created_at=call.world.now(),
        amount=given["amount"],
        description=given["description"],
        sequence=given.get("sequenceType", "oneoff"),
        method=methods[0] if len(methods) == 1 else None,
        methods=methods,
        redirect_url=given.get("redirectUrl"),
        cancel_url=given.get("cancelUrl"),
        webhook_url=given.get("webhookUrl"),
        metadata=given.get("metadata"),
        locale=given.get("locale"),
        customer_id=given.get("customerId"),
    )
    if payment.customer_id:
        call.world.customer(payment.customer_id, call.mode)
    if payment.method and payment.amount.value > METHODS[payment.method][2]:
        raise unprocessable("The amount is higher than the maximum", "amount")
    return payment


def add_payment(call: Call, payment: Payment) -> None:
    call.world.payments[payment.id] = payment
    if payment.customer_id:
        call.world.customers[payment.customer_id].payments.append(payment)


def _check_shopper(payment: Payment) -> None:
    if not payment.redirect_url:
        raise unprocessable("The 'redirectUrl' field is missing", "redirectUrl")
    if payment.sequence != "first":
        return
    if not payment.customer_id:
        raise unprocessable("A customer is required for a first payment", "customerId")
    if payment.methods and not set(payment.methods) & set(FIRST):
        raise unprocessable("The payment method cannot be used for a first payment", "method")


def _mandate_for(call: Call, payment: Payment, given: Json) -> Mandate:
    """The one named, else any valid one of the customer."""
    if not payment.customer_id:
        raise unprocessable("A customer is required for a recurring payment", "customerId")
    usable = list_usable(call.world, payment.customer_id, payment.method)
    named = given.get("mandateId")
    found = [one for one in usable if one.status == "valid" and named in (None, one.id)]
    if not found:
        raise unprocessable("The customer does not have a valid mandate", "mandateId" if named else "customerId")
    if payment.amount.value > METHODS[found[0].method][2]:
        raise unprocessable("The amount is higher than the maximum", "amount")
    return found[0]


def get_payment(call: Call) -> Answer:
    payment = _payment(call)
    body = show_payment(payment, call.base)
    embedded: Json = {}
    if call.embeds("refunds"):
        embedded["refunds"] = [show_refund(one, call.base) for one in payment.refunds]
    if call.embeds("chargebacks"):
        embedded["chargebacks"] = [show_chargeback(one, call.base) for one in payment.chargebacks]
    return Answer(200, {**body, "_embedded": embedded} if embedded else body)


def update_payment(call: Call) -> Answer:
    payment = _payment(call)
    given = check.read_body(call.body, {name: _PAYMENT[name] for name in _CHANGEABLE})
    if payment.is_final and "redirectUrl" in given:
        raise unprocessable("The redirect URL cannot be updated when the payment is finalized", "redirectUrl")
    names = {"redirectUrl": "redirect_url", "cancelUrl": "cancel_url", "webhookUrl": "webhook_url"}
    for name, value in given.items():
        if name == "method":
            payment.methods, payment.method = value, value[0] if len(value) == 1 else None
        else:
            setattr(payment, names.get(name, name), value)
    return Answer(200, show_payment(payment, call.base))


def cancel_payment(call: Call) -> Answer:
    payment = _payment(call)
    if payment.is_final or not payment.is_cancelable:
        raise unprocessable("The payment cannot be cancelled")
    decide(call.world, payment, "canceled")
    return Answer(200, show_payment(payment, call.base))


def list_payments(call: Call) -> Answer:
    own = [one for one in call.world.payments.values() if one.mode == call.mode]
    return answer_page(call, "payments", own, lambda one: show_payment(one, call.base))


def _payment(call: Call) -> Payment:
    return call.world.payment(call.ids["payment"], call.mode)


def list_of_methods(call: Call) -> Answer:
    """Not paged. `amount[value]` leaves out those that do not take it."""
    sequence = call.query.get("sequenceType", "oneoff")
    if sequence not in ("oneoff", "first", "recurring"):
        raise ApiError(400, "The sequence type is invalid", "sequenceType")
    currency = call.query.get("amount[currency]", "EUR")
    names = list_methods(sequence)
    if "amount[value]" in call.query:
        amount = check.money("amount", {"currency": currency, "value": call.query["amount[value]"]})
        names = [name for name in names if METHODS[name][1] <= amount.value <= METHODS[name][2]]
    shown = [in_list(show_method(name, currency, call.base)) for name in names]
    links = {"self": hal(f"{call.base}{call.path}"), "documentation": documentation("list-methods")}
    return Answer(200, {"count": len(shown), "_embedded": {"methods": shown}, "_links": links})


def get_method(call: Call) -> Answer:
    name = call.ids["method"]
    if name not in METHODS:
        raise ApiError(404, f"No method exists with token {name}.")
    return Answer(200, show_method(name, call.query.get("currency", "EUR"), call.base))
