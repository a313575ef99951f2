"""What accounts paid last: as the mirror says, where Mollie rules the account, and as it was told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Greatest

from bursar.payments.models import MollieCustomer, Payment
from bursar.payments.states import PaymentState
from bursar.plans.models import PaidPeriod, PeriodSource


class LastPayment(NamedTuple):
    at: datetime
    gross: Decimal


# Each a look at the first rows of an index. `last_paid_at` says the same, for whole months of accounts.
_LAST = """
SELECT wanted.id, paid.at, paid.gross FROM unnest(%(ids)s::bigint[]) AS wanted(id)
LEFT JOIN LATERAL (
    SELECT true AS here FROM payments_molliecustomer c
    WHERE c.account_id = wanted.id AND c.rules_since IS NOT NULL LIMIT 1
) ruled ON true
CROSS JOIN LATERAL (
    (SELECT t.booked_at AS at, t.gross FROM plans_paidperiod t
    WHERE t.account_id = wanted.id AND t.booked_at < %(before)s AND (ruled.here IS NULL OR t.source <> %(mollie)s)
    ORDER BY t.booked_at DESC, t.id DESC LIMIT 1)
    UNION ALL
    (SELECT p.paid_at, p.amount FROM payments_payment p
    WHERE ruled.here AND p.account_id = wanted.id AND p.status = %(paid)s AND p.paid_at < %(before)s
    ORDER BY p.paid_at DESC, p.id DESC LIMIT 1)
) paid
"""


def list_last_payments(account_ids: Collection[int], before: datetime) -> dict[int, LastPayment]:
    """Of each account that paid before the instant, gross EUR. Where Mollie rules the account, the mirror alone says
    what came through it, and what was told what came beside it; the newer of the two.
    """
    values = {"mollie": PeriodSource.MOLLIE.value, "paid": PaymentState.PAID.value}
    found: dict[int, LastPayment] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LAST, {**values, "ids": list(account_ids), "before": before})
        for pk, at, gross in cursor.fetchall():
            paid = LastPayment(at, gross)
            found[pk] = max(found.get(pk, paid), paid)
    return found


def last_paid_at(before: datetime) -> Greatest:
    """The instant of that payment, as an expression over rows with an account: to sort by, and for files."""
    here = OuterRef("account_id")
    ruled = Exists(MollieCustomer.objects.filter(account_id=here, rules_since__isnull=False))
    paid = Payment.objects.filter(status=PaymentState.PAID, paid_at__lt=before, account_id=here)
    told = PaidPeriod.objects.filter(booked_at__lt=before, account_id=here)
    beside = told.filter(~Q(source=PeriodSource.MOLLIE))
    return Greatest(
        Case(When(ruled, then=_newest(paid, "paid_at"))),
        Case(When(ruled, then=_newest(beside, "booked_at")), default=_newest(told, "booked_at")),
    )


def _newest(rows: QuerySet[Payment] | QuerySet[PaidPeriod], column: str) -> Subquery:
    return Subquery(rows.order_by(f"-{column}").values(column)[:1])
