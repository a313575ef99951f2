"""Payment links: which can be made, what ends one, and how it stands in words. Pure."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from bursar.core.days import say_end
from bursar.core.money import euros
from bursar.payments.states import LinkState

LIVE = frozenset({LinkState.MAKING, LinkState.OPEN})
LAST_DAYS = 180
"""A link that is open longer than this asks for something that nobody remembers."""
SETTLED_OTHERWISE = "The invoice was paid, credited or given up meanwhile."


class Standing(NamedTuple):
    state: str
    expires_at: datetime
    why_ended: str = ""

    def is_live(self, now: datetime) -> bool:
        return self.state in LIVE and self.expires_at > now


def why_not_link(open_amount: Decimal, live_until: datetime | None) -> str | None:
    """For one invoice. `live_until`: of a link for it that can be paid still."""
    if open_amount <= 0:
        return "Nothing of it is open."
    if live_until is not None:
        return f"A payment link for it is open until {say_end(live_until)}. Archive that first, if it is the wrong one."
    return None


def why_not_amount(amount: Decimal, open_amount: Decimal | None) -> str | None:
    """`open_amount`: of the invoice; None without one."""
    if open_amount is not None and amount > open_amount:
        return f"Only {euros(open_amount)} of the invoice are open; {euros(amount)} is more."
    return None


def why_not_day(last_day: date, today: date) -> str | None:
    if last_day < today:
        return "The last day is today or later."
    if (last_day - today).days > LAST_DAYS:
        return f"A link is open for at most {LAST_DAYS} days."
    return None


def say_state(link: Standing, now: datetime) -> str:
    if link.state == LinkState.MAKING:
        return "being made"
    if link.state == LinkState.REFUSED:
        return "Mollie refused to make it"
    if link.state == LinkState.PAID:
        return "paid"
    if link.state == LinkState.ENDED:
        return f"archived: {link.why_ended}" if link.why_ended else "archived"
    return (
        f"open until {say_end(link.expires_at)}"
        if link.expires_at > now
        else f"expired after {say_end(link.expires_at)}"
    )
