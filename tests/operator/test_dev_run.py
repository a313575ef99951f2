"""`dev.py run` as scripts and people end it: nothing that it started stays behind, and the next start works."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
# What is installed stays as it is, and no handbook is built; everything else is dev.py's own.
START = "import dev, sys; dev.install = lambda *groups: 0; dev._site_is_stale = lambda: False; dev.main()"
PATIENCE = 150.0  # seconds; a first start on a busy machine


class House:
    """A folder of its own, and whoever lives off it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.var = folder / "var"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    def start(self) -> subprocess.Popen[bytes]:
        """Under a script, in the background: SIGINT is ignored there from the start, and handed down so."""
        command = f'"$0" -c "$1" run --empty --port {self.port} </dev/null & echo $! > "$2"; wait $!'
        more = {"BURSAR_VAR": str(self.var), "PYTHONPATH": str(settings.ROOT)}
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | more
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                ["sh", "-c", command, sys.executable, START, str(self.folder / "pid")],
                cwd=settings.ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def shell(self, *words: str) -> str:
        """`bursar …` from another shell of the same machine: it knows the folder, and nothing of the port."""
        unset = ("DATABASE_URL", "BURSAR_ADDRESS")
        environment = {name: value for name, value in os.environ.items() if name not in unset}
        environment |= {"BURSAR_VAR": str(self.var), "PYTHONPATH": str(settings.ROOT)}
        command = [sys.executable, "-m", "bursar", *words]
        return subprocess.run(command, cwd=settings.ROOT, env=environment, capture_output=True, text=True).stdout

    @property
    def run_pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def living(self) -> dict[int, str]:
        """Whoever works in the folder or was started with it: pid → command."""
        found = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                pid, words = int(entry.name), (entry / "cmdline").read_bytes()
                works_there = str((entry / "cwd").resolve()).startswith(str(self.folder))
                if words and (works_there or str(self.folder).encode() in words + (entry / "environ").read_bytes()):
                    found[pid] = words.replace(b"\0", b" ").decode()[:120]
        return found

    def is_up(self, path: str = "healthz") -> bool:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as answer,
        ):
            return bool(answer.status == 200)
        return False

    def is_ready(self) -> bool:
        return self.is_up("readyz")

    def said(self) -> str:
        return (self.folder / "log").read_text()


def until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return condition()


@contextlib.contextmanager
def a_house(folder: Path) -> Iterator[House]:
    (folder / "log").unlink(missing_ok=True)
    made = House(folder)
    try:
        yield made
    finally:
        for pid in made.living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not made.living(), 10)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="bursar-run-"))  # short: the database's socket lies in it
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def house(folder: Path) -> Iterator[House]:
    """One that other tests may have lived in: the first start takes longest."""
    with a_house(folder) as made:
        yield made


@pytest.fixture
def empty_house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="bursar-run-"))
    with a_house(folder) as made:
        yield made
    shutil.rmtree(folder, ignore_errors=True)


def bring_up(house: House) -> subprocess.Popen[bytes]:
    script = house.start()
    assert until(lambda: house.is_up() or script.poll() is not None, PATIENCE) and house.is_up(), house.said()
    commands = " ".join(house.living().values())
    assert all(word in commands for word in (" serve ", " worker", " mollie-sim ", "postgres")), commands
    return script


def cut_the_power(house: House) -> None:
    """Everybody stops at one instant: nobody tidies up, and nobody sees another one die before its own end."""
    for end in (signal.SIGSTOP, signal.SIGKILL):
        for pid in house.living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, end)


def test_ctrl_c_sigterm_and_kill_under_a_script(house: House) -> None:
    """One after the other in one folder, since the first start takes longest."""
    script = bring_up(house)
    assert f"http://127.0.0.1:{house.port}/sign-in/link/" in house.shell(
        "staff", "add", "iris@agora.example", "--reason", "x"
    )
    os.kill(house.run_pid, signal.SIGINT)
    assert script.wait(30) == 0 and not house.living(), (house.living(), house.said())
    assert not (house.var / "address").exists()

    script = bring_up(house)
    os.kill(house.run_pid, signal.SIGKILL)
    assert script.wait(10) != 0
    assert until(lambda: not house.is_up(), 30), house.living()
    script = bring_up(house)  # it joins the database, which still runs

    cut_the_power(house)
    assert until(lambda: not house.living(), 10) and script.wait(10) != 0
    assert (house.var / "postgres" / "postmaster.pid").exists()
    script = bring_up(house)
    for sign in (signal.SIGTERM, signal.SIGINT):  # twice, as an impatient hand does
        os.kill(house.run_pid, sign)
    assert script.wait(30) == 0 and not house.living(), (house.living(), house.said())
    assert "Traceback" not in house.said(), house.said()


def seen_at(house: House) -> str:
    """When the worker last reported; empty while the database is away."""
    with contextlib.suppress(psycopg.Error):
        address = f"postgresql:///bursar?host={house.var / 'postgres'}&user=postgres&connect_timeout=5"
        with psycopg.connect(address) as database:
            found = database.execute("SELECT seen_at FROM core_workerbeat").fetchone()
            return str(found and found[0])
    return ""


def test_the_database_is_killed_under_web_and_worker(house: House) -> None:
    """Nobody does anything by hand: it runs again, both reconnect, and none of the three has ended."""
    script = bring_up(house)
    assert until(house.is_ready, PATIENCE), house.said()
    ours = {pid for pid, words in house.living().items() if "postgres:" not in words and "postgres -D" not in words}
    before = seen_at(house)
    postmaster = int((house.var / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(postmaster, signal.SIGKILL)
    assert until(lambda: seen_at(house) > before, PATIENCE), house.said()
    assert until(house.is_ready, PATIENCE), house.said()
    assert ours <= set(house.living()) and script.poll() is None, house.said()
    os.kill(house.run_pid, signal.SIGTERM)
    assert script.wait(60) == 0 and not house.living(), (house.living(), house.said())


def test_a_stop_while_it_is_still_starting(empty_house: House) -> None:
    house = empty_house
    script = house.start()
    assert until(lambda: "starting the database" in house.said(), PATIENCE)
    time.sleep(1)
    os.kill(house.run_pid, signal.SIGTERM)
    assert script.wait(60) == 0
    assert until(lambda: not house.living(), 10), (house.living(), house.said())
