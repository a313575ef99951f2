"""A real HTTP receiver on loopback, and what the tests of webhooks do again and again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook

from bursar.actions.run import run
from bursar.core import clock
from bursar.outbox import store as outbox
from bursar.webhooks.models import WebhookEndpoint
from bursar.webhooks.queries import KIND
from tests.cast import Cast


@dataclass
class Got:
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.body)
        return message

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verify(self, secret: str) -> None:
        """Raises unless the signature holds."""
        Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """`answers`: the statuses of the next requests; after them 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    text: bytes = b"ok"
    seconds: float = 0

    @property
    def types(self) -> list[str]:
        return [one.message["type"] for one in self.got]


@contextmanager
def receiving(*answers: int) -> Iterator[Receiver]:
    receiver = Receiver(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(Got({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(receiver.seconds)
            status = receiver.answers.pop(0) if receiver.answers else 200
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", receiver.url + "elsewhere")
            self.send_header("Content-Length", str(len(receiver.text)))
            self.end_headers()
            self.wfile.write(receiver.text)

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_endpoint(
    cast: Cast, url: str, events: list[str] | None = None, name: str = "Product"
) -> tuple[WebhookEndpoint, str]:
    """The endpoint and its secret."""
    data = {"url": url, "description": name, "events": events or []}
    made = run("webhooks.company.create_endpoint", cast.iris, "company", data, reason="The product listens")
    return WebhookEndpoint.objects.get(public_id=made.data["endpoint"]), made.secret


def deliver(later: timedelta = timedelta()) -> None:
    """What the worker does, `later` than now."""
    now = clock.now() + later
    outbox.deliver_due(now)
    for public_id in WebhookEndpoint.objects.order_by("id").values_list("public_id", flat=True):
        outbox.deliver_apart(now, KIND, f"{public_id}:", 50)
