"""Charges as pages show them: in words, newest first, page by page."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from bursar.core.days import say_day, say_end
from bursar.core.money import euros
from bursar.core.turning import Turned, turn
from bursar.payments import phrases, words
from bursar.payments.models import Call, Charge, Payment, Refund
from bursar.payments.states import ChargeKind, ChargeState, PaymentState, RefundState
from bursar.plans.models import Tier
from bursar.tenants.models import BillingAccount

SHOWN = 12
TONES = {ChargeState.FAILED: "bad", ChargeState.OPEN: "warn", ChargeState.UNDER_WAY: "warn", ChargeState.PAID: "good"}
KINDS = {
    ChargeKind.FIRST: "First interval",
    ChargeKind.RENEWAL: "Renewal",
    ChargeKind.SEAT: "Seats that came",
    ChargeKind.UPGRADE: "Dearer plan",
    ChargeKind.METHOD: "Proof of a new way of paying",
    ChargeKind.LINK: "Payment link",
    ChargeKind.INVOICE: "Invoice",
}


def list_charges(account: BillingAccount, asked: str) -> Turned[Charge]:
    """`asked`: which part, as the address names it. Raises BadRequest for what is none."""
    return turn(_with_payments(Charge.objects.filter(account=account)), "charges", asked, SHOWN)


def _with_payments(rows: QuerySet[Charge]) -> QuerySet[Charge]:
    payments = Prefetch("payments", Payment.objects.order_by("-at", "-id"))
    return rows.select_related("invoice").defer("invoice__says").order_by("-made_at", "-id").prefetch_related(payments)


def get_latest(charge: Charge) -> Payment | None:
    """The newest try."""
    return max(charge.payments.all(), key=lambda one: (one.at, one.pk), default=None)


def say_what(charge: Charge) -> str:
    """ "Renewal: Changemaker, billed yearly, 3 seats" """
    plan = phrases.name_plan(str(Tier(charge.tier).label), charge.cadence) if charge.tier else ""
    seats = f"{charge.seats} seat{'' if charge.seats == 1 else 's'}" if charge.seats else ""
    more = ", ".join(part for part in (plan, seats) if part)
    kind = KINDS[ChargeKind(charge.kind)]
    return f"{kind}: {more}" if more else kind


def say_state(charge: Charge, latest: Payment | None) -> str:
    """What became of it, with the reason where it failed."""
    by = words.say_by(latest.method) if latest else ""
    if charge.state == ChargeState.PLANNED:
        return f"planned for {say_day(charge.due_on)}"
    if charge.state == ChargeState.ASKED:
        return "being made"
    if charge.state == ChargeState.OPEN:
        return "waits to be paid"
    if charge.state == ChargeState.UNDER_WAY:
        return f"with the bank since {say_day(latest.at if latest else charge.made_at)}{by}"
    if charge.state == ChargeState.PAID:
        return f"paid on {say_day(charge.settled_at)}{by}"
    if charge.state == ChargeState.ENDED:
        return "not owed any more"
    again = f"; it is tried again on {say_day(charge.next_try_at)}" if charge.next_try_at else ""
    return f"{_say_failure(charge, latest)}{again}"


def _say_failure(charge: Charge, latest: Payment | None) -> str:
    if latest is None:
        return "failed"
    if latest.status == PaymentState.PAID and latest.charged_back:
        return "taken back by the payer's bank"
    if latest.status in (PaymentState.CANCELED, PaymentState.EXPIRED):
        return "not paid: the checkout was left"
    reason = words.say_reason(latest.method, latest.reason)
    times = f", tried {charge.tries} times" if charge.tries > 1 else ""
    return f"failed{times}: {reason}" if reason else f"failed{times}"


def say_back(charge: Charge) -> str:
    """What of it went back; empty for nothing."""
    payments = charge.payments.all()
    refunded = sum((one.refunded for one in payments), Decimal(0))
    taken = sum((one.charged_back for one in payments), Decimal(0))
    parts = [f"{euros(refunded)} refunded"] if refunded else []
    return ", ".join([*parts, *([f"{euros(taken)} charged back"] if taken else [])])


def list_waiting_refunds(account: BillingAccount) -> list[Refund]:
    """Of this account, those that wait for a second person."""
    rows = Refund.objects.filter(payment__account=account, state=RefundState.ASKED)
    return list(rows.select_related("payment", "asked_by__user").order_by("created_at", "id"))


def say_until(charge: Charge) -> str:
    """ "1 January 2027 to 31 December 2027"; empty where it pays for no interval."""
    if charge.interval_from is None or charge.interval_until is None:
        return ""
    return f"{say_day(charge.interval_from)} to {say_end(charge.interval_until)}"


def get_call(charge: Charge) -> Call | None:
    """The newest that asks Mollie for a payment of it."""
    rows = Call.objects.filter(account_id=charge.account_id, body__charge=charge.public_id)
    return rows.order_by("-made_at", "-id").first()
