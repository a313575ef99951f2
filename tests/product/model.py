"""The dated rules of DOMAIN 1, 2 and 4 written down a second time, for the test that mixes every door.

No code of Bursar's rules is used. Without discounts, grants and paid periods: what they do is tested elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

YEARLY = {"free": 0, "pilot": 0, "innovator": 20, "changemaker": 75, "guardian": 150}
MONTHLY = {**YEARLY, "innovator": 23, "changemaker": 86, "guardian": 172}
ORDER = list(YEARLY)
PAID = {"innovator", "changemaker", "guardian"}
NO_TERMS: dict[str, Any] = {
    "mode": "self_serve",
    "status": "none",
    "cadence": "",
    "paid_until": None,
    "lapses_at": None,
}


@dataclass
class Timeline:
    """What was said of one thing: start → (own end, value). `stops`: instants at which somebody here ended it."""

    said: dict[datetime, tuple[datetime | None, Any]] = field(default_factory=dict)
    stops: list[datetime] = field(default_factory=list)

    def tell(self, start: datetime, until: datetime | None, value: Any) -> None:
        self.said[start] = (until, value)

    def change(self, now: datetime, value: Any) -> None:
        """From now on, whatever was planned."""
        self.said = {start: what for start, what in self.said.items() if start < now}
        if value is None:
            self.stops.append(now)
        else:
            self.said[now] = (None, value)

    def at(self, at: datetime) -> tuple[datetime, Any] | None:
        start = max((one for one in self.said if one <= at), default=None)
        if start is None:
            return None
        until, value = self.said[start]
        is_over = (until is not None and until <= at) or any(start < stop <= at for stop in self.stops)
        return None if is_over else (start, value)


@dataclass
class Workspace:
    account: str
    told: datetime | None = None  # when it began, as a file says
    made: datetime | None = None  # when it was pushed first
    tiers: Timeline = field(default_factory=Timeline)
    seats: dict[str, Timeline] = field(default_factory=dict)
    away: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def began(self) -> datetime:
        return min(at for at in (self.told, self.made) if at is not None)

    @property
    def is_there(self) -> bool:
        return self.told is not None or self.made is not None

    def lives(self, at: datetime) -> bool:
        return self.is_there and self.began <= at and not any(a <= at and (b is None or at < b) for a, b in self.away)

    def people(self, at: datetime) -> set[str]:
        return {who for who, line in self.seats.items() if line.at(at) is not None}


@dataclass
class Seen:
    """An account at an instant. `klass` None: what this model leaves to other tests."""

    tier: str
    seats: int
    klass: str | None
    mrr: Decimal


@dataclass
class Company:
    workspaces: dict[str, Workspace]
    terms: dict[str, Timeline]

    def of(self, account: str) -> list[Workspace]:
        return [ws for ws in self.workspaces.values() if ws.account == account and ws.is_there]

    def terms_at(self, account: str, at: datetime) -> dict[str, Any]:
        found = self.terms[account].at(at)
        return found[1] if found else NO_TERMS

    def tier(self, workspace: Workspace, at: datetime) -> str:
        """A paid tier set before the account's lapse is free from then on, while those terms hold."""
        found = workspace.tiers.at(at)
        if found is None:
            return "free"
        start, tier = found
        lapses = self.terms_at(workspace.account, at)["lapses_at"]
        return "free" if tier in PAID and lapses is not None and start < lapses <= at else tier

    def is_charged(self, account: str, now: datetime) -> bool:
        terms = self.terms_at(account, now)
        return bool(terms["mode"] == "self_serve" and terms["status"] == "active")

    def pays(self, account: str, now: datetime) -> bool:
        terms = self.terms_at(account, now)
        runs_out = terms["paid_until"] is not None and now < terms["paid_until"]
        return bool(terms["mode"] == "managed" or terms["status"] == "active" or runs_out)

    def set_terms(self, account: str, now: datetime, **terms: Any) -> None:
        """What lapsed under the old terms stays lapsed."""
        for workspace in self.of(account):
            found = workspace.tiers.at(now)
            if found is not None and self.tier(workspace, now) != found[1]:
                workspace.tiers.change(now, "free")
        self.terms[account].change(now, {**NO_TERMS, **terms})

    # The levers; False: refused.

    def change_tier(self, workspace: Workspace, tier: str, now: datetime) -> bool:
        account = workspace.account
        if not workspace.lives(now) or self.is_charged(account, now) or tier == self.tier(workspace, now):
            return False
        if tier != "free" and not self.pays(account, now):
            self.set_terms(account, now, mode="managed", cadence=self.terms_at(account, now)["cadence"])
        workspace.tiers.change(now, tier)
        return True

    def set_managed(self, account: str, now: datetime) -> bool:
        terms = self.terms_at(account, now)
        if terms["mode"] == "managed" or self.is_charged(account, now):
            return False
        paid = terms["paid_until"]
        self.set_terms(account, now, mode="managed", cadence="yearly", paid_until=paid if paid and paid > now else None)
        return True

    def set_self_serve(self, account: str, keep: datetime | None, now: datetime) -> bool:
        if self.terms_at(account, now)["mode"] != "managed":
            return False
        falls = [ws for ws in self.of(account) if ws.lives(now) and self.tier(ws, now) in PAID]
        paid = self.terms_at(account, now)["paid_until"]
        runs_on = keep is not None and paid is not None and paid > now
        self.set_terms(account, now, lapses_at=keep, paid_until=paid if runs_on else None)
        for workspace in [] if keep else falls:
            workspace.tiers.change(now, "free")
        return True

    def see(self, account: str, at: datetime) -> Seen | None:
        """None while no workspace lives."""
        places = [(self.tier(ws, at), ws.people(at)) for ws in self.of(account) if ws.lives(at)]
        if not places:
            return None
        terms = self.terms_at(account, at)
        rates = MONTHLY if terms["cadence"] == "monthly" else YEARLY
        everybody = set().union(*(people for _, people in places))
        price = sum(max(rates[tier] for tier, people in places if who in people) for who in everybody)
        top = max((tier for tier, _ in places), key=ORDER.index)
        price = max(price, rates[top])
        return Seen(top, len(everybody), *self._class(terms, top in PAID, price, at))

    def _class(self, terms: dict[str, Any], is_paid: bool, price: int, at: datetime) -> tuple[str | None, Decimal]:
        if terms["status"] == "cancelled" or terms["paid_until"] is not None:
            return None, Decimal(0)
        if terms["status"] == "active" and price:
            return "paying", Decimal(price)
        if terms["mode"] == "managed":
            return "managed", Decimal(0)
        return ("comped" if is_paid else "free"), Decimal(0)
