"""What tests of payments do again and again: a shop that hears webhooks, and a till before a simulator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import httpx

from bursar.core import clock
from bursar.mollie_sim.simulator import Simulator
from bursar.payments.gateway import Gateway
from bursar.payments.gateway.payments import NewPayment, Sequence
from bursar.payments.gateway.subscriptions import NewSubscription
from bursar.payments.keys import StoredKey
from bursar.payments.objects import Amount, Customer, Payment, Subscription

START = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
KEY = "test_ofTheTill"
HTTP = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))
"""Keeps no connection: a later simulator may get the port of an earlier one."""
BACK = "https://shop.example/back"


def new_key() -> StoredKey:
    return StoredKey(str(uuid4()), clock.now())


def euros(text: str) -> Amount:
    return Amount(Decimal(text), "EUR")


@dataclass
class Heard:
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return parse_qs(self.body)["id"][0]


@dataclass
class Shop:
    """`answers`: the statuses of the next requests; after them 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.heard]

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Shop]:
        shop = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                shop.heard.append(Heard({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(shop.answers.pop(0) if shop.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        shop.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@dataclass
class Till:
    """All that it does goes over HTTP, through the gateway, the customer's pages and /control."""

    simulator: Simulator
    gateway: Gateway
    shop: Shop

    def customer(self, name: str = "Ann de Wit") -> Customer:
        return self.gateway.customers.create(new_key(), name=name, email="ann@wit.example", metadata={"account": "a1"})

    def first(self, customer: Customer | None = None, amount: str = "121.00") -> Payment:
        """Open: the customer has not paid yet."""
        customer = customer or self.customer()
        new = NewPayment(euros(amount), "First payment", Sequence.FIRST, customer.id, self.shop.url, redirect_url=BACK)
        return self.gateway.payments.create(new_key(), new)

    def pay(self, payment: Payment, outcome: str = "paid", method: str = "ideal") -> Payment:
        """By the checkout page."""
        answer = HTTP.post(payment.checkout, data={"method": method, "outcome": outcome})
        assert answer.status_code == 303, answer.text
        return self.gateway.payments.get(payment.id)

    def paid_first(self, method: str = "ideal", amount: str = "121.00") -> Payment:
        return self.pay(self.first(amount=amount), "paid", method)

    def subscribe(self, first: Payment, start: date, interval: str = "1 month", amount: str = "121.00") -> Subscription:
        new = NewSubscription(
            euros(amount), interval, start, "Bursar", first.mandate_id, self.shop.url, metadata={"account": "a1"}
        )
        return self.gateway.subscriptions.create(new_key(), first.customer_id, new)

    def read(self, subscription: Subscription) -> Subscription:
        return self.gateway.subscriptions.get(subscription.customer_id, subscription.id)

    def charges(self, subscription: Subscription) -> list[Payment]:
        """Oldest first."""
        page = self.gateway.subscriptions.list_payments(subscription.customer_id, subscription.id)
        assert page.next_id is None
        return list(page.items)[::-1]

    def control(self, path: str, /, **body: Any) -> dict[str, Any]:
        answer = HTTP.post(f"{self.simulator.base}/control/{path}", json=body)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def wait(self, **span: int) -> None:
        """Moves the simulator's clock: days=30."""
        self.simulator.advance(timedelta(**span))
