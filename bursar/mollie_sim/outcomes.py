"""How a payment ends, and what follows from it: its mandate, its link, its webhook."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bursar.mollie_sim.clock import add_business_days, at_charging
from bursar.mollie_sim.objects import Mandate, Payment
from bursar.mollie_sim.standing import end_subscription, set_mandate_status
from bursar.mollie_sim.words import (
    BANK_FAILURES,
    CARD_FAILURES,
    MAGIC_AMOUNTS,
    MINUTES_OPEN,
    MINUTES_OPEN_WITHOUT_METHOD,
    NO_FUNDS,
    mandate_method,
    read_outcome,
)
from bursar.mollie_sim.world import World

FAILURES_UNTIL_CANCELED = 2
DEBIT_MAY_FAIL_DAYS = 5
"""Business days within which a paid direct debit may still turn out to have failed."""

QUIET = frozenset({"open", "pending"})
"""Mollie sends no webhook for these."""


def wait_for_shopper(world: World, payment: Payment) -> None:
    """Open until it expires."""
    minutes = MINUTES_OPEN.get(payment.method or "", MINUTES_OPEN_WITHOUT_METHOD)
    payment.expires_at = payment.created_at + timedelta(minutes=minutes)
    plan_payment(world, payment)


def wait_for_bank(world: World, payment: Payment, mandate: Mandate) -> None:
    """A charge by a mandate: a card is decided at once, a debit days later. Its end is the mandate's next outcome."""
    payment.status, payment.method, payment.mandate_id = "pending", mandate.method, mandate.id
    payment.outcome = mandate.next.pop(0) if mandate.next else "paid"
    payment.details = {name: value for name, value in mandate.details.items() if name != "cardExpiryDate"}
    until = payment.created_at
    if mandate.method == "directdebit":
        due = add_business_days(until.date(), world.config.debit_days)
        until = max(until, at_charging(due))
        payment.details |= {
            "transferReference": f"SD{world.random.randrange(10**8):08}",
            "creditorIdentifier": "NL08ZZZ502057730000",
            "dueDate": due.isoformat(),
            "signatureDate": mandate.signed_on.isoformat(),
        }
    payment.decided_at = until
    plan_payment(world, payment)


def plan_payment(world: World, payment: Payment) -> None:
    """What will become of it by itself: one that is open expires, one that is pending is decided."""

    def expire(meant: datetime) -> None:
        if payment.status == "open" and payment.expires_at == meant:
            decide(world, payment, "expired")

    def end(meant: datetime) -> None:
        if payment.status != "pending" or payment.decided_at != meant:
            return
        payment.decided_at = None
        if payment.outcome not in QUIET:  # else it hangs until somebody decides
            decide(world, payment, payment.outcome)

    if payment.status == "open" and payment.expires_at:
        world.agenda.add(payment.expires_at, expire)
    if payment.status == "pending" and payment.decided_at:
        world.agenda.add(payment.decided_at, end)


def decide(world: World, payment: Payment, outcome: str) -> None:
    """Brings a payment to `outcome`, such as "paid" or "failed:card_expired". Raises ValueError when that cannot be."""
    status, reason = read_outcome(outcome)
    problem = why_not(world, payment, status)
    if problem:
        raise ValueError(problem)
    now = world.now()
    payment.status = status
    payment.decided_at = None
    if status in QUIET:
        return
    if status == "failed":
        payment.paid_at = None
    setattr(payment, f"{status}_at", now)
    if status == "paid":
        payment.details = payment.details or _paid_details(payment)
    if status == "failed":
        _give_reason(payment, reason)
    _follow(world, payment, reason)
    world.tell(payment, f"payment.{status}")


def why_not(world: World, payment: Payment, status: str) -> str | None:
    """None, or why the payment cannot come to this status now."""
    if payment.status == status:
        return f"the payment is {status} already"
    if payment.is_final and not (status == "failed" and _may_still_fail(world, payment)):
        return f"the payment is {payment.status}, which is final"
    return None


def _may_still_fail(world: World, payment: Payment) -> bool:
    """A paid direct debit, until the end of its last day."""
    if payment.method != "directdebit" or payment.status != "paid" or payment.paid_at is None:
        return False
    return world.now().date() <= add_business_days(payment.paid_at.date(), DEBIT_MAY_FAIL_DAYS)


