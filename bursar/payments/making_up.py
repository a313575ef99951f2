"""Invoices made up for charges that were paid before Bursar made any: counted first, issued when somebody says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, Sum

from bursar.core import clock
from bursar.core.money import ZERO
from bursar.payments.invoicing import bring_up
from bursar.payments.queries.invoicing import list_unbilled


@dataclass(frozen=True)
class Found:
    """`gross`: EUR. `without_details`: of accounts that nobody knows to whom to make an invoice."""

    charges: int
    gross: Decimal
    without_details: int


@dataclass
class Made:
    """`left`: what fails a rule."""

    issued: int = 0
    left: int = 0


def count(since: date) -> Found:
    rows = list_unbilled(since).order_by()
    lacks = Count("pk", filter=Q(account__billing_details=None))
    found = rows.aggregate(charges=Count("pk"), total=Sum("gross"), lacks=lacks)
    return Found(found["charges"], found["total"] or ZERO, found["lacks"])


def make(since: date, tell: Callable[[int], None]) -> Made:
    """One after the other, oldest first, each in a transaction of its own: what is cut off goes on where it was.

    Their refunds are credited with them. Raises Unavailable where an account is held for too long.
    """
    made = Made()
    for charge in list_unbilled(since).iterator(chunk_size=500):
        if bring_up(charge, since, clock.now()):
            made.issued += 1
        else:
            made.left += 1
        tell(made.issued + made.left)
    return made
