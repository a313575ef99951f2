"""Money that goes back: endpoints of refunds and chargebacks, and what becomes of them by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from bursar.mollie_sim import check
from bursar.mollie_sim.answers import Answer, ApiError, Json, unprocessable
from bursar.mollie_sim.call import Call
from bursar.mollie_sim.clock import add_business_days, at_charging
from bursar.mollie_sim.objects import Chargeback, Payment, Refund
from bursar.mollie_sim.paging import answer_page
from bursar.mollie_sim.show_money import show_chargeback, show_payment, show_refund
from bursar.mollie_sim.standing import set_mandate_status
from bursar.mollie_sim.words import BANK_FAILURES
from bursar.mollie_sim.world import World

REFUND_LEAVES_AFTER = timedelta(hours=2)
SAME_AGAIN_WITHIN = timedelta(hours=1)
_REFUND: dict[str, check.Reader] = {
    "amount": check.positive,
    "description": check.text,
    "metadata": check.metadata,
}
_TOLD = frozenset({"processing", "refunded", "failed"})
_STATUSES = frozenset({"queued", "pending", "processing", "refunded", "failed", "canceled"})


def create_refund(call: Call) -> Answer:
    payment, world = _payment(call), call.world
    given = check.read_body(call.body, _REFUND, required=["amount"])
    amount = given["amount"]
    if payment.status != "paid":
        raise unprocessable("The payment is not paid and cannot be refunded")
    if amount.currency != payment.amount.currency or amount.value > payment.amount.value - payment.refunded:
        raise unprocessable("The amount is higher than the maximum", "amount")
    since = world.now() - SAME_AGAIN_WITHIN
    if any(one.counts and one.amount == amount and one.created_at > since for one in payment.refunds):
        raise ApiError(409, "A duplicate refund has been detected")
    refund = Refund(
        id=world.new_id("re"),
        mode=call.mode,
        payment_id=payment.id,
        created_at=world.now(),
        amount=amount,
        description=given.get("description", payment.description),
        metadata=given.get("metadata"),
    )
    world.refunds[refund.id] = refund
    payment.refunds.append(refund)
    if world.config.balance is not None and world.config.balance < amount.value:
        refund.status = "queued"
    else:
        _leave(world, refund)
    return Answer(201, show_refund(refund, call.base))


def _leave(world: World, refund: Refund) -> None:
    """Pending for two hours, then with the bank, which has it done on the next business day."""
    refund.status = "pending"
    refund.leaves_at = world.now() + REFUND_LEAVES_AFTER
    plan_refund(world, refund)


def plan_refund(world: World, refund: Refund) -> None:
    leaves = refund.leaves_at
    if leaves is None or refund.status not in ("pending", "processing"):
        return

    def go(meant: datetime) -> None:
        if refund.status == "pending" and refund.leaves_at == leaves:
            set_refund_status(world, refund, "processing")

    def arrive(meant: datetime) -> None:
        if refund.status == "processing" and refund.leaves_at == leaves:
            set_refund_status(world, refund, "refunded")

    world.agenda.add(leaves, go)
    world.agenda.add(at_charging(add_business_days(leaves.date(), 1)), arrive)


def set_refund_status(world: World, refund: Refund, status: str) -> None:
    """Raises ValueError for a status that does not exist."""
    if status not in _STATUSES:
        raise ValueError(f"“{status}” is no status of a refund")
    if status == "pending":
        _leave(world, refund)
        return
    refund.status = status
    if status in _TOLD:
        world.tell(world.payments[refund.payment_id], f"refund.{status}")


def get_refund(call: Call) -> Answer:
    return Answer(200, _shown_refund(call, _refund(call)))


def cancel_refund(call: Call) -> Answer:
    refund = _refund(call)
    if refund.status not in ("queued", "pending"):
        raise unprocessable("The refund cannot be cancelled any more")
    refund.status = "canceled"
    return Answer(204)


def list_refunds(call: Call) -> Answer:
    own = [one for one in call.world.refunds.values() if one.mode == call.mode]
    return answer_page(call, "refunds", own, lambda one: _shown_refund(call, one))


def list_payment_refunds(call: Call) -> Answer:
    return answer_page(call, "refunds", _payment(call).refunds, lambda one: _shown_refund(call, one))


def _shown_refund(call: Call, refund: Refund) -> Json:
    return _with_payment(call, show_refund(refund, call.base), refund.payment_id)


def _with_payment(call: Call, body: Json, payment_id: str) -> Json:
    if not call.embeds("payment"):
        return body
    return {**body, "_embedded": {"payment": show_payment(call.world.payments[payment_id], call.base)}}


def charge_back(world: World, payment: Payment, value: Decimal | None = None, code: str = "MD06") -> Chargeback:
    """The payer's bank takes the money. value: None for all of it. Raises ValueError when there is nothing to take."""
    value = value if value is not None else payment.amount.value - payment.charged_back
    if payment.status != "paid" or not 0 < value <= payment.amount.value - payment.charged_back:
        raise ValueError("there is nothing to charge back")
    is_debit = payment.method == "directdebit"
    chargeback = Chargeback(
        id=world.new_id("chb"),
        mode=payment.mode,
        payment_id=payment.id,
        created_at=world.now(),
        amount=payment.amount.of(value),
        reason=(code, BANK_FAILURES[code]) if is_debit else None,
    )
    world.chargebacks[chargeback.id] = chargeback
    payment.chargebacks.append(chargeback)
    mandate = world.mandates.get(payment.mandate_id or "")
    if world.config.gives_up and mandate and mandate.method == "creditcard" and mandate.status != "invalid":
        set_mandate_status(world, mandate, "invalid")
    world.tell(payment, "chargeback.received")
    return chargeback


def reverse(world: World, chargeback: Chargeback) -> None:
    """The money comes back after all. Raises ValueError the second time."""
    if chargeback.reversed_at is not None:
        raise ValueError("the chargeback is reversed already")
    chargeback.reversed_at = world.now()
    world.tell(world.payments[chargeback.payment_id], "chargeback.reversed")


def get_chargeback(call: Call) -> Answer:
    payment = _payment(call)
    found = next((one for one in payment.chargebacks if one.id == call.ids["chargeback"]), None)
    if found is None:
        raise ApiError(404, f"No chargeback exists with token {call.ids['chargeback']}.")
    return Answer(200, _shown_chargeback(call, found))


def list_chargebacks(call: Call) -> Answer:
    own = [one for one in call.world.chargebacks.values() if one.mode == call.mode]
    return answer_page(call, "chargebacks", own, lambda one: _shown_chargeback(call, one))


def list_payment_chargebacks(call: Call) -> Answer:
    return answer_page(call, "chargebacks", _payment(call).chargebacks, lambda one: _shown_chargeback(call, one))


def _shown_chargeback(call: Call, chargeback: Chargeback) -> Json:
    return _with_payment(call, show_chargeback(chargeback, call.base), chargeback.payment_id)


def _payment(call: Call) -> Payment:
    return call.world.payment(call.ids["payment"], call.mode)


def _refund(call: Call) -> Refund:
    payment = _payment(call)
    found = next((one for one in payment.refunds if one.id == call.ids["refund"]), None)
    if found is None:
        raise ApiError(404, f"No refund exists with token {call.ids['refund']}.")
    return found
