"""What a partner is told of a quarter: numbers that are the ledger's own, line by line. EUR, net of VAT."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bursar.core.money import ZERO
from bursar.partners.models import AccrualLine, Settlement
from bursar.partners.queries.ledger import calc_owed, sum_by_quarter, sum_cut_by_quarter
from bursar.partners.rules.quarters import Quarter, quarters_between
from bursar.tenants.models import Organisation


@dataclass(frozen=True)
class Statement:
    """`before`: from earlier quarters, and not settled with them. `lines`: those that are owed from a day of this one.

    `settlement`: by which this quarter was settled, its own or a later one's.
    """

    partner: Organisation
    quarter: Quarter
    before: Decimal
    lines: tuple[AccrualLine, ...]
    settlement: Settlement | None

    @property
    def own(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def total(self) -> Decimal:
        return self.before + self.own

    @property
    def is_settled_here(self) -> bool:
        return self.settlement is not None and self.settlement.through == self.quarter.last


def get_statement(partner: Organisation, quarter: Quarter) -> Statement:
    rows = AccrualLine.objects.filter(
        entry__partner=partner, payable_on__gte=quarter.first, payable_on__lte=quarter.last
    )
    rows = rows.select_related("entry__client__organisation").order_by("entry__client__sort_key", "entry_id", "pk")
    settlements = Settlement.objects.filter(partner=partner)
    last = settlements.filter(through__lt=quarter.first).order_by("-through").first()
    before = calc_owed(partner.pk, quarter.previous().last, last.through if last else None)
    by = settlements.filter(through__gte=quarter.last).order_by("through").first()
    return Statement(partner, quarter, before, tuple(rows), by)


class Summed(NamedTuple):
    """A quarter, what its own lines come to, what the caps kept out of that, and by what it was settled."""

    quarter: Quarter
    amount: Decimal
    cut: Decimal
    by: Settlement | None


def list_quarters(partner: Organisation, present: Quarter) -> list[Summed]:
    """From the first in which anything is owed to the present one, the newest first."""
    sums = sum_by_quarter(partner.pk)
    if not sums:
        return []
    settlements, cut = (
        list(Settlement.objects.filter(partner=partner).order_by("through")),
        sum_cut_by_quarter(partner.pk),
    )
    return [
        Summed(
            one,
            sums.get(one, ZERO),
            cut.get(one, ZERO),
            next((by for by in settlements if by.through >= one.last), None),
        )
        for one in reversed(quarters_between(min(sums), max(present, *sums)))
    ]
