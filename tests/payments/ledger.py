"""Rows of payments as the tests of pages need them: written straight, since nothing is asked of Mollie here."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from bursar.billing.models import Invoice, LedgerEntry, Series
from bursar.payments.models import Charge, Chargeback, Mandate, MollieCustomer, Payment, Refund, Subscription
from bursar.tenants.models import BillingAccount
from tests.cast import NOW

_number = count(1)
GROSS = Decimal("121.00")


def charge(
    account: BillingAccount, due_on: date | None, kind: str = "renewal", state: str = "paid", **more: Any
) -> Charge:
    gross = more.pop("gross", GROSS)
    net = more.pop("net", (gross / Decimal("1.21")).quantize(Decimal("0.01")))
    return Charge.objects.create(
        account=account,
        due_on=due_on,
        kind=kind,
        state=state,
        made_at=NOW,
        net=net,
        vat=gross - net,
        gross=gross,
        **more,
    )


def payment(
    account: BillingAccount | None, at: datetime, status: str = "paid", owed: Charge | None = None, **more: Any
) -> Payment:
    number = next(_number)
    values: dict[str, Any] = {
        "mollie_id": f"tr_test{number:06d}", "mode": "test", "learned_at": at, "kind": "renewal", "amount": GROSS,
        "method": "directdebit", "to_apply": False, "paid_at": at if status == "paid" else None,
        "failed_at": at if status == "failed" else None, "dashboard": f"https://my.mollie.com/tr_test{number:06d}",
    }  # fmt: skip
    return Payment.objects.create(account=account, at=at, status=status, charge=owed, **{**values, **more})


def refund(paid: Payment, amount: str, at: datetime, state: str = "refunded") -> Refund:
    number = next(_number)
    paid.refunded += Decimal(amount)
    paid.save()
    return Refund.objects.create(
        mollie_id=f"re_test{number:06d}", payment=paid, amount=Decimal(amount), state=state, created_at=at, mode="test",
        learned_at=at,
    )  # fmt: skip


def chargeback(paid: Payment, at: datetime, reversed_at: datetime | None = None) -> Chargeback:
    number = next(_number)
    paid.charged_back += 0 if reversed_at else paid.amount
    paid.save()
    return Chargeback.objects.create(
        mollie_id=f"chb_test{number:06d}", payment=paid, amount=paid.amount, created_at=at, mode="test", learned_at=at,
        reversed_at=reversed_at, reason_code="MD06",
    )  # fmt: skip


def invoice(account: BillingAccount, due_on: date | None, gross: Decimal = GROSS, made_for: str = "") -> Invoice:
    """Its amounts and its day, and no document."""
    number, day = next(_number), NOW.date()
    series, _ = Series.objects.get_or_create(kind="invoice", year=day.year)
    return Invoice.objects.create(
        account=account, kind="invoice", series=series, place=number, number=f"T{number}", issued_on=day, issued_at=NOW,
        due_on=due_on, says={}, digest="", net=gross, vat=0, gross=gross, made_for=made_for,
    )  # fmt: skip


def entry(account: BillingAccount, of: Invoice | None, kind: str, amount: str, on: date, cause: str = "") -> None:
    LedgerEntry.objects.create(
        account=account, invoice=of, kind=kind, amount=Decimal(amount), booking=f"bkg_{next(_number)}", booked_at=NOW,
        on=on, cause=cause,
    )  # fmt: skip


def customer(account: BillingAccount | None) -> MollieCustomer:
    number = next(_number)
    return MollieCustomer.objects.create(
        account=account, mollie_id=f"cst_test{number:06d}", mode="test", learned_at=NOW, rules_since=NOW
    )


def mandate(of: MollieCustomer, status: str = "valid", **more: Any) -> Mandate:
    number = next(_number)
    values: dict[str, Any] = {"method": "directdebit", "created_at": NOW, "mode": "test", "learned_at": NOW}
    return Mandate.objects.create(mollie_id=f"mdt_test{number:06d}", customer=of, status=status, **{**values, **more})


def subscription(account: BillingAccount | None, **more: Any) -> Subscription:
    number = next(_number)
    values: dict[str, Any] = {
        "mollie_id": f"sub_test{number:06d}", "is_meant": True, "status": "active", "amount": GROSS, "wanted": GROSS,
        "interval": "1 month", "cadence": "monthly", "start_date": NOW.date(), "next_date": date(2026, 12, 5),
        "created_at": NOW, "mode": "test", "learned_at": NOW,
    }  # fmt: skip
    return Subscription.objects.create(account=account, **{**values, **more})
