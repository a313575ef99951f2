"""The mirror's rows as Mollie's answers would make them, and what follows for the account."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from bursar.core import clock
from bursar.payments.actions.apply import apply_payment, apply_subscription
from bursar.payments.models import Charge, Mandate, MollieCustomer, Payment, Subscription
from bursar.payments.queries import foresee, get_meant, get_planned
from bursar.payments.states import ChargeKind, ChargeState
from bursar.payments.store import charges
from bursar.plans.queries import load_account
from bursar.plans.rules import Terms, terms_at
from bursar.tenants.models import BillingAccount

_number = count(1)


def new_id(prefix: str) -> str:
    return f"{prefix}_m{next(_number)}"


def customer(account: BillingAccount) -> MollieCustomer:
    now = clock.now()
    made, _ = MollieCustomer.objects.get_or_create(
        account=account, defaults={"mollie_id": new_id("cst"), "mode": "test", "learned_at": now, "rules_since": now}
    )
    return made


def mandate(account: BillingAccount, method: str = "directdebit", status: str = "valid") -> Mandate:
    now = clock.now()
    return Mandate.objects.create(
        customer=customer(account), mollie_id=new_id("mdt"), method=method, status=status, account_end="6789",
        created_at=now, learned_at=now, mode="test",
    )  # fmt: skip


def check_out(account: BillingAccount, tier: str = "changemaker", cadence: str = "monthly") -> Charge:
    """What *Check out* makes, without the customer's dialog."""
    now = clock.now()
    quote = foresee(account, load_account(account.pk), now, tier=tier, cadence=cadence)
    return charges.make(account, ChargeKind.FIRST, ChargeState.ASKED, quote, now, tier=tier, cadence=cadence)


def payment(of: Charge | Subscription, status: str = "open", **more: Any) -> Payment:
    """One that Mollie knows, not applied yet."""
    now = clock.now()
    account = of.account
    assert account is not None
    fields: dict[str, Any] = {"mollie_id": new_id("tr"), "mode": "test", "learned_at": now, "at": now}
    fields |= {"account": account, "status": status, "method": "directdebit"}
    if isinstance(of, Charge):
        fields |= {"charge": of, "kind": of.kind, "amount": of.gross}
    else:
        fields |= {"subscription": of, "kind": "renewal", "amount": of.amount}
    fields |= {"paid_at": now} if status == "paid" else {}
    return Payment.objects.create(**{**fields, **more})


def tell(row: Payment, status: str = "", **more: Any) -> None:
    """Mollie says something else of it by now, and the account is moved by that."""
    values: dict[str, Any] = {**({"status": status} if status else {}), **more, "to_apply": True}
    if status == "paid":
        values.setdefault("paid_at", clock.now())
    Payment.objects.filter(pk=row.pk).update(**values)
    apply(row)


def apply(row: Payment) -> None:
    apply_payment(row.pk, clock.now())
    row.refresh_from_db()
    assert not row.to_apply


def say(subscription: Subscription, **values: Any) -> None:
    """What Mollie says of it now."""
    Subscription.objects.filter(pk=subscription.pk).update(**values)
    apply_subscription(subscription.pk, clock.now())
    subscription.refresh_from_db()


def answer(account: BillingAccount, **more: Any) -> Subscription:
    """Mollie made the subscription that was asked for."""
    meant = get_meant(account.pk)
    assert meant is not None and meant.status == "asked"
    values: dict[str, Any] = {"mollie_id": new_id("sub"), "status": "active", "next_date": meant.start_date}
    say(meant, **{**values, "amount": meant.wanted, **more})
    return meant


def begin(account: BillingAccount, tier: str = "changemaker", cadence: str = "monthly") -> Subscription:
    """Bought, paid, and the subscription stands at Mollie."""
    held = mandate(account)
    row = payment(check_out(account, tier, cadence), "paid", mollie_mandate_id=held.mollie_id, method="ideal")
    apply(row)
    return answer(account)


def charge_of(subscription: Subscription, next_date: date, status: str = "pending", **more: Any) -> Payment:
    """Mollie charges: a payment, and the subscription's day goes on."""
    row = payment(subscription, status, **more)
    Subscription.objects.filter(pk=subscription.pk).update(next_date=next_date)
    subscription.refresh_from_db()
    apply(row)
    return row


def terms(account: BillingAccount, at: datetime | None = None) -> Terms:
    return terms_at(load_account(account.pk), at or clock.now())


def planned(account: BillingAccount) -> Charge:
    found = get_planned(account.pk)
    assert found is not None
    return found


def money(text: str) -> Decimal:
    return Decimal(text)
