"""Ten thousand webhooks for five hundred payments, shuffled and doubled, while web and worker are killed ten times each:
the accounts end as they do where each is told once and in order. And how fast webhooks are heard and looked up.

`SOAK_WEBHOOKS=1000 SOAK_PAYMENTS=50 SOAK_KILLS=2 python3 dev.py soak tests/soak/test_webhooks.py` is a short one.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from itertools import count
from queue import Empty, Queue
from typing import Any

import pytest

from tests.soak.server import OwnServer, own_server

pytestmark = pytest.mark.soak
WEBHOOKS = int(os.environ.get("SOAK_WEBHOOKS", "10000"))
PAYMENTS = int(os.environ.get("SOAK_PAYMENTS", "500"))
KILLS = int(os.environ.get("SOAK_KILLS", "10"))
PATIENCE = 1500.0  # seconds; a call that was cut off is taken up again after ten minutes
FATES = ("paid", "failed", "canceled", "charged_back")
SENDERS = 8


class Storm:
    def __init__(self, server: OwnServer) -> None:
        self.server = server
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.mollie = f"http://127.0.0.1:{free.getsockname()[1]}"
        server.environment |= {
            "BURSAR_MOLLIE_KEY": "test_storm", "BURSAR_MOLLIE_URL": self.mollie,
            "BURSAR_ADDRESS": f"http://127.0.0.1:{server.port}",
        }  # fmt: skip
        self.words = {
            "web": ("serve", "--port", str(server.port), "--no-migrate"), "worker": ("worker",),
            "mollie": ("mollie-sim", "--port", self.mollie.rpartition(":")[2], "--seed", "7"),
        }  # fmt: skip

    def begin(self, *names: str) -> None:
        for name in names:
            self.server.start(name, *self.words[name])
        if "mollie" in names:
            until(lambda: self._is_up(f"{self.mollie}/control/"), "the simulator does not start")
            self.control("config", held=True)  # the storm is ours
        if "web" in names:
            until(lambda: self._is_up(f"http://127.0.0.1:{self.server.port}/healthz"), "the web does not start")

    def _is_up(self, address: str) -> bool:
        try:
            return urllib.request.urlopen(address, timeout=5).status == 200  # type: ignore[no-any-return]
        except OSError:
            return False

    def kill(self, name: str) -> None:
        """As a supervisor does, it is started again."""
        os.killpg(self.server.processes[name].pid, signal.SIGKILL)
        self.server.processes[name].wait()
        self.server.start(name, *self.words[name])

    def stop(self, name: str) -> None:
        self.server.processes[name].terminate()
        self.server.processes[name].wait(60)

    def inside(self, *words: str) -> Any:
        return json.loads(self.server.python("-m", "tests.soak.webhooks_inside", *words).splitlines()[-1])

    def control(self, path: str, **body: Any) -> None:
        request = urllib.request.Request(
            f"{self.mollie}/control/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200

    def decide(self, mollie_id: str, fate: str) -> None:
        self.control(f"payments/{mollie_id}", outcome="paid" if fate == "charged_back" else fate, method="ideal")

    def take_back(self, mollie_id: str) -> None:
        self.control(f"payments/{mollie_id}/chargeback")

    def post(self, mollie_id: str) -> None:
        """As Mollie does: again, until it is answered with 200."""
        address, began = f"http://127.0.0.1:{self.server.port}/mollie/hook", time.monotonic()
        while time.monotonic() - began < PATIENCE:
            try:
                with urllib.request.urlopen(address, f"id={mollie_id}".encode(), timeout=15) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                assert error.code == 503, error.read()
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError("a webhook was never answered")

    def post_all(self, mollie_ids: list[str], each: Callable[[int], None] = lambda n: None) -> None:
        """By several senders at once; `each` hears how many have gone."""
        waiting: Queue[str] = Queue()
        for one in mollie_ids:
            waiting.put(one)
        faults: list[BaseException] = []
        done = count(1)

        def send() -> None:
            try:
                while True:
                    self.post(waiting.get_nowait())
                    next(done)
            except Empty:
                return
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=send) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            each(len(mollie_ids) - waiting.qsize())
            time.sleep(0.05)
        assert not faults, faults

    def wait_until_done(self) -> None:
        until(lambda: not any(self.inside("rest").values()), lambda: f"left: {self.inside('rest')}", 2.0)


def until(holds: Callable[[], Any], what: str | Callable[[], str], pause: float = 0.2) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what if isinstance(what, str) else what()
        time.sleep(pause)


@pytest.fixture
def storm() -> Iterator[Storm]:
    with own_server() as server:
        storm = Storm(server)
        server.python("-m", "bursar", "migrate", "--verbosity=0")
        storm.begin("mollie", "web")
        yield storm


def test_a_storm_of_webhooks_ends_as_telling_each_once_in_order(storm: Storm) -> None:
    calm = {f"calm-{fate}": fate for fate in FATES}
    wild = {f"wild-{n}": FATES[n % len(FATES)] for n in range(PAYMENTS)}
    storm.begin("worker")
    storm.inside("found", *calm, *wild)
    storm.wait_until_done()
    ids = storm.inside("ids")
    assert set(ids) == {*calm, *wild}
    for ref, fate in calm.items():
        storm.decide(ids[ref], fate)
        storm.post(ids[ref])
        storm.wait_until_done()
        if fate == "charged_back":
            storm.take_back(ids[ref])
            storm.post(ids[ref])
            storm.wait_until_done()
    killed = rage(storm, {ids[ref]: fate for ref, fate in wild.items()})
    storm.wait_until_done()
    told = storm.inside("tell")
    for ref, fate in wild.items():
        assert told[ref] == told[f"calm-{fate}"], (ref, fate)
    assert [told[ref]["payments"][0][0] for ref in calm] == ["paid", "failed", "canceled", "paid"]
    assert len(told["calm-paid"]["lines"]) > 0 and storm.server.python("-m", "bursar", "verify") == ""
    sys.stdout.write(f"{WEBHOOKS} webhooks for {PAYMENTS} payments, {killed} kills\n")


def rage(storm: Storm, fates: dict[str, str]) -> int:
    """Each payment is told of twenty times, in any order: before it is decided, after, and after money went back."""
    chance = random.Random(11)
    posts = [mollie_id for mollie_id in fates for _ in range(WEBHOOKS // len(fates))]
    chance.shuffle(posts)
    decided, back, killed = list(fates), [one for one in fates if fates[one] == "charged_back"], 0
    third = len(posts) // 3

    def go_on(sent: int) -> None:
        nonlocal killed
        while decided and sent > third * (1 - len(decided) / len(fates)):
            one = decided.pop()
            storm.decide(one, fates[one])
        while back and not decided and sent > third + third * (1 - len(back) / len(fates)):
            storm.take_back(back.pop())
        if killed < 2 * KILLS and sent > len(posts) * (killed + 1) / (2 * KILLS + 1):
            storm.kill(("web", "worker")[killed % 2])
            killed += 1

    storm.post_all(posts, go_on)
    while back:
        storm.take_back(back.pop())
    storm.post_all(list(fates))  # the last of each came after all that it tells of
    return killed


def test_how_fast_webhooks_are_heard_and_looked_up(storm: Storm) -> None:
    """Sender, web, worker and the simulator share this machine. What is moved is told alone: the same worker carries out
    what follows (notices, messages, calls) at the same time. `test_payments` asks how fast news are applied by themselves.
    """
    refs = [f"fast-{n}" for n in range(PAYMENTS)]
    storm.begin("worker")
    storm.inside("found", *refs)
    storm.wait_until_done()
    ids = list(storm.inside("ids").values())
    storm.stop("worker")
    posts = ids * max(1, 2000 // len(ids))
    heard = len(posts) / timed(lambda: storm.post_all(posts))
    storm.begin("worker")
    until(lambda: storm.server.read(LOOKED) > 20, "the worker does not begin")
    left, began = storm.server.read(WAITING), time.monotonic()
    until(lambda: storm.server.read(WAITING) == 0, "hints are left", 0.05)
    looked = left / (time.monotonic() - began)
    for one in ids:
        storm.decide(one, "paid")
    storm.stop("worker")
    storm.post_all(ids)
    storm.begin("worker")
    until(lambda: storm.server.read(APPLIED) > 5, "the worker does not begin")
    left, began = len(ids) - storm.server.read(APPLIED), time.monotonic()
    until(lambda: storm.server.read(APPLIED) == len(ids), "news are left", 0.05)
    moved = left / (time.monotonic() - began)
    sys.stdout.write(f"heard {heard:.0f}/s, looked up {looked:.0f}/s, moved with all that follows {moved:.0f}/s\n")
    assert heard >= 200 and looked >= 100


def test_what_a_person_waits_for_waits_for_nothing_else(storm: Storm) -> None:
    """Two hundred others are looked at, and their calls go out, meanwhile."""
    storm.begin("worker")
    storm.inside("bring", "who waits")
    storm.inside("found", *[f"busy-{n}" for n in range(200)])
    seconds = storm.inside("wait_for_page", "who waits")
    assert storm.inside("rest")["calls"] > 0, "the others were done already: this says nothing"
    sys.stdout.write(f"the page turned after {seconds:.2f} s\n")
    assert seconds <= 2


LOOKED = "SELECT COUNT(*) FROM payments_hint WHERE looked_at >= told_at"
WAITING = "SELECT COUNT(*) FROM payments_hint WHERE looked_at IS NULL OR looked_at < told_at"
APPLIED = "SELECT COUNT(*) FROM payments_payment WHERE applied_status = 'paid'"


def timed(run: Callable[[], object]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began
