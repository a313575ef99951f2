"""Endpoints of customers and mandates."""

from __future__ import annotations

from bursar.mollie_sim import check
from bursar.mollie_sim.answers import Answer, ApiError, unprocessable
from bursar.mollie_sim.call import Call
from bursar.mollie_sim.objects import Customer, Mandate
from bursar.mollie_sim.outcomes import make_mandate
from bursar.mollie_sim.paging import answer_page
from bursar.mollie_sim.show import show_customer, show_mandate
from bursar.mollie_sim.show_money import show_payment
from bursar.mollie_sim.standing import ENDED, end_subscription, revoke

_CUSTOMER: dict[str, check.Reader] = {
    "name": check.text,
    "email": check.text,
    "locale": check.text,
    "metadata": check.metadata,
}
_MANDATE: dict[str, check.Reader] = {
    "method": check.one_of("directdebit", "paypal"),
    "consumerName": check.text,
    "consumerAccount": check.text,
    "consumerBic": check.text,
    "signatureDate": check.day,
    "mandateReference": check.text,
}


def create_customer(call: Call) -> Answer:
    given = check.read_body(call.body, _CUSTOMER)
    world = call.world
    customer = Customer(world.new_id("cst"), call.mode, world.now(), **given)
    world.customers[customer.id] = customer
    return Answer(201, show_customer(customer, call.base))


def get_customer(call: Call) -> Answer:
    return Answer(200, show_customer(_customer(call), call.base))


def update_customer(call: Call) -> Answer:
    customer = _customer(call)
    for name, value in check.read_body(call.body, _CUSTOMER).items():
        setattr(customer, name, value)
    return Answer(200, show_customer(customer, call.base))


def delete_customer(call: Call) -> Answer:
    """Its mandates and subscriptions end with it; its payments stay."""
    customer = _customer(call)
    for mandate in customer.mandates:
        mandate.status = "invalid"
    for subscription in customer.subscriptions:
        if subscription.status not in ENDED:
            end_subscription(call.world, subscription, "canceled")
    customer.is_deleted = True
    return Answer(204)


def list_customers(call: Call) -> Answer:
    own = [one for one in call.world.customers.values() if one.mode == call.mode and not one.is_deleted]
    return answer_page(call, "customers", own, lambda one: show_customer(one, call.base))


def list_customer_payments(call: Call) -> Answer:
    return answer_page(call, "payments", _customer(call).payments, lambda one: show_payment(one, call.base))


def create_mandate(call: Call) -> Answer:
    customer = _customer(call)
    given = check.read_body(call.body, _MANDATE, required=["method", "consumerName"])
    if given["method"] == "directdebit" and "consumerAccount" not in given:
        raise unprocessable("The 'consumerAccount' field is missing", "consumerAccount")
    reference = given.get("mandateReference")
    if reference and any(one.reference == reference for one in call.world.mandates.values()):
        raise unprocessable("The mandate reference is already in use", "mandateReference")
    mandate = make_mandate(call.world, call.mode, customer.id, given["method"], given["consumerName"])
    mandate.reference = reference
    mandate.signed_on = given.get("signatureDate", mandate.signed_on)
    for name in ("consumerAccount", "consumerBic"):
        if name in given:
            mandate.details[name] = given[name]
    return Answer(201, show_mandate(mandate, call.base))


def get_mandate(call: Call) -> Answer:
    return Answer(200, show_mandate(_mandate(call), call.base))


def revoke_mandate(call: Call) -> Answer:
    mandate = _mandate(call)
    if mandate.status == "invalid":
        raise ApiError(410, "The mandate is no longer available")
    revoke(call.world, mandate)
    return Answer(204)


def list_mandates(call: Call) -> Answer:
    return answer_page(call, "mandates", _customer(call).mandates, lambda one: show_mandate(one, call.base))


def _customer(call: Call) -> Customer:
    return call.world.customer(call.ids["customer"], call.mode)


def _mandate(call: Call) -> Mandate:
    customer = _customer(call)
    mandate = call.world.find(call.world.mandates, call.ids["mandate"], call.mode, "mandate")
    if mandate.customer_id != customer.id:
        raise ApiError(404, f"No mandate exists with token {mandate.id}.")
    return mandate
