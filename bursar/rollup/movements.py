"""MRR movements between month ends: one kind per account and month, start + movements = end (DOMAIN 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, F, Min, QuerySet, Sum

from bursar.core.calendar import Month, months_between
from bursar.core.money import ZERO
from bursar.rollup.models import AccountMonth, RevenueClass

KINDS = {
    "new": "New",
    "reactivation": "Reactivation",
    "expansion": "Expansion",
    "contraction": "Contraction",
    "churn": "Churn",
}
NET = "net"  # all of them together
LABELS = {**KINDS, NET: "All movements"}
SHOWN = 12


@dataclass
class Figure:
    """A sum in EUR per month and how many accounts are behind it."""

    amount: Decimal = ZERO
    accounts: int = 0

    def add(self, amount: Decimal, accounts: int) -> None:
        self.amount += amount
        self.accounts += accounts


@dataclass
class MonthMovements:
    """One month. `is_first`: the first imported month, which is all start. `classes`: MRR or potential by class."""

    month: Month
    is_first: bool
    start: Decimal = ZERO
    end: Decimal = ZERO
    kinds: dict[str, Figure] = field(default_factory=lambda: {kind: Figure() for kind in KINDS})
    classes: dict[str, Figure] = field(default_factory=lambda: {klass: Figure() for klass in RevenueClass.values})

    @property
    def net(self) -> Decimal:
        return sum((figure.amount for figure in self.kinds.values()), ZERO)

    @property
    def is_whole(self) -> bool:
        return self.start + self.net == self.end


def calc_movements(current: Month, count: int = SHOWN) -> list[MonthMovements]:
    """The last `count` months with data, oldest first, in two statements. Unlisted accounts count: they churn too."""
    first = AccountMonth.objects.aggregate(first=Min("month"))["first"]
    if first is None:
        return []
    begin = max(Month.of(first), current.plus(1 - count))
    made = {month: MonthMovements(month, month.first == first) for month in months_between(begin, current)}
    rows = AccountMonth.objects.filter(month__gte=begin.first, month__lte=current.first).order_by()
    groups = rows.values("month", "movement", "klass", "is_listed").annotate(
        before=Sum("previous_mrr"), after=Sum("mrr"), hoped=Sum("potential"), accounts=Count("id")
    )
    for row in groups:
        one = made[Month.of(row["month"])]
        one.end += row["after"]
        one.start += row["after"] if one.is_first else row["before"]
        if row["movement"] and not one.is_first:
            one.kinds[row["movement"]].add(row["after"] - row["before"], row["accounts"])
        if row["is_listed"]:
            one.classes[row["klass"]].add(row["after"] + row["hoped"], row["accounts"])
    return list(made.values())


def list_months(current: Month, count: int = SHOWN) -> list[Month]:
    """The last `count` months with data, oldest first."""
    first = AccountMonth.objects.aggregate(first=Min("month"))["first"]
    return months_between(max(Month.of(first), current.plus(1 - count)), current) if first else []


def list_moved(month: Month, kind: str) -> QuerySet[AccountMonth]:
    """The accounts behind one figure, the largest change first; `change` is EUR per month."""
    rows = AccountMonth.objects.filter(month=month.first).select_related("account__organisation")
    rows = rows.exclude(movement="") if kind == NET else rows.filter(movement=kind)
    order = "change" if kind in ("contraction", "churn") else "-change"
    return rows.annotate(change=F("mrr") - F("previous_mrr")).order_by(order, "account__sort_key", "account_id")


def is_first_month(month: Month) -> bool:
    first = AccountMonth.objects.aggregate(first=Min("month"))["first"]
    return first is not None and month.first == first
