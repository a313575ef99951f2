"""The newest payment of accounts, for rooms that show it: as the mirror says, where Mollie rules the account."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from bursar.payments.models import MollieCustomer, Payment
from bursar.payments.states import PaymentState


def is_ruled(account: str = "account_id") -> Exists:
    """Whether Mollie says how the account pays. `account`: the column of the outer rows that names it."""
    return Exists(MollieCustomer.objects.filter(account_id=OuterRef(account), rules_since__isnull=False))


def _paid(before: datetime) -> QuerySet[Payment]:
    return Payment.objects.filter(is_ruled(), status=PaymentState.PAID, paid_at__lt=before)


def newest_paid(before: datetime) -> QuerySet[Payment]:
    """For a subquery over rows with an account: its newest payment that was paid before the instant."""
    return _paid(before).filter(account_id=OuterRef("account_id")).order_by("-paid_at")


def list_newest_paid(account_ids: Collection[int], before: datetime) -> QuerySet[Payment, Any]:
    """Of each account: its key, when it paid last before the instant, and how much."""
    found = _paid(before).filter(account_id__in=account_ids).order_by("account_id", "-paid_at", "-id")
    return found.distinct("account_id").values_list("account_id", "paid_at", "amount")
