"""Seats, and what they cost. Rates are EUR per seat and month, excluding VAT."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from bursar.core.money import cents
from bursar.plans.rules.account import (
    PAID_TIERS,
    RANK,
    AccountState,
    CatalogueRow,
    DiscountRow,
    EffectiveTier,
    WorkspaceState,
    effective_tier,
    live,
    terms_at,
)

SEAT_ROLES = frozenset({"owner", "admin", "member", "billing", "external"})


class Catalogue:
    """The dated catalogue rows, by tier."""

    def __init__(self, rows: Iterable[CatalogueRow]) -> None:
        self.rows = list(rows)
        self._of_tier: dict[str, list[CatalogueRow]] = {}
        for row in self.rows:
            self._of_tier.setdefault(row.tier, []).append(row)

    def at(self, tier: str, at: datetime) -> CatalogueRow:
        """The row that holds at `at`; before the tier's first day, its first row. Raises LookupError without any."""
        rows = self._of_tier.get(tier, [])
        row = live(rows, at) or min((r for r in rows if r.start > at), key=lambda r: r.start, default=None)
        if row is None:
            raise LookupError(f"The catalogue has no {tier} at {at:%Y-%m-%d}.")
        return row

    def rate(self, account: AccountState, tier: str, cadence: str, at: datetime) -> Decimal:
        """The pinned price of the running interval, else the catalogue's."""
        pin = live([p for p in account.pins if p.tier == tier and p.cadence == cadence], at)
        if pin is not None:
            return pin.rate
        row = self.at(tier, at)
        return row.monthly if cadence == "monthly" else row.yearly

    def changes_after(self, at: datetime) -> Iterator[datetime]:
        return (
            instant for row in self.rows for instant in (row.start, row.end) if instant is not None and instant > at
        )


class Seated(NamedTuple):
    """A live workspace, who sits there, and what a seat costs: `unit` is hundredths of a cent per seat and month."""

    state: WorkspaceState
    effective: EffectiveTier
    discount: DiscountRow | None
    unit: int
    people: Set[int]


def seat_people(workspace: WorkspaceState, at: datetime) -> set[int]:
    """Distinct people with a seat: direct, live, in a seat role, not temporary support."""
    return {
        m.person_id
        for m in workspace.members
        if m.role in SEAT_ROLES and not m.is_support and m.start <= at and (m.end is None or at < m.end)
    }


def seat_account(account: AccountState, catalogue: Catalogue, at: datetime, cadence: str = "") -> list[Seated]:
    """The live workspaces with who sits there and what a seat costs, oldest first. By the terms' cadence."""
    terms, shared = terms_at(account, at), live(account.discounts, at)
    cadence = cadence or terms.cadence or "yearly"
    seated = []
    for workspace in account.workspaces:
        if workspace.is_live(at):
            effective = effective_tier(workspace, terms, at)
            discount = live(workspace.discounts, at) or shared
            rate = catalogue.rate(account, effective.tier, cadence, at)
            unit = seat_unit(rate, discount)
            seated.append(Seated(workspace, effective, discount, unit, seat_people(workspace, at)))
    return seated


class Price(NamedTuple):
    """`amount`: EUR per month after discount, excluding VAT. `is_paid_tier`: any workspace on a paid tier."""

    amount: Decimal
    seats: int
    is_paid_tier: bool


def assign_seats(seated: list[Seated]) -> dict[int, Seated]:
    """Where each person's one seat is paid: the dearest place they sit at; of equals the oldest workspace."""
    dearest: dict[int, Seated] = {}
    for place in seated:
        for person in place.people:
            known = dearest.get(person)
            if known is None or place.unit > known.unit:
                dearest[person] = place
    return dearest


def count_paid_seats(seated: list[Seated]) -> Counter[int]:
    """How many seats are paid at each workspace, by its key: each person where `assign_seats` puts them."""
    return Counter(place.state.id for place in assign_seats(seated).values())


Floor = Callable[[list[Seated]], "Seated | None"]


def dearest_paid(seated: list[Seated]) -> Seated | None:
    """Where an account pays one seat at least: the paid workspace dearest after discount; of equals the oldest."""
    paid = [place for place in seated if place.effective.tier in PAID_TIERS]
    return max(paid, key=lambda place: place.unit, default=None)


def calc_price(seated: list[Seated], floor: Floor = dearest_paid) -> Price:
    """Σ over people of the dearest seat they sit on; a paid account pays at least the one seat that `floor` names."""
    dearest, least = assign_seats(seated), floor(seated)
    units = max(sum(place.unit for place in dearest.values()), least.unit if least else 0)
    return Price(amount_of(units), len(dearest), least is not None)


def amount_of(units: int) -> Decimal:
    """EUR from hundredths of a cent."""
    return cents(Decimal(units) / 10_000)


class PriceLine(NamedTuple):
    """`seats` of one kind: EUR per seat and month, per cent off, and the sum. `is_floor`: the one seat at least."""

    tier: str
    rate: Decimal
    percent: int
    seats: int
    amount: Decimal
    is_floor: bool = False


def list_price_lines(
    seated: list[Seated], rate_of: Callable[[str], Decimal], floor: Floor = dearest_paid
) -> list[PriceLine]:
    """The price, worked out: its lines add up to `calc_price`. Dearest first; free seats stand too."""
    counts = Counter((place.effective.tier, place.unit) for place in assign_seats(seated).values())
    lines = [_price_line(tier, unit, count, rate_of(tier)) for (tier, unit), count in counts.items()]
    lines.sort(key=lambda line: (-RANK[line.tier], line.percent))
    least, price = floor(seated), calc_price(seated, floor)
    missing = price.amount - sum((line.amount for line in lines), Decimal(0))
    if least is not None and missing:
        line = _price_line(least.effective.tier, least.unit, 1, rate_of(least.effective.tier))
        lines.append(line._replace(amount=missing, is_floor=True))
    return lines


def _price_line(tier: str, unit: int, count: int, rate: Decimal) -> PriceLine:
    full = int(rate * 100)
    percent = 100 - unit // full if full else 0
    return PriceLine(tier, rate, percent, count, amount_of(unit * count))


def seat_unit(rate: Decimal, discount: DiscountRow | None) -> int:
    """Hundredths of a cent: whole numbers, so that sums stay exact."""
    return int(rate * 100) * (100 - (discount.percent if discount else 0))
