"""Marks of what an account was moved by, beside what Mollie says of a payment."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from bursar.payments.models import Charge, Payment
from bursar.payments.rules.table import News, Told

OF = {
    News.TAKEN_BACK: "charged_back",
    News.GIVEN_BACK: "charged_back",
    News.REFUNDED: "refunded",
}


def mark(payment: Payment, news: News) -> None:
    """This news has moved the account, or moves nothing. What has come in since then stays to be applied."""
    _write(payment, [OF.get(news, "status")])


def mark_all(payment: Payment) -> None:
    """Nothing is left to be done about what the row said when it was read."""
    _write(payment, ["status", "refunded", "charged_back"])


def _write(payment: Payment, names: list[str]) -> None:
    values: dict[str, Any] = {f"applied_{name}": getattr(payment, name) for name in names}
    for name, value in values.items():
        setattr(payment, name, value)
    row = Payment.objects.filter(pk=payment.pk)
    row.update(**values)
    same = {name: F(f"applied_{name}") for name in ("status", "refunded", "charged_back")}
    row.filter(**same).update(to_apply=False)


def says_of(payment: Payment) -> Told:
    return Told(payment.status, payment.refunded, payment.charged_back)


def applied_of(payment: Payment) -> Told:
    return Told(payment.applied_status, payment.applied_refunded, payment.applied_charged_back)


def attach(payment: Payment, charge: Charge) -> None:
    """Which charge it tries to pay, once that is known."""
    Payment.objects.filter(pk=payment.pk, charge=None).update(charge=charge)
    payment.charge = charge
