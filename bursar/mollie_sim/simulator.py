"""The simulator as a whole: its world, its clock and its webhooks. Everything here may be called from any thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from bursar.mollie_sim.answers import Json
from bursar.mollie_sim.charging import anchor
from bursar.mollie_sim.clock import SimClock
from bursar.mollie_sim.config import Config
from bursar.mollie_sim.faults import Fault, Faults
from bursar.mollie_sim.hal import documentation, hal
from bursar.mollie_sim.idempotency import Replays
from bursar.mollie_sim.objects import Payment, Subscription
from bursar.mollie_sim.posting import Delivery, Post, Send, Sender, classic, signed
from bursar.mollie_sim.schedule import calc_charge_day
from bursar.mollie_sim.show_money import show_payment
from bursar.mollie_sim.standing import ENDED, end_subscription
from bursar.mollie_sim.world import World

SILENT = frozenset({"chargeback.reversed"})
"""No classic webhook tells of these."""


@dataclass(frozen=True)
class Exchange:
    """One request to the API and its answer, as they passed."""

    method: str
    path: str
    query: dict[str, str]
    sent: Json
    status: int
    headers: dict[str, str]
    body: Json | None


class Simulator:
    """start: where its clock stands, or None for one that runs. seed: the same gives the same ids and disorder.

    send: carries a webhook out and returns the status that came back; None for HTTP. `exchanges` holds what passed when
    `records` is set. `is_changed`: since it was kept last.
    """

    def __init__(self, start: datetime | None = None, seed: int | None = 0, send: Send | None = None) -> None:
        self.clock = SimClock(start)
        self.world = World(self.clock, seed, self._tell)
        self.post = Post(Random(seed))
        self.faults = Faults()
        self.replays = Replays()
        self.base = "http://mollie.sim"
        self.records = False
        self.is_changed = False
        self.exchanges: list[Exchange] = []
        self._send = send or Sender()

    def configure(self, **values: object) -> Config:
        """Raises ValueError, naming it, for what cannot be set."""
        with self.world.lock:
            self.world.config = self.world.config.changed(values)
            return self.world.config

    def fail(self, kind: str, **values: object) -> None:
        """Switches a fault on: see `faults.KINDS`. Raises ValueError for one that does not exist."""
        try:
            fault = Fault(kind, **values)  # type: ignore[arg-type]  # what comes from outside is checked by the class
        except TypeError as error:
            raise ValueError(str(error)) from None
        self.faults.standing.append(fault)

    def heal(self) -> None:
        self.faults.standing.clear()

    def advance(self, by: timedelta) -> None:
        """Moves the clock, stopping wherever something happens or a webhook is due, and sends what is due."""
        until = self.clock.now() + by
        while True:
            with self.world.lock:
                at = self._next_at()
                if at is None or at > until:
                    break
                self.clock.move_to(at)
                self._live()
            self._send_due()
        self.clock.move_to(until)
        self.tick()

    def _next_at(self) -> datetime | None:
        posted = None if self.world.config.held else self.post.next_at
        return min((at for at in (self.world.agenda.next_at, posted) if at is not None), default=None)

    def tick(self) -> None:
        """What is due by now, happens and is told. The server calls it again and again."""
        self.catch_up()
        self._send_due()

    def catch_up(self) -> None:
        """What is due by now, happens; nothing is sent."""
        with self.world.lock:
            self._live()

    def deliver(self) -> int:
        """Sends every webhook that waits, whenever it was due, held or not. How many."""
        with self.world.lock:
            self._live()
            everything = datetime.max.replace(tzinfo=self.clock.now().tzinfo)
            due = self.post.take_due(everything, self.world.config.changed({"held": False}))
        self._carry(due)
        return len(due)

    def _live(self) -> None:
        agenda = self.world.agenda
        while agenda.next_at is not None and agenda.next_at <= self.clock.now():
            agenda.run_next()
            self.is_changed = True

    def _send_due(self) -> None:
        with self.world.lock:
            due = self.post.take_due(self.clock.now(), self.world.config)
        self._carry(due)

    def _carry(self, due: list[Delivery]) -> None:
        """Outside the lock: whoever receives will ask us."""
        for delivery in due:
            status = self._send(delivery.parcel)
            with self.world.lock:
                self.post.note(delivery, status)
                self.is_changed = True

    def _tell(self, payment: Payment, about: str) -> None:
        config, now = self.world.config, self.world.now()
        if payment.webhook_url and about not in SILENT:
            self.post.add(payment.id, about, classic(payment.webhook_url, payment.id), now, config)
        if config.events_url:
            parcel = signed(config.events_url, config.events_secret, self._event(payment, about))
            self.post.add(payment.id, about, parcel, now, config)

    def _event(self, payment: Payment, about: str) -> dict[str, object]:
        id = self.world.new_id("event")
        return {
            "resource": "event",
            "id": id,
            "type": about,
            "entityId": payment.id,
            "createdAt": self.world.now().isoformat(),
            "_embedded": {"entity": show_payment(payment, self.base)},
            "_links": {
                "self": hal(f"{self.base}/v2/events/{id}"),
                "entity": hal(f"{self.base}/v2/payments/{payment.id}"),
                "documentation": documentation("get-webhook-event"),
            },
        }

    def set_subscription_status(self, subscription: Subscription, status: str) -> None:
        """What Mollie does by itself: suspended, canceled, or active again from its next day on. Raises ValueError."""
        with self.world.lock:
            if subscription.status in ENDED:
                raise ValueError(f"the subscription is {subscription.status}")
            if status in ("suspended", "canceled"):
                end_subscription(self.world, subscription, status)
            elif status == "active" and subscription.status == "suspended":
                subscription.status = "active"
                anchor(self.world, subscription, self._next_day(subscription))
            else:
                raise ValueError(f"a subscription that is {subscription.status} cannot become {status}")

    def _next_day(self, subscription: Subscription) -> date:
        today, number = self.world.now().date(), subscription.charged
        while True:
            day = calc_charge_day(subscription.anchor, subscription.interval, number, self.world.config.month_ends)
            if day > today:
                return day
            number += 1
