"""Endpoints of payment links. The payment is made when somebody opens the link, and does not name it."""

from __future__ import annotations

from bursar.mollie_sim import check
from bursar.mollie_sim.answers import Answer, unprocessable
from bursar.mollie_sim.call import Call
from bursar.mollie_sim.objects import Link, Payment
from bursar.mollie_sim.outcomes import wait_for_shopper
from bursar.mollie_sim.paging import answer_page
from bursar.mollie_sim.show import show_link
from bursar.mollie_sim.show_money import show_payment
from bursar.mollie_sim.words import METHODS
from bursar.mollie_sim.world import World

_LINK: dict[str, check.Reader] = {
    "amount": check.positive,
    "minimumAmount": check.positive,
    "description": check.description,
    "redirectUrl": check.url,
    "webhookUrl": check.webhook_url,
    "reusable": check.boolean,
    "expiresAt": check.instant,
    "allowedMethods": check.some_of(*METHODS),
    "sequenceType": check.one_of("oneoff", "first"),
    "customerId": check.text,
}
_CHANGEABLE: dict[str, check.Reader] = {
    "description": check.description,
    "minimumAmount": check.positive,
    "archived": check.boolean,
    "allowedMethods": check.some_of(*METHODS),
}


def create_link(call: Call) -> Answer:
    given = check.read_body(call.body, _LINK, required=["description"])
    if "minimumAmount" in given and "amount" in given:
        raise unprocessable("The minimum amount goes with no amount only", "minimumAmount")
    if "customerId" in given:
        call.world.customer(given["customerId"], call.mode)
    if "expiresAt" in given and given["expiresAt"] <= call.world.now():
        raise unprocessable("The expiry lies in the past", "expiresAt")
    link = Link(
        id=call.world.new_id("pl"),
        mode=call.mode,
        created_at=call.world.now(),
        token=call.world.new_token(16),
        description=given["description"],
        amount=given.get("amount"),
        minimum=given.get("minimumAmount"),
        redirect_url=given.get("redirectUrl"),
        webhook_url=given.get("webhookUrl"),
        is_reusable=given.get("reusable", False),
        expires_at=given.get("expiresAt"),
        methods=given.get("allowedMethods"),
        sequence=given.get("sequenceType", "oneoff"),
        customer_id=given.get("customerId"),
    )
    call.world.links[link.id] = link
    return Answer(201, show_link(link, call.base))


def get_link(call: Call) -> Answer:
    return Answer(200, show_link(_link(call), call.base))


def update_link(call: Call) -> Answer:
    link = _link(call)
    names = {"minimumAmount": "minimum", "archived": "is_archived", "allowedMethods": "methods"}
    for name, value in check.read_body(call.body, _CHANGEABLE).items():
        setattr(link, names.get(name, name), value)
    return Answer(200, show_link(link, call.base))


def delete_link(call: Call) -> Answer:
    link = _link(call)
    if link.payments:
        raise unprocessable("The payment link cannot be deleted: it has been opened")
    del call.world.links[link.id]
    return Answer(204)


def list_links(call: Call) -> Answer:
    own = [one for one in call.world.links.values() if one.mode == call.mode]
    return answer_page(call, "payment_links", own, lambda one: show_link(one, call.base))


def list_link_payments(call: Call) -> Answer:
    return answer_page(call, "payments", _link(call).payments, lambda one: show_payment(one, call.base))


def _link(call: Call) -> Link:
    return call.world.find(call.world.links, call.ids["link"], call.mode, "payment link")


def why_not_payable(link: Link, world: World) -> str | None:
    if link.is_archived:
        return "This payment link is closed."
    if link.expires_at and link.expires_at <= world.now():
        return "This payment link has expired."
    if link.paid_at and not link.is_reusable:
        return "This payment link has been paid already."
    return None


def open_link(link: Link, world: World) -> Payment:
    """The payment that somebody starts by it. Without an amount it is the least."""
    payment = Payment(
        id=world.new_id("tr"),
        mode=link.mode,
        created_at=world.now(),
        amount=link.amount or link.minimum or check.money("amount", {"currency": "EUR", "value": "10.00"}),
        description=link.description,
        sequence=link.sequence,
        methods=link.methods or (),
        redirect_url=link.redirect_url,
        webhook_url=link.webhook_url,
        customer_id=link.customer_id,
        link_id=link.id,
    )
    wait_for_shopper(world, payment)
    world.payments[payment.id] = payment
    link.payments.append(payment)
    if link.customer_id:
        world.customers[link.customer_id].payments.append(payment)
    return payment
