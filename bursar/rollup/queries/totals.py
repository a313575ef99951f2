"""What the accounts that are listed come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from bursar.core.money import ZERO
from bursar.plans.states import Status
from bursar.rollup.filters import View
from bursar.rollup.models import RevenueClass
from bursar.rollup.queries.listed import COUNTED, filtered


@dataclass
class Totals:
    """Of the whole filtered set. Amounts EUR per month; `classes` in the order of `RevenueClass`.

    `rows`: how many are listed. `accounts`: without those that ceased, or could not be computed.
    """

    rows: int = 0
    accounts: int = 0
    workspaces: int = 0
    seats: int = 0
    recorded_seconds: int = 0
    mrr: Decimal = ZERO
    past_due_mrr: Decimal = ZERO
    potential: Decimal = ZERO
    potential_managed: Decimal = ZERO
    potential_trial: Decimal = ZERO
    previous_mrr: Decimal = ZERO
    classes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def forecast(self) -> Decimal:
        return self.mrr + self.potential

    @property
    def bars(self) -> list[dict[str, Any]]:
        """The split by class as bars of a 100 wide drawing."""
        bars, x = [], 0.0
        for row in self.classes:
            bars.append({"key": row["key"], "x": round(x, 2), "width": row["share"]})
            x += row["share"]
        return bars


def calc_totals(view: View) -> Totals:
    """One statement: grouped by class, added up here."""
    late = Q(status=Status.PAST_DUE)
    groups: dict[str, dict[str, Any]] = {
        row["klass"]: dict(row)
        for row in filtered(view)
        .order_by()
        .values("klass")
        .annotate(
            rows=Count("*"),
            counted=Count("klass", filter=COUNTED),
            workspaces_=Sum("workspaces"),
            seats_=Sum("seats"),
            seconds=Sum("recorded_seconds"),
            mrr_=Sum("mrr"),
            potential_=Sum("potential"),
            late=Sum("mrr", filter=late),
        )
    }
    totals = Totals()
    for klass, row in groups.items():
        totals.rows += row["rows"]
        totals.accounts += row["counted"]
        totals.workspaces += row["workspaces_"]
        totals.seats += row["seats_"]
        totals.recorded_seconds += int(row["seconds"])
        totals.mrr += row["mrr_"]
        totals.potential += row["potential_"]
        totals.past_due_mrr += row["late"] or ZERO
        if klass == RevenueClass.MANAGED:
            totals.potential_managed = row["potential_"]
        if klass == RevenueClass.TRIAL:
            totals.potential_trial = row["potential_"]
    for klass in RevenueClass:
        row = groups.get(klass.value, {})
        count = row.get("counted", 0)
        totals.classes.append(
            {
                "key": klass.value,
                "label": klass.label,
                "count": count,
                "mrr": row.get("mrr_", ZERO),
                "potential": row.get("potential_", ZERO),
                "share": round(100 * count / totals.accounts, 2) if totals.accounts else 0,
            }
        )
    return totals
