"""PostgreSQL restarted ten times under load: web and worker go on by themselves, and nothing is lost or done twice."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import count

import pytest

from tests.soak.server import OwnServer, own_server

pytestmark = pytest.mark.soak
RESTARTS = 10
ANSWERS_WITHIN = 5.0  # seconds from the first connection that PostgreSQL took


class Load:
    """Pages, notes and usage, each repeated until it is acknowledged, under one key."""

    def __init__(self, server: OwnServer, accounts: list[str]) -> None:
        self.server, self.accounts = server, accounts
        self.stop = threading.Event()
        self.notes, self.events = count(), count()
        self.acknowledged: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.odd: list[str] = []
        work: list[Callable[[], None]] = [self.read, self.read, self.note, self.note, self.meter]
        self.threads = [threading.Thread(target=self.keep_on, args=(one,)) for one in work]

    def keep_on(self, work: Callable[[], None]) -> None:
        while not self.stop.is_set():
            work()

    def ask(self, path: str, body: object = None, key: str = "") -> bool:
        status, text = self.server.ask(path, body, key)
        self.statuses[status] += 1
        if status >= 400 and not (status == 503 and text.startswith('{"code": "unavailable"')):
            self.odd.append(f"{status} {path} {text[:300]}")
        if status != 200:
            time.sleep(0.1)
        return status == 200

    def read(self) -> None:
        self.ask("/api/v1/accounts")

    def note(self) -> None:
        number = next(self.notes)
        body = {"data": {"text": f"note {number}"}}
        self.until_done(f"/api/v1/account/{self.accounts[number % 3]}/actions/add_note", body, f"note-{number}", "note")

    def meter(self) -> None:
        event = {
            "specversion": "1.0", "id": f"load-{next(self.events)}", "source": "load", "type": "usage.recorded",
            "subject": "klimaat", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "data": {"seconds": 1},
        }  # fmt: skip
        self.until_done("/api/product/v1/usage", [event], "", "event")

    def until_done(self, path: str, body: object, key: str, what: str) -> None:
        while not self.ask(path, body, key):
            if self.stop.is_set():
                return
        self.acknowledged[what] += 1


def test_ten_restarts_under_load() -> None:
    with own_server() as server:
        accounts = server.prepare()
        server.start("web", "serve", "--no-migrate", "--port", str(server.port))
        server.start("worker", "worker")
        until(lambda: server.ask("/readyz")[0] == 200, 60, "the web server is ready")
        load = Load(server, accounts)
        for thread in load.threads:
            thread.start()
        waits = []
        for number in range(RESTARTS):
            time.sleep(3)
            accepting = server.restart("immediate" if number % 2 else "fast")
            until(lambda: server.ask("/api/v1/accounts")[0] == 200, 60, "the web answers again")
            waits.append(time.monotonic() - accepting)
        time.sleep(3)
        load.stop.set()
        for thread in load.threads:
            thread.join()
        told = f"answered again after {[round(wait, 2) for wait in waits]} s; {load.statuses}; {load.acknowledged}"
        sys.stderr.write(f"\n{told}\n")
        assert max(waits) < ANSWERS_WITHIN, waits
        assert not load.odd, (len(load.odd), load.odd[:10])
        assert all(process.poll() is None for process in server.processes.values()), server.said("worker")
        prove_once_each(server, load)


def prove_once_each(server: OwnServer, load: Load) -> None:
    """What was acknowledged is there exactly once; what was not, once at most. The worker has taken all of it up."""
    lines = "SELECT count(*) {} FROM audit_auditline WHERE key LIKE '%.add_note'"
    assert load.acknowledged["note"] > 0 and load.acknowledged["event"] > 0
    notes = server.read(lines.format(""))
    assert load.acknowledged["note"] <= notes <= load.acknowledged["note"] + 2
    events = server.read("SELECT count(*) FROM usage_usageevent WHERE source = 'load'")
    assert load.acknowledged["event"] <= events <= load.acknowledged["event"] + 1
    waiting = "SELECT count(*) FROM outbox_outboxrow WHERE state IN ('waiting', 'sending')"
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND scheduled_at IS NULL"
    until(lambda: server.read(waiting) == 0, 400, "the outbox is empty")
    until(lambda: server.read(jobs) == 0, 400, "no job waits")
    beat = server.read("SELECT seen_at FROM core_workerbeat")
    until(lambda: server.read("SELECT seen_at FROM core_workerbeat") > beat, 150, "the minute strikes")
    failed = server.read("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")
    assert failed == 0, server.said("worker")
    assert server.python("-m", "bursar", "verify") == ""
    assert server.python("-m", "bursar", "audit", "verify") == ""


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)