def _give_reason(payment: Payment, reason: str) -> None:
    if payment.method == "directdebit":
        code = reason if reason in BANK_FAILURES else "MS03"
        payment.details |= {"bankReasonCode": code, "bankReason": BANK_FAILURES[code]}
        return
    if payment.method == "creditcard":
        code = reason or MAGIC_AMOUNTS.get(payment.amount.value, "unknown_reason")
        payment.details |= {"failureReason": code, "failureMessage": CARD_FAILURES.get(code, code)}


def _follow(world: World, payment: Payment, reason: str) -> None:
    if payment.link_id and payment.status == "paid":
        world.links[payment.link_id].paid_at = payment.paid_at
    if payment.sequence == "first" and payment.customer_id and payment.method:
        _give_mandate(world, payment)
    if payment.sequence == "recurring" and payment.mandate_id:
        _count_failures(world, payment, world.mandates[payment.mandate_id], reason)


def _give_mandate(world: World, payment: Payment) -> None:
    """A paid first payment gives one. A cancelled one leaves one that is pending for good, as Mollie's does."""
    if payment.status not in ("paid", "canceled"):
        return
    customer = world.customers[payment.customer_id or ""]
    mandate = make_mandate(world, customer.mode, customer.id, payment.method or "", customer.name or "Customer")
    if payment.status == "canceled":
        mandate.status = "pending"
        return
    payment.mandate_id = mandate.id
    if world.config.mandate_days:
        mandate.status = "pending"
        mandate.valid_at = at_charging(add_business_days(world.now().date(), world.config.mandate_days))
        plan_mandate(world, mandate)


def plan_mandate(world: World, mandate: Mandate) -> None:
    def become_valid(meant: datetime) -> None:
        if mandate.status == "pending" and mandate.valid_at == meant:
            set_mandate_status(world, mandate, "valid")

    if mandate.status == "pending" and mandate.valid_at:
        world.agenda.add(mandate.valid_at, become_valid)


def make_mandate(world: World, mode: str, customer_id: str, method: str, name: str) -> Mandate:
    now = world.now()
    kind = mandate_method(method)
    mandate = Mandate(
        id=world.new_id("mdt"),
        mode=mode,
        customer_id=customer_id,
        method=kind,
        status="valid",
        created_at=now,
        details=_mandate_details(world, kind, name),
        signed_on=now.date(),
    )
    world.mandates[mandate.id] = mandate
    world.customers[customer_id].mandates.append(mandate)
    return mandate


def _mandate_details(world: World, kind: str, name: str) -> dict[str, Any]:
    digits = f"{world.random.randrange(10**10):010}"
    if kind == "creditcard":
        return {
            "cardHolder": name,
            "cardNumber": digits[:4],
            "cardLabel": "Visa",
            "cardFingerprint": f"fp{digits}",
            "cardExpiryDate": world.now().date().replace(day=1, year=world.now().year + 3).isoformat(),
        }
    if kind == "paypal":
        return {"consumerName": name, "consumerAccount": f"payer{digits}@example.org"}
    return {"consumerName": name, "consumerAccount": f"NL00INGB{digits}", "consumerBic": "INGBNL2A"}


def _paid_details(payment: Payment) -> dict[str, Any]:
    if payment.method == "creditcard":
        return {"cardNumber": "6787", "cardHolder": "T. Tester", "cardLabel": "Visa", "cardCountryCode": "NL"}
    if payment.method in ("ideal", "bancontact", "belfius", "kbc", "eps"):
        return {"consumerName": "T. Tester", "consumerAccount": "NL00INGB0123456789", "consumerBic": "INGBNL2A"}
    return {}


def _count_failures(world: World, payment: Payment, mandate: Mandate, reason: str) -> None:
    """Mollie ends a subscription after two failed debits in a row, but not for a lack of funds."""
    if payment.status == "paid":
        mandate.failures = 0
        return
    if payment.status != "failed" or mandate.method != "directdebit" or reason == NO_FUNDS:
        return
    mandate.failures += 1
    subscription = world.subscriptions.get(payment.subscription_id or "")
    if world.config.gives_up and subscription and mandate.failures >= FAILURES_UNTIL_CANCELED:
        end_subscription(world, subscription, "canceled")
