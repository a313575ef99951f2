"""Seats that came within a paid interval. Pure. DOMAIN 6; how many and which ones: `plans.added`."""

from __future__ import annotations

from bursar.billing.rules import VatDecision
from bursar.payments.rules.amounts import Quote, quote_seats
from bursar.plans.added import calc_parts, take_added
from bursar.plans.rules import PriceLine


def quote_added(
    priced: list[PriceLine], paid_seats: int, cadence: str, days_left: int, decision: VatDecision
) -> Quote | None:
    """What is asked for seats above `paid_seats`, the highest count paid in this interval; None: nothing."""
    added = take_added(priced, paid_seats)
    parts = calc_parts(added, cadence, days_left)
    return quote_seats(added, parts, cadence, days_left, decision) if parts else None
