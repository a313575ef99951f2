"""Accounts made by chance, the same for the same seed: for what must hold over any history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from bursar.core.calendar import midnight
from bursar.core.days import last_day_of
from bursar.plans import rules as plans
from bursar.plans.rules import (
    AccountState,
    Base,
    Catalogue,
    CatalogueRow,
    DiscountRow,
    Grant,
    Member,
    Period,
    Tenancy,
    Terms,
    WorkspaceState,
)

START = datetime(2025, 6, 1, tzinfo=UTC)
DAYS = 540
T = TypeVar("T")
PRICES = {"free": (0, 0), "pilot": (0, 0), "innovator": (20, 23), "changemaker": (75, 86), "guardian": (150, 172)}
CATALOGUE = Catalogue(
    CatalogueRow(tier, Decimal(yearly), Decimal(monthly), None, "none", datetime(2020, 1, 1, tzinfo=UTC), None)
    for tier, (yearly, monthly) in PRICES.items()
)


class Dice:
    """Only `Random.random` promises the same numbers in every version of Python."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def below(self, count: int) -> int:
        return int(self._random.random() * count)

    def of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def day(self, first: int = 0, last: int = DAYS) -> datetime:
        return START + timedelta(days=first + self.below(last - first), hours=self.below(24))

    def days(self, most: int) -> list[datetime]:
        return sorted({self.day() for _ in range(self.below(most + 1))})


def make_account(seed: int) -> AccountState:
    dice = Dice(seed)
    account = AccountState(1, START)
    account.terms = _terms(dice)
    account.periods = sorted((_period(dice) for _ in range(dice.below(4))), key=lambda period: period.start)
    account.discounts = _discounts(dice)
    account.workspaces = [_workspace(dice, pk) for pk in range(1, 2 + dice.below(3))]
    account.workspaces.sort(key=lambda workspace: workspace.created_at)
    return account


def _spans(starts: list[datetime]) -> list[tuple[datetime, datetime | None]]:
    return list(zip(starts, [*starts[1:], None], strict=True)) if starts else []


def _terms(dice: Dice) -> list[Terms]:
    rows = []
    for start, end in _spans([START, *dice.days(4)]):
        values: dict[str, Any] = {**plans.NO_TERMS._asdict(), "start": start, "end": end}
        values["mode"] = dice.of(("self_serve", "managed", "managed"))
        if values["mode"] == "self_serve":
            values["status"] = dice.of(("none", "pending", "active", "past_due", "cancelled", "cancelled"))
        values["cadence"] = dice.of(("yearly", "monthly", ""))
        if values["status"] == "cancelled":
            values["paid_until"] = values["lapses_at"] = start + timedelta(days=dice.below(200))
        if values["status"] == "past_due":
            values["past_due_since"] = start - timedelta(days=dice.below(50))
        if values["status"] == "none" and dice.below(3) == 0:
            values["paid_until" if values["mode"] == "managed" else "lapses_at"] = start + timedelta(
                days=dice.below(200)
            )
        rows.append(Terms(**values))
    return rows


def _period(dice: Dice) -> Period:
    start = dice.day()
    length = timedelta(days=dice.of((30, 90, 365)))
    booked_at = start + timedelta(days=dice.below(60) - 20)
    credited_at = start + timedelta(days=60 + dice.below(60)) if dice.below(5) == 0 else None
    return Period(dice.of(("mollie", "managed")), start, start + length, booked_at, credited_at)


def _discounts(dice: Dice) -> list[DiscountRow]:
    rows = []
    for start, end in _spans(sorted({midnight(day.date()) for day in dice.days(3)})):
        kind = dice.of(("scholarship", "trial", "partner"))
        long = start + timedelta(days=1 + dice.below(200))
        if kind == "trial" or dice.below(2):
            end = min(long, end) if end else long
        last_day = last_day_of(end) if end else None
        rows.append(DiscountRow(kind, dice.of((0, 20, 50, 90, 100, 100)), start, end, last_day))
    return rows


def _workspace(dice: Dice, pk: int) -> WorkspaceState:
    created_at = dice.day(0, 200)
    deleted_at = dice.day(200, DAYS) if dice.below(5) == 0 else None
    made = WorkspaceState(pk, created_at, deleted_at, tenancies=[Tenancy(created_at, None)])
    later = [day for day in dice.days(3) if day > created_at]
    made.bases = [Base(dice.of(tuple(PRICES)), start, end) for start, end in _spans([created_at, *later])]
    for start in dice.days(2):
        until = start + timedelta(days=1 + dice.below(120))
        made.grants.append(
            Grant(dice.of(("changemaker", "guardian")), dice.of(("reverse_trial", "approval")), start, until, until)
        )
    made.discounts = _discounts(dice) if dice.below(2) else []
    for _ in range(dice.below(6)):
        role = dice.of(("owner", "member", "external", "observer"))
        made.members.append(Member(1 + dice.below(5), role, dice.below(8) == 0, dice.day(0, 300), None))
    return made
