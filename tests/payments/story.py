"""The life of an account in which everything happens once that Mollie or the clock can do to it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from bursar.actions.run import run
from bursar.core import clock
from bursar.payments import timed
from bursar.payments.models import Charge, Payment, Subscription
from bursar.payments.queries import get_meant
from bursar.tenants.models import BillingAccount
from tests.cast import Cast, bring_all, seat
from tests.payments import mirrored


def at(day: str, hour: int = 9) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=UTC)


def live_through_everything(account: BillingAccount, cast: Cast) -> None:
    """`account`: of Samen, free at first; begins on 24 November 2026."""
    _buy(account)
    _fall_behind_and_pay(account)
    _add_a_seat(account)
    _change_plan(account)
    _cost_nothing_and_again(account, cast)


def _buy(account: BillingAccount) -> None:
    left = mirrored.payment(mirrored.check_out(account, "guardian"))
    mirrored.tell(left, "expired")
    held = mirrored.mandate(account)
    first = mirrored.payment(mirrored.check_out(account, "guardian"), mollie_mandate_id=held.mollie_id)
    mirrored.tell(first, "pending")
    mirrored.tell(first, "paid")
    mirrored.answer(account)
    mirrored.tell(first, refunded=Decimal("1.00"))


def _fall_behind_and_pay(account: BillingAccount) -> None:
    meant = get_meant(account.pk)
    assert meant is not None
    with clock.frozen(at("2026-12-21")):
        timed.announce(clock.now())
    with clock.frozen(at("2026-12-24")):
        failed = mirrored.charge_of(meant, date(2027, 1, 24), "failed", reason="AM04")
        charge = failed.charge
        assert charge is not None
    with clock.frozen(at("2026-12-28")):
        timed.try_again(clock.now())
        again = mirrored.payment(charge, "pending")
        mirrored.apply(again)
        mirrored.tell(again, "failed", reason="AC04")
        paid = mirrored.payment(charge, "paid")
        mirrored.apply(paid)
        mirrored.apply(mirrored.payment(charge, "paid"))
        first = Payment.objects.order_by("id")[1]
        mirrored.tell(first, charged_back=first.amount)
        mirrored.tell(first, charged_back=Decimal(0))


def _add_a_seat(account: BillingAccount) -> None:
    with clock.frozen(at("2027-01-04")):
        bring_all(seat("panel", "ali", "member", clock.now()))
        timed.charge_seats(clock.now())
        timed.follow(clock.now())
        mirrored.apply(mirrored.payment(Charge.objects.get(kind="seat"), "paid"))


def _change_plan(account: BillingAccount) -> None:
    meant = get_meant(account.pk)
    assert meant is not None
    Subscription.objects.filter(pk=meant.pk).update(then_tier="changemaker", next_date=date(2027, 1, 24))
    with clock.frozen(at("2027-01-24", 1)):
        timed.arrive(clock.now())
    with clock.frozen(at("2027-01-24")):
        meant.refresh_from_db()
        mirrored.charge_of(meant, date(2027, 2, 24), "paid")
        mirrored.say(meant, status="canceled", next_date=None)
        held, charge = mirrored.mandate(account, "creditcard"), mirrored.check_out(account)
        Charge.objects.filter(pk=charge.pk).update(kind="method")
        charge.refresh_from_db()
        mirrored.apply(mirrored.payment(charge, "paid", mollie_mandate_id=held.mollie_id))
        mirrored.answer(account)


def _cost_nothing_and_again(account: BillingAccount, cast: Cast) -> None:
    free = {"kind": "scholarship", "percent": "100", "end_date": "2027-03-31"}
    with clock.frozen(at("2027-02-01")):
        run("plans.account.set_discount", cast.ties, account.public_id, free, reason="x")
        timed.follow(clock.now())
    with clock.frozen(at("2027-02-24")):
        timed.arrive(clock.now())
    with clock.frozen(at("2027-04-01")):
        timed.ask_again(clock.now())
