"""What a session costs, and how long a licence holds. Pure; DOMAIN 10."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from bursar.core.money import ZERO

IS_OVER = {
    "completed": "It is completed: what was held stays as it was.",
    "cancelled": "It is cancelled. Reopen it first.",
}


class Part(NamedTuple):
    """A part of what a session costs: so many, at so much each. EUR, net. `is_extra`: above those included."""

    quantity: int
    unit_price: Decimal
    is_extra: bool = False

    @property
    def amount(self) -> Decimal:
        return self.unit_price * self.quantity


def list_parts(price: Decimal, included: int, extra: Decimal, participants: int) -> list[Part]:
    """`price` for up to `included` people, `extra` for each one more; nothing that is free."""
    parts = [Part(1, price), Part(max(0, participants - included), extra, is_extra=True)]
    return [part for part in parts if part.amount]


def calc_price(price: Decimal, included: int, extra: Decimal, participants: int) -> Decimal:
    """EUR, net: what the parts come to."""
    return sum((part.amount for part in list_parts(price, included, extra, participants)), ZERO)


def count_participants(on_roster: int, announced: int | None) -> int:
    """Who is on the roster is paid for, absent or not; until somebody is, those who were announced."""
    return on_roster or announced or 0


def find_last_day(held_on: date) -> date:
    """The same day of the next year, which still counts; of 29 February 28 February."""
    is_leap_day = (held_on.month, held_on.day) == (2, 29)
    return held_on.replace(year=held_on.year + 1, day=28 if is_leap_day else held_on.day)


def is_valid(valid_from: date, last_day: date, is_revoked: bool, today: date) -> bool:
    return valid_from <= today <= last_day and not is_revoked


def why_not_begin(first_day: date, today: date) -> str | None:
    """For a price."""
    if first_day < today:
        return "A price does not begin in the past: sessions were asked for since, at the one that held."
    return None


def why_not_schedule(state: str) -> str | None:
    if state == "scheduled":
        return "It is scheduled already: reschedule it."
    return IS_OVER.get(state)


def why_not_reschedule(state: str) -> str | None:
    if state == "requested":
        return "It is not scheduled yet."
    return IS_OVER.get(state)


def why_not_cancel(state: str) -> str | None:
    return "It is cancelled already." if state == "cancelled" else IS_OVER.get(state)


def why_not_reopen(state: str) -> str | None:
    return None if state == "cancelled" else "Only a cancelled session is reopened."


def why_not_change_roster(state: str) -> str | None:
    return IS_OVER.get(state)


def why_not_mark(state: str) -> str | None:
    """For absent and present."""
    if state == "requested":
        return "It is not scheduled yet: whoever does not come is removed."
    return IS_OVER.get(state)


def why_not_invoice(state: str, number: str | None) -> str | None:
    """`number`: of the invoice that asks for it, and was not credited in full."""
    if number is not None:
        return f"{number} asks for it already. Credit that in full first."
    if state == "requested":
        return "It is not scheduled yet."
    return IS_OVER["cancelled"] if state == "cancelled" else None
