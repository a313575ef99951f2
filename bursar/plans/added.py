"""Seats that came within an interval that is asked for already: how many, which ones, for what part. Pure. DOMAIN 6.

One rule for whoever asks: Mollie's charges of an interval, and invoices of a service period.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bursar.core.money import ZERO, cents
from bursar.plans.rules import MONTHS_OF, PriceLine

DAYS_OF = {"yearly": 365, "monthly": 30}
"""What a whole interval counts where a part of one is charged, whatever the calendar says."""
LEAST = Decimal("1.00")
"""EUR, net: less is not charged; the seat is paid from the next charge on."""


def count_seats(priced: Iterable[PriceLine]) -> int:
    """Paid seats. The one seat that is asked for at least is a seat only where nobody sits on another."""
    priced = list(priced)
    return sum(line.seats for line in priced if not line.is_floor) or sum(line.seats for line in priced)


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


def take_added(priced: Iterable[PriceLine], asked: int) -> list[PriceLine]:
    """The seats above `asked`, the highest count that was asked for in this interval; none where there are no more."""
    priced = [line for line in priced if line.rate]
    return take_cheapest(priced, max(0, count_seats(priced) - asked))


def calc_part(amount: Decimal, days_left: int, days: int) -> Decimal:
    """Of a whole interval's amount; never more than all of it."""
    return cents(amount * min(days_left, days) / days)


def calc_parts(added: Iterable[PriceLine], cadence: str, days_left: int) -> list[Decimal]:
    """What each line comes to for the days that are left of its interval; nothing where all is less than `LEAST`."""
    if days_left <= 0:
        return []
    parts = [calc_part(line.amount * MONTHS_OF[cadence], days_left, DAYS_OF[cadence]) for line in added]
    return parts if sum(parts, ZERO) >= LEAST else []
