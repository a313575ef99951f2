"""MRR movements between month ends: one kind per account and month, start + movements = end (DOMAIN 4).

In the month in which the version of the rules changes, what that alone makes of the start is a kind of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, F, Min, Q, QuerySet, Sum

from bursar.core.calendar import Month, months_between
from bursar.core.money import ZERO
from bursar.rollup.filters import LOOKBACK
from bursar.rollup.models import AccountMonth, RevenueClass

RULE_CHANGED = "rule_changed"
KINDS = {
    RULE_CHANGED: "Rule changed",
    "new": "New",
    "reactivation": "Reactivation",
    "expansion": "Expansion",
    "contraction": "Contraction",
    "churn": "Churn",
}
NET = "net"  # all of them together
MOVED = "moved"  # all but what the rules alone changed
LABELS = {**KINDS, NET: "All movements"}
SHOWN = LOOKBACK + 1


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
    """One month. `is_first`: the first month with data, which is all start. `classes`: MRR or potential by class."""

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
    first, has_rule_change = _begun()
    if first is None:
        return []
    begin = max(first, current.plus(1 - count))
    made = {month: MonthMovements(month, month == first) for month in months_between(begin, current)}
    rows = AccountMonth.objects.filter(month__gte=begin.first, month__lte=current.first).order_by()
    groups: Any = rows.values("month", "movement", "klass", "is_listed").annotate(
        before=Sum("previous_mrr"),
        after=Sum("mrr"),
        hoped=Sum("potential"),
        accounts=Count("id"),
        **(_BY_RULE if has_rule_change else {}),
    )
    for row in groups:
        one = made[Month.of(row["month"])]
        one.end += row["after"]
        one.start += row["after"] if one.is_first else row["before"]
        if not one.is_first:
            by_rule = row.get("by_rule", ZERO)
            one.kinds[RULE_CHANGED].add(by_rule, row.get("by_rule_accounts", 0))
            if row["movement"]:
                one.kinds[row["movement"]].add(row["after"] - row["before"] - by_rule, row["accounts"])
        if row["is_listed"]:
            one.classes[row["klass"]].add(row["after"] + row["hoped"], row["accounts"])
    return list(made.values())


# Asked only where a version of the rules ever changed anything: the sums take a fifth longer with it.
_BY_RULE = {"by_rule": Sum("rule_change"), "by_rule_accounts": Count("id", filter=~Q(rule_change=0))}
_BEGUN = "SELECT (SELECT MIN(month) FROM {0}), EXISTS (SELECT 1 FROM {0} WHERE rule_change <> 0)"


def _begun() -> tuple[Month | None, bool]:
    """The first month with data, and whether another version of the rules ever changed a start; each by an index."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGUN.format(AccountMonth._meta.db_table))
        first, has_rule_change = cursor.fetchone()
    return Month.of(first) if first else None, has_rule_change


def list_months(current: Month, count: int = SHOWN) -> list[Month]:
    """The last `count` months with data, oldest first."""
    first = AccountMonth.objects.aggregate(first=Min("month"))["first"]
    return months_between(max(Month.of(first), current.plus(1 - count)), current) if first else []


def list_moved(month: Month, kind: str) -> QuerySet[AccountMonth]:
    """The accounts behind one figure, the largest change first; none in the first month, which is all start.

    With `before`, `after` and `change` of that kind, EUR per month.
    """
    rows = AccountMonth.objects.filter(month=month.first).select_related("account__organisation")
    ruled = F("previous_mrr") + F("rule_change")
    if kind == NET:
        rows = rows.exclude(mrr=F("previous_mrr")).annotate(before=F("previous_mrr"), after=F("mrr"))
    elif kind == RULE_CHANGED:
        rows = rows.exclude(rule_change=0).annotate(before=F("previous_mrr"), after=ruled)
    else:
        rows = rows.exclude(movement="") if kind == MOVED else rows.filter(movement=kind)
        rows = rows.annotate(before=ruled, after=F("mrr"))
    order = "change" if kind in ("contraction", "churn") else "-change"
    rows = rows.annotate(change=F("after") - F("before")).order_by(order, "account__sort_key", "account_id")
    return rows.none() if month == first_month() else rows


def first_month() -> Month | None:
    """The installation's first month with data, which is all start: what stands there did not move."""
    first = AccountMonth.objects.aggregate(first=Min("month"))["first"]
    return Month.of(first) if first else None


_HANDED_OFF = (
    "SELECT DISTINCT a.account_id FROM tenants_workspaceaccount a JOIN tenants_workspaceaccount b "
    "ON b.workspace_id = a.workspace_id AND b.account_id <> a.account_id WHERE a.account_id = ANY(%(accounts)s) AND ("
    "(b.valid_from = a.valid_until AND a.valid_until > %(start)s AND a.valid_until <= %(end)s) "
    "OR (a.valid_from = b.valid_until AND a.account_id = ANY(%(new)s)))"
)


def list_handed_off(rows: Iterable[AccountMonth], month: Month) -> set[int]:
    """Keys of the accounts whose movement comes of a handoff: they gave a workspace to another payer in the month, or
    are new with one that they took over (DOMAIN 9).
    """
    found = list(rows)
    values: dict[str, Any] = {
        "accounts": [row.account_id for row in found],
        "new": [row.account_id for row in found if row.movement == "new"],
        "start": month.start,
        "end": month.last_instant,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HANDED_OFF, values)
        return {pk for (pk,) in cursor.fetchall()}
