"""A Bursar that is wired to a simulator: what it asks goes there over HTTP, what Mollie tells comes to its hook."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.test import Client
from procrastinate.contrib.django import app

from bursar.billing.queries import decide
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.ticks import TICKS
from bursar.mollie_sim import posting
from bursar.mollie_sim.simulator import Simulator
from bursar.payments.gateway import Gateway
from bursar.payments.models import Call, Charge, Payment, Subscription
from bursar.payments.rules.amounts import Quote, quote_as_stands
from bursar.payments.states import ChargeKind, ChargeState
from bursar.payments.store import calls, charges, subscriptions
from bursar.tenants.models import BillingAccount
from tests.payments.till import HTTP

SOON, INSTANT = timedelta(milliseconds=1), timedelta(microseconds=1)
"""Two things never happen at the same instant, nor two jobs."""
PATH = "/mollie/hook"


@dataclass
class Counter:
    """`parcels`: what Mollie sent, whether it was delivered or kept. `is_deaf`: nothing is delivered."""

    simulator: Simulator
    gateway: Gateway
    account: BillingAccount
    parcels: list[posting.Parcel] = field(default_factory=list)
    is_deaf: bool = False

    def take(self, parcel: posting.Parcel) -> int:
        self.parcels.append(parcel)
        return 200 if self.is_deaf else self.deliver(parcel)

    def deliver(self, parcel: posting.Parcel) -> int:
        kind = parcel.headers["Content-Type"]
        headers = {name: value for name, value in parcel.headers.items() if name != "Content-Type"}
        path = urlsplit(parcel.url).path or PATH
        answer = Client(enforce_csrf_checks=True).post(path, parcel.body, kind, headers=headers)
        return answer.status_code

    def quote(self, gross: str) -> Quote:
        decision = decide(self.account.pk, seller_day(clock.now()))
        return quote_as_stands([], Decimal(gross), decision)

    def charge(self, gross: str = "121.00", kind: ChargeKind = ChargeKind.SEAT) -> Charge:
        return charges.make(self.account, kind, ChargeState.ASKED, self.quote(gross), clock.now())

    def subscription(self, wanted: str = "121.00") -> Subscription:
        """Meant, and not known to Mollie yet; charges first in 30 days."""
        now = clock.now()
        start = now.date() + timedelta(days=30)
        return subscriptions.plan(self.account, "monthly", self.quote(wanted), start, now)

    def want(self, ours: Subscription, gross: str, **more: Any) -> None:
        subscriptions.put(ours, **subscriptions.wanted_of(self.quote(gross)), **more)

    def put(self, op: str, *, is_awaited: bool = False, **body: Any) -> Call:
        clock.set_fixed(clock.now() + SOON)
        with transaction.atomic():
            return calls.put(op, self.account, body, clock.now(), is_awaited=is_awaited)

    def work(self) -> int:
        """Does what the worker would do, job after job, and no tick. Returns how many jobs that were."""
        done = 0
        while job := _take_job():
            clock.set_fixed(clock.now() + INSTANT)
            app.tasks[job[1]](**job[2])
            done += 1
        return done

    def sweep(self, **later: int) -> None:
        """The minute, some time later, and what it started."""
        self.wait(**(later or {"minutes": 5}))
        for name in ("payments.hints", "payments.calls"):
            TICKS[name](clock.now())
        self.work()

    def ask(self, op: str, **body: Any) -> Call:
        """Put and carried out."""
        call = self.put(op, **body)
        self.work()
        call.refresh_from_db()
        return call

    def first(self, gross: str = "121.00") -> Payment:
        """Open: the customer has not paid yet."""
        charge = self.charge(gross)
        self.ask("payment.create", charge=charge.public_id, sequence="first", mandate="")
        return Payment.objects.get(charge=charge)

    def pay(self, payment: Payment, outcome: str = "paid", method: str = "ideal") -> Payment:
        """By Mollie's page; its webhook is heard, and looked up."""
        answer = HTTP.post(payment.checkout, data={"method": method, "outcome": outcome})
        assert answer.status_code == 303, answer.text
        self.tell()
        payment.refresh_from_db()
        return payment

    def tell(self) -> None:
        """Mollie's post goes out, and the worker does what it starts."""
        clock.set_fixed(clock.now() + SOON)
        self.simulator.tick()
        self.work()

    def wait(self, **span: int) -> None:
        """Both clocks move on; the worker does what follows."""
        span_ = timedelta(**span)
        clock.set_fixed(clock.now() + span_)
        self.simulator.advance(span_)
        self.work()

    def fault(self, kind: str, times: int = 1, **more: Any) -> None:
        answer = HTTP.post(f"{self.simulator.base}/control/faults", json={"kind": kind, "times": times, **more})
        assert answer.status_code == 200, answer.text


def _take_job() -> tuple[int, str, dict[str, Any]] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE id = (SELECT id FROM procrastinate_jobs WHERE status = 'todo'"
            " AND task_name LIKE 'payments.%' ORDER BY priority DESC, id LIMIT 1) RETURNING id, task_name, args"
        )
        found = cursor.fetchone()
        return (found[0], found[1], json.loads(found[2])) if found else None
