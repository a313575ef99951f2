"""Everything that the simulator knows, in memory. Whoever reads or writes holds `lock`."""

from __future__ import annotations

import string
from collections.abc import Callable
from datetime import datetime
from random import Random
from threading import RLock
from typing import Any, Protocol, TypeVar

from bursar.mollie_sim.agenda import Agenda
from bursar.mollie_sim.answers import ApiError
from bursar.mollie_sim.clock import SimClock
from bursar.mollie_sim.config import Config
from bursar.mollie_sim.objects import (
    Chargeback,
    Customer,
    Link,
    Mandate,
    Payment,
    Refund,
    Settlement,
    Subscription,
)

ALPHABET = string.ascii_letters + string.digits
PROFILE = "pfl_simulator"


class Moded(Protocol):
    """What exists in one of the two modes."""

    @property
    def mode(self) -> str: ...


M = TypeVar("M", bound=Moded)


class World:
    """seed: of ids and of the disorder among webhooks. told: called for each webhook that Mollie would send."""

    def __init__(self, clock: SimClock, seed: int | None, told: Callable[[Payment, str], None]) -> None:
        self.clock = clock
        self.config = Config()
        self.random = Random(seed)
        self.tell = told
        self.lock = RLock()
        self.agenda = Agenda()
        self.customers: dict[str, Customer] = {}
        self.mandates: dict[str, Mandate] = {}
        self.payments: dict[str, Payment] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.links: dict[str, Link] = {}
        self.refunds: dict[str, Refund] = {}
        self.chargebacks: dict[str, Chargeback] = {}
        self.settlements: dict[str, Settlement] = {}

    def now(self) -> datetime:
        """To the second, as Mollie tells it."""
        return self.clock.now().replace(microsecond=0)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{self.new_token(22)}"

    def new_token(self, length: int) -> str:
        return "".join(self.random.choices(ALPHABET, k=length))

    def find(self, things: dict[str, M], id: str, mode: str, what: str) -> M:
        """Raises ApiError 404, in other words when it exists in the other mode."""
        found = things.get(id)
        if found is None:
            raise ApiError(404, f"No {what} exists with token {id}.")
        if found.mode != mode:
            raise ApiError(
                404,
                f"{what.capitalize()} {id} exists, but the wrong mode is used. Try switching live / test API keys.",
            )
        return found

    def customer(self, id: str, mode: str) -> Customer:
        found = self.find(self.customers, id, mode, "customer")
        if found.is_deleted:
            raise ApiError(410, "The customer is no longer available")
        return found

    def payment(self, id: str, mode: str) -> Payment:
        return self.find(self.payments, id, mode, "payment")

    def counts(self) -> dict[str, Any]:
        names = (
            "customers", "mandates", "payments", "subscriptions", "links", "refunds", "chargebacks", "settlements",
        )  # fmt: skip
        return {name: len(getattr(self, name)) for name in names}
