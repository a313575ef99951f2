"""Seats that came within a paid interval. Pure. DOMAIN 6.

What counts is how many: seats above the highest count paid in this interval. Where seats differ in price, those that
are charged are the cheapest ones, so that nobody is asked for more than they can have added.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bursar.billing.rules import VatDecision
from bursar.payments.rules.amounts import Quote, count_seats, quote_seats
from bursar.payments.rules.intervals import DAYS_OF
from bursar.plans.rules import PriceLine

LEAST = Decimal("1.00")
"""EUR, net: less is not charged; the seat is paid from the next charge on."""


def take_cheapest(priced: Iterable[PriceLine], count: int) -> list[PriceLine]:
    """`count` seats of these lines, the cheapest first; each line with its part of the amount."""
    taken: list[PriceLine] = []
    for line in sorted((line for line in priced if line.seats and not line.is_floor), key=_unit):
        seats = min(line.seats, count)
        if seats:
            taken.append(line._replace(seats=seats, amount=_unit(line) * seats))
        count -= seats
    return taken


def _unit(line: PriceLine) -> Decimal:
    return line.amount / line.seats


def quote_added(
    priced: list[PriceLine], paid_seats: int, cadence: str, days_left: int, decision: VatDecision
) -> Quote | None:
    """What is asked for seats above `paid_seats`, the highest count paid in this interval; None: nothing."""
    priced = [line for line in priced if line.rate]
    added = count_seats(priced) - paid_seats
    if added <= 0 or days_left <= 0:
        return None
    quote = quote_seats(take_cheapest(priced, added), cadence, days_left, DAYS_OF[cadence], decision)
    return quote if quote.net >= LEAST else None
