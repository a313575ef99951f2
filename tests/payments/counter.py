"""A Bursar that is wired to a simulator: what it asks goes there over HTTP, what Mollie tells comes to its hook."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.test import Client
from procrastinate.contrib.django import app

from bursar.core import clock
from bursar.core.ticks import TICKS
from bursar.mollie_sim import posting
from bursar.mollie_sim.simulator import Simulator
from bursar.payments.gateway import Gateway
from bursar.payments.models import Call, Charge, Payment, Subscription
from bursar.payments.states import ChargeKind, ChargeState
from bursar.payments.store import calls
from bursar.tenants.models import BillingAccount
from tests.payments.till import HTTP

SOON = timedelta(milliseconds=1)
"""Two things never happen at the same instant."""
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
        answer = Client(enforce_csrf_checks=True).post(PATH, parcel.body, kind, headers=headers)
        return answer.status_code

    def charge(self, gross: str = "121.00", **more: Any) -> Charge:
        net = (Decimal(gross) / Decimal("1.21")).quantize(Decimal("0.01"))
        values = {"kind": ChargeKind.SEAT.value, "state": ChargeState.ASKED.value, "made_at": clock.now(), **more}
        return Charge.objects.create(
            account=self.account, net=net, vat=Decimal(gross) - net, gross=Decimal(gross), **values
        )

    def subscription(self, wanted: str = "121.00", **more: Any) -> Subscription:
        now = clock.now()
        values = {"cadence": "monthly", "start_date": now.date() + timedelta(days=30), **more}
        return Subscription.objects.create(
            account=self.account, mode="test", is_meant=True, status="", wanted=Decimal(wanted), amount=0,
            created_at=now, learned_at=now, **values,
        )  # fmt: skip

    def put(self, op: str, *, is_awaited: bool = False, **body: Any) -> Call:
        clock.set_fixed(clock.now() + SOON)
        with transaction.atomic():
            return calls.put(op, self.account, body, clock.now(), is_awaited=is_awaited)

    def work(self) -> int:
        """Does what the worker would do, job after job, and no tick. Returns how many jobs that were."""
        done = 0
        while job := _take_job():
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
