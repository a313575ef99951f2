"""Two hundred kills under load: every acknowledged effect exactly once, nothing left running, no deadlock.

A house of its own, with its own PostgreSQL: web, worker, both, the postmaster or one backend are killed while usage,
actions, resets, bulk runs, an import, exports, digests and webhooks go on. Whoever gets no answer asks again under the
same key, as the product and people do. `SOAK_KILLS=20 python3 dev.py soak tests/soak/test_kills.py` is a short one.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings

from bursar.core.database import stop_embedded
from tests.soak.kills_inside import SECRET
from tests.webhooks.receiver import receiving

pytestmark = pytest.mark.soak
KILLS = int(os.environ.get("SOAK_KILLS", "200"))
WHOM = ("web", "worker", "both", "postmaster", "backend")
PATIENCE = 600.0  # seconds
LONGEST = 3600.0  # for some thousands of webhooks to leave one by one


class House:
    def __init__(self, folder: Path) -> None:
        self.var, self.folder = folder / "var", folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        unset = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BURSAR_VAR")}
        self.environment = {**unset, "BURSAR_VAR": str(self.var), "BURSAR_WEBHOOK_INSECURE": "yes"}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def python(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *words], cwd=settings.ROOT, env=self.environment, stdout=subprocess.PIPE,
                stderr=log, start_new_session=True,
            )  # fmt: skip

    def ask(self, *words: str) -> str:
        """Of a process that ends by itself, and well."""
        process = self.python(*words)
        told, _ = process.communicate(timeout=LONGEST)
        assert process.returncode == 0, f"{words}: {told.decode()[-2000:]} {(self.folder / 'log').read_text()[-3000:]}"
        return told.decode()

    def inside(self, *words: str) -> Any:
        return json.loads(self.ask("tests.soak.kills_inside", *words).splitlines()[-1])

    def start(self, name: str) -> None:
        words = ("serve", "--port", str(self.port)) if name == "web" else ("worker",)
        with (self.folder / "log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "bursar", *words], cwd=settings.ROOT, env=self.environment, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self, whom: str) -> None:
        """And what an operator's supervisor does then: a process that ended is started again; PostgreSQL is not."""
        if whom in ("postmaster", "backend"):
            with contextlib.suppress(psutil.NoSuchProcess, IndexError):
                os.kill(self._pid_of(whom), signal.SIGKILL)
            return
        for name in ("web", "worker") if whom == "both" else (whom,):
            os.killpg(self.processes[name].pid, signal.SIGKILL)
            self.processes[name].wait()
            self.start(name)

    def _pid_of(self, whom: str) -> int:
        postmaster = int((self.var / "postgres/postmaster.pid").read_text().splitlines()[0])
        if whom == "postmaster":
            return postmaster
        children = psutil.Process(postmaster).children()
        return int(random.choice([one.pid for one in children if " bursar " in " ".join(one.cmdline())]))

    def end(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        stop_embedded(self.var / "postgres")

    def tell_faults(self) -> str:
        """What the log holds of errors, with their tracebacks."""
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return "\n".join(line[:6000] for line in lines if "level='error'" in line)[-12000:]

    def count_deadlocks(self) -> int:
        return (self.var / "postgres/log").read_text(errors="replace").count("deadlock detected")


class Load:
    """Who asks the house for something, again and again until it is acknowledged."""

    def __init__(self, house: House) -> None:
        self.house, self.over = house, threading.Event()
        self.acknowledged: dict[str, list[str]] = {}
        self.faults: list[str] = []
        self.acks = 0

    def post(self, path: str, body: Any, key: str = "") -> tuple[int, Any]:
        """Its answer, however often it takes. Only what is refused, or broken, is final beside what is done."""
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        address = f"http://127.0.0.1:{self.house.port}{path}"
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            request = urllib.request.Request(address, json.dumps(body).encode(), headers)
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    self.acks += 1
                    return answer.status, json.load(answer)
            except urllib.error.HTTPError as error:
                said = error.read().decode(errors="replace")
                if error.code != 503:
                    if error.code >= 500:
                        self.faults.append(f"{path}: {error.code} {said[:300]}")
                    return error.code, said
            except (OSError, ValueError):
                pass
            time.sleep(0.2)
        raise AssertionError(f"{path} was never answered")

    def wait_for_more(self, answers: int) -> None:
        enough = self.acks + answers
        until(lambda: self.acks >= enough or self.faults, lambda: "nobody gets an answer any more")

    def note(self, what: str, name: str) -> None:
        self.acknowledged.setdefault(what, []).append(name)

    def usage(self, place: int, n: int) -> None:
        ids = [f"{place}-{n}-{i}" for i in range(20)]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        spaces = itertools.cycle(external for external, _ in self.place["workspaces"])
        batch = [
            {"specversion": "1.0", "id": one, "source": "soak", "type": "t", "subject": space, "time": now, "data": {"seconds": 60}}
            for one, space in zip(ids, spaces, strict=False)
        ]  # fmt: skip
        status, told = self.post("/api/product/v1/usage", batch)
        assert status == 200 and told["refused"] == 0, told
        self.acknowledged.setdefault("events", []).extend(ids)

    def reset(self, n: int) -> None:
        target = self.place["workspaces"][n % 6][1]
        self.post(f"/api/v1/workspace/{target}/actions/reset_usage", {"reason": "soak"}, f"reset {n}")

    def write(self, n: int) -> None:
        target = self.place["workspaces"][n % 10][1]
        status, told = self.post(
            f"/api/v1/workspace/{target}/actions/change_tier",
            {"data": {"tier": ("pilot", "free")[n // 10 % 2]}, "reason": f"tier {n}"}, f"tier {n}",
        )  # fmt: skip
        assert status in (200, 409), told
        body = {"data": {"text": f"note {n}"}}
        status, told = self.post(f"/api/v1/workspace/{target}/actions/add_note", body, f"note {n}")
        assert status == 200, told
        self.note("notes", f"note {n}")

    def bulk(self, n: int) -> None:
        ids = self.place["accounts"] if n % 2 else self.place["accounts"][:5]
        data = {"kind": "partner", "percent": n % 90 + 1, "end_date": None}
        body = {"action": "plans.account.set_discount", "ids": ids, "data": data, "reason": f"bulk {n}"}
        status, told = self.post("/api/v1/bulk", body, f"bulk {n}")
        assert status == 200, told
        self.note("runs", told["id"])

    def export(self, n: int) -> None:
        status, told = self.post(
            "/api/v1/company/company/actions/export", {"data": {"rows": "accounts"}}, f"export {n}"
        )
        assert status == 200, told
        self.note("exports", str(n))

    def bring(self, n: int) -> None:
        """At the shell, and again until it says that all of it is there."""
        file = self.house.folder / f"import-{n}.ndjson"
        org = {
            "kind": "organisation",
            "external_id": f"imp-{n}",
            "name": f"Imported {n}",
            "created_at": "2026-01-01T00:00:00Z",
        }
        spaces = [
            {"kind": "workspace", "external_id": f"imp-{n}-{i}", "organisation": f"imp-{n}", "name": f"W {i}", "created_at": "2026-01-01T00:00:00Z"}
            for i in range(30)
        ]  # fmt: skip
        file.write_text("\n".join(map(json.dumps, [org, *spaces])))
        while not self.over.is_set():
            process = self.house.python("bursar", "import", str(file))
            process.communicate()
            if process.returncode == 0:
                self.acknowledged.setdefault("imported", []).extend(space["external_id"] for space in spaces)
                self.acks += 1
                return

    def go(self, place: dict[str, Any]) -> list[threading.Thread]:
        self.place = place
        works: list[Callable[[int], None]] = [
            lambda n: self.usage(0, n), lambda n: self.usage(1, n), self.reset, self.write, self.bulk, self.export, self.bring,
        ]  # fmt: skip
        threads = [threading.Thread(target=self._again, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        return threads

    def _again(self, work: Callable[[int], None]) -> None:
        for n in itertools.count():
            if self.over.is_set():
                return
            try:
                work(n)
            except Exception as error:
                self.faults.append(f"{type(error).__name__}: {error}"[:500])
                return


@pytest.fixture
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="bursar-kills-") as folder:
        made = House(Path(folder))
        try:
            yield made
        finally:
            made.end()


def until(holds: Callable[[], Any], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.2)


def kill_and_kill(house: House, load: Load) -> Counter[str]:
    """The next one when something was acknowledged since the last: so that it hits work, and not a start."""
    chance, killed = random.Random(9), Counter[str]()
    for n in range(KILLS):
        load.wait_for_more(chance.randint(1, 12))
        assert not load.faults, (load.faults, house.tell_faults())
        whom = WHOM[n % len(WHOM)]
        house.kill(whom)
        killed[whom] += 1
    return killed


def test_every_acknowledged_effect_once_whatever_is_killed(house: House) -> None:
    with receiving() as receiver:
        house.ask("bursar", "migrate", "--verbosity=0")
        place = house.inside("found", receiver.url)
        house.start("web")
        house.start("worker")
        load = Load(house)
        threads = load.go(place)
        began = time.monotonic()
        killed = kill_and_kill(house, load)
        load.over.set()
        for thread in threads:
            thread.join(PATIENCE)
        seconds = time.monotonic() - began
        assert not load.faults, load.faults
        until(
            lambda: all(run["state"] != "running" for run in house.inside("count")["runs"]),
            lambda: f"still running: {[run for run in house.inside('count')['runs'] if run['state'] == 'running']}",
        )
        house.inside("go_on")
        there = house.inside("count")
        seen = {one.id for one in receiver.got}
    check(load, there, seen)
    assert house.ask("bursar", "verify") == house.ask("bursar", "audit", "verify") == ""
    assert house.count_deadlocks() == 0
    told = f"{sum(killed.values())} kills in {seconds:.0f} s, {load.acks} answers: {dict(killed)}, {there['outbox']}"
    sys.stdout.write(f"{told}\n")


def check(load: Load, there: dict[str, Any], seen: set[str]) -> None:
    asked = load.acknowledged
    assert there["events"] == sorted(asked["events"]) and there["seconds"] == 60 * len(asked["events"])
    assert there["notes"] == sorted(asked["notes"])
    assert there["exports"] == len(asked["exports"]) == there["files"]
    assert set(asked.get("imported", [])) <= set(there["imported"])
    assert len(there["imported"]) == len(set(there["imported"]))
    assert sorted(run["id"] for run in there["runs"]) == sorted(asked["runs"])
    for run in there["runs"]:
        assert run["state"] == "done" and run["results"] == run["targets"] and not run["odd"], run
        assert run["done"] == run["lines"], run
    assert len(there["digests"]) == 30 and set(there["digests"].values()) == {1}
    assert set(there["messages"]) <= seen, "a webhook that nobody got"
    assert not [name for name in there["outbox"] if name.split()[1] not in ("done", "failed")], there["outbox"]
