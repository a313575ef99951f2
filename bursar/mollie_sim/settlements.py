"""Settlements: what Mollie pays out. Live, and for access tokens only; made when `settle` is called."""

from __future__ import annotations

from decimal import Decimal

from bursar.mollie_sim.answers import Answer, ApiError
from bursar.mollie_sim.call import Call
from bursar.mollie_sim.objects import Chargeback, Money, Payment, Refund, Settlement
from bursar.mollie_sim.paging import answer_page
from bursar.mollie_sim.show_money import show_chargeback, show_payment, show_refund, show_settlement
from bursar.mollie_sim.world import World

CURRENCY = "EUR"


def settle(world: World, fee: Decimal = Decimal(0)) -> Settlement:
    """Pays out all that is not settled yet, less a fee of each payment. Raises ValueError when there is nothing."""
    settlement = _gather(world, world.new_id("stl"), "paidout", fee)
    if not (settlement.payments or settlement.refunds or settlement.chargebacks):
        raise ValueError("there is nothing live to settle")
    settlement.settled_at = world.now()
    taken: list[Payment | Refund | Chargeback] = [
        *settlement.payments, *settlement.refunds, *settlement.chargebacks
    ]  # fmt: skip
    for each in taken:
        each.settlement_id = settlement.id
    world.settlements[settlement.id] = settlement
    return settlement


def _gather(world: World, id: str, status: str, fee: Decimal = Decimal(0)) -> Settlement:
    payments = [one for one in world.payments.values() if _is_due(one) and one.status == "paid"]
    refunds = [one for one in world.refunds.values() if _is_due(one) and one.status in ("processing", "refunded")]
    chargebacks = [one for one in world.chargebacks.values() if _is_due(one) and one.reversed_at is None]
    returned: list[Refund | Chargeback] = [*refunds, *chargebacks]
    total = sum((one.amount.value for one in payments), Decimal("0.00"))
    total -= sum((one.amount.value for one in returned), Decimal("0.00"))
    total -= fee * len(payments)
    now = world.now()
    reference = f"1234567.{now:%y%m}.{len(world.settlements) + 1:02}"
    return Settlement(
        id,
        now,
        reference,
        Money(total, CURRENCY),
        status,
        payments=payments,
        refunds=refunds,
        chargebacks=chargebacks,
        fee=fee,
    )


def _is_due(one: Payment | Refund | Chargeback) -> bool:
    return one.mode == "live" and one.settlement_id is None and one.amount.currency == CURRENCY


def get_settlement(call: Call) -> Answer:
    return Answer(200, show_settlement(_settlement(call), call.base))


def list_settlements(call: Call) -> Answer:
    _only_tokens(call)
    return answer_page(
        call, "settlements", call.world.settlements.values(), lambda one: show_settlement(one, call.base)
    )


def list_settlement_payments(call: Call) -> Answer:
    return answer_page(call, "payments", _settlement(call).payments, lambda one: show_payment(one, call.base))


def list_settlement_refunds(call: Call) -> Answer:
    return answer_page(call, "refunds", _settlement(call).refunds, lambda one: show_refund(one, call.base))


def list_settlement_chargebacks(call: Call) -> Answer:
    return answer_page(call, "chargebacks", _settlement(call).chargebacks, lambda one: show_chargeback(one, call.base))


def _settlement(call: Call) -> Settlement:
    """`open` and `next` are what would be paid out now."""
    _only_tokens(call)
    id = call.ids["settlement"]
    if id in ("open", "next"):
        return _gather(call.world, id, "open")
    found = call.world.settlements.get(id)
    if found is None:
        raise ApiError(404, f"No settlement exists with token {id}.")
    return found


def _only_tokens(call: Call) -> None:
    if not call.is_token:
        raise ApiError(403, "Settlements need an access token: an API key does not suffice")
