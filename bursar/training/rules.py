"""What a session costs, and how long a licence holds. Pure; DOMAIN 10."""

from __future__ import annotations

from datetime import date
from decimal import Decimal


def calc_price(price: Decimal, included: int, extra: Decimal, participants: int) -> Decimal:
    """EUR, net: `price` for up to `included` people, `extra` for each one more."""
    return price + extra * max(0, participants - included)


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
