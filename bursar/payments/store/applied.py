"""Marks of what an account was moved by, beside what Mollie says of a payment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce

from bursar.payments.models import Charge, Payment
from bursar.payments.rules.table import News, Told

OF = {
    News.TAKEN_BACK: "charged_back",
    News.GIVEN_BACK: "charged_back",
    News.REFUNDED: "refunded",
}
MARKED = ("status", "refunded", "charged_back")


def mark(payment: Payment, news: News) -> None:
    """This news has moved the account, or moves nothing. What has come in since then stays to be applied.

    A charge that the payment has been given since it was read is written with it.
    """
    _write(payment, [OF.get(news, "status")])


def mark_all(payment: Payment) -> None:
    """Nothing is left to be done about what the row said when it was read."""
    _write(payment, MARKED)


def _write(payment: Payment, names: Iterable[str]) -> None:
    values: dict[str, Any] = {f"applied_{name}": getattr(payment, name) for name in names}
    for name, value in values.items():
        setattr(payment, name, value)
    done = {name: getattr(payment, name) if name in names else F(f"applied_{name}") for name in MARKED}
    to_apply = Case(When(**done, then=Value(False)), default=F("to_apply"))
    given = {"charge": Coalesce("charge", Value(payment.charge_id))} if payment.charge_id else {}
    Payment.objects.filter(pk=payment.pk).update(**values, **given, to_apply=to_apply)


def says_of(payment: Payment) -> Told:
    return Told(payment.status, payment.refunded, payment.charged_back)


def applied_of(payment: Payment) -> Told:
    return Told(payment.applied_status, payment.applied_refunded, payment.applied_charged_back)


def attach(payment: Payment, charge: Charge) -> None:
    """Which charge it tries to pay, where that is known before any news of it is applied."""
    Payment.objects.filter(pk=payment.pk, charge=None).update(charge=charge)
    payment.charge = charge
