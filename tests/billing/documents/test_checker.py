"""The process that checks e-invoices, and what becomes of us when it dies, hangs, or talks nonsense."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from pathlib import Path
from threading import Event

import psutil
import pytest
from django.conf import settings

from bursar.billing.documents import checking
from bursar.billing.documents.checking import Checker, check
from bursar.billing.documents.findings import Findings
from tests.billing.documents.test_checking import BROKEN, XML

Make = Callable[..., tuple[Checker, Callable[[], list[str]]]]

FAKE = """
import os, sys, time
from multiprocessing.connection import Connection
talk = Connection(int(sys.argv[-1]))
with open({log!r}, "a") as log:
    print(os.getpid(), file=log)
starts = len(open({log!r}).read().split())
fine = b'{{"faults": [], "warnings": []}}'
{behaviour}
"""
ANSWERS = "while True: talk.recv_bytes(); talk.send_bytes(fine)"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A checker whose process behaves as it is told, and the ids of the processes that it started."""
    made: list[Checker] = []
    log = tmp_path / "starts"

    def _make(behaviour: str, **more: float) -> tuple[Checker, Callable[[], list[str]]]:
        command = [sys.executable, "-c", FAKE.format(log=str(log), behaviour=behaviour)]
        made.append(Checker(command, **{"patience": 30, **more}))  # type: ignore[arg-type]  # share is whole
        return made[-1], lambda: log.read_text().split()

    yield _make
    for one in made:
        one.stop()


def only(found: Findings) -> str:
    assert len(found.faults) == 1 and not found.warnings
    return found.faults[0]


def test_one_process_serves_many_documents_and_threads() -> None:
    checker = Checker()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(checker.examine, [XML, BROKEN] * 12))
    assert all(bool(one.faults) == bool(number % 2) for number, one in enumerate(found))
    assert checker._done == 24
    process = checker._process
    assert process is not None and process.poll() is None
    checker.stop()
    assert process.poll() is not None


def test_it_is_replaced_after_its_share(make: Make) -> None:
    checker, starts = make(f"talk.send_bytes(fine)\n{ANSWERS}", share=2)
    assert [checker.examine(XML) for _ in range(5)] == [Findings()] * 5
    assert len(starts()) == 3


def test_a_real_one_that_is_killed_is_started_anew() -> None:
    check(XML)
    killed = checking._checker()._process
    assert killed is not None
    killed.kill()
    killed.wait()
    assert check(XML) == [] and len(check(BROKEN)) > 1
    assert checking._checker()._process is not killed


def test_one_that_dies_in_the_midst_is_asked_again(
    make: Make,
) -> None:
    dies = "talk.send_bytes(fine); talk.recv_bytes(); os.kill(os.getpid(), 9)"
    checker, starts = make(f"if starts == 1: {dies}\ntalk.send_bytes(fine)\n{ANSWERS}")
    assert checker.examine(XML) == Findings() and len(starts()) == 2


BAD = {
    "dies": "talk.recv_bytes(); os.kill(os.getpid(), 9)",
    "talks nonsense": "talk.recv_bytes(); talk.send_bytes(b'nonsense'); time.sleep(600)",
    "answers another question": "talk.recv_bytes(); talk.send_bytes(b'[1]'); time.sleep(600)",
    "answers in numbers": """talk.recv_bytes(); talk.send_bytes(b'{"faults": [1], "warnings": []}'); time.sleep(600)""",
    "answers without end": "talk.recv_bytes(); talk.send_bytes(b'[' * 1_000_000); time.sleep(600)",
    "announces too much": "talk.recv_bytes(); os.write(talk.fileno(), b'\\x7f\\xff\\xff\\xff'); time.sleep(600)",
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_checked_is_refused(case: str, make: Make) -> None:
    checker, starts = make(f"talk.send_bytes(fine)\n{BAD[case]}")
    assert only(checker.examine(XML)) == (
        "The e-invoice could not be checked: the process that applies the rules ended or answered nonsense."
    )
    assert len(starts()) == 2 and not any(psutil.pid_exists(int(pid)) for pid in starts())


HANGING = {
    "says nothing": "talk.recv_bytes(); time.sleep(600)",
    "never reads": "time.sleep(600)",
    "stops in the midst": "talk.recv_bytes(); os.write(talk.fileno(), b'\\x00\\x00\\x00\\x64{'); time.sleep(600)",
}


@pytest.mark.parametrize("case", HANGING)
def test_one_that_hangs_is_killed_and_not_asked_again(case: str, make: Make) -> None:
    checker, starts = make(f"if starts == 1: talk.send_bytes(fine); {HANGING[case]}\ntalk.send_bytes(fine)\n{ANSWERS}")
    checker._start()  # patiently, however busy the machine
    checker._patience = 0.2
    xml = b" " * 3_000_000  # more than the socket takes in
    assert (
        only(checker.examine(xml)) == "The e-invoice could not be checked: the rules gave no answer within 0.2 seconds."
    )
    assert len(starts()) == 1 and not psutil.pid_exists(int(starts()[0]))
    checker._patience = 30
    assert checker.examine(XML) == Findings() and len(starts()) == 2


def test_whoever_is_interrupted_leaves_no_answer_behind(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be taken for that of the next document."""
    checker, starts = make(f"talk.send_bytes(fine)\n{ANSWERS}")
    assert checker.examine(XML) == Findings()

    def interrupt(answer: bytes) -> Findings:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(checking, "read_findings", interrupt)
        checker.examine(XML)
    assert checker._process is None and not psutil.pid_exists(int(starts()[0]))
    assert checker.examine(XML) == Findings() and len(starts()) == 2


def test_one_that_cannot_be_started_is_said() -> None:
    assert only(Checker(["/nowhere/python"]).examine(XML)) == (
        "The e-invoice could not be checked: the process that applies the rules could not be started."
    )


def test_one_that_cannot_begin_says_why(make: Make) -> None:
    checker, _ = make("""talk.send_bytes(b'{"faults": ["The rules moved."], "warnings": []}')""")
    assert only(checker.examine(XML)) == "The e-invoice could not be checked: The rules moved."
    assert checker._process is None


PARENT = """
import os, sys, time
from bursar.billing.documents import checking
xml = sys.stdin.buffer.read()
assert checking.check(xml) == []
own = checking._checker()._process.pid
if os.fork() == 0:
    assert checking.check(xml) == []
    print(own, os.getpid(), checking._checker()._process.pid, flush=True)
time.sleep(600)
"""


def test_it_does_not_outlive_us_and_a_fork_starts_its_own() -> None:
    """The fork still holds our end of the socket when we are killed."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=settings.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin and parent.stdout
    with parent.stdin:
        parent.stdin.write(XML)
    own, fork, of_fork = (int(pid) for pid in parent.stdout.readline().split())
    parent.stdout.close()
    assert own != of_fork
    parent.kill()
    parent.wait()
    wait_until_gone(own)
    assert not is_gone(of_fork)
    os.kill(fork, signal.SIGKILL)
    wait_until_gone(of_fork)


LEFT_ALONE = """
import sys, time
from bursar.billing.documents import checker
class Slow:
    def examine(self, xml): time.sleep(600)
checker.Rulebook = Slow
checker.LONGEST, checker.IDLE, checker.LOOK_ROUND = 1, {idle}, 0.1
checker.main(int(sys.argv[1]))
"""


@pytest.mark.parametrize(("idle", "sent", "code"), [(600, [XML], -signal.SIGALRM), (0.2, [], 0)])
def test_it_leaves_by_itself_when_it_hangs_or_is_idle(idle: float, sent: list[bytes], code: int) -> None:
    """Though nobody kills it: whoever asked may be gone."""
    ours, theirs = Pipe()
    with ours:
        with theirs:
            command = [sys.executable, "-c", LEFT_ALONE.format(idle=idle), str(theirs.fileno())]
            process = subprocess.Popen(command, cwd=settings.ROOT, pass_fds=[theirs.fileno()])
        assert ours.recv_bytes()
        for xml in sent:
            ours.send_bytes(xml)
        assert process.wait() == code


def wait_until_gone(pid: int) -> None:
    for _ in range(600):
        if is_gone(pid):
            return
        Event().wait(0.1)
    raise AssertionError(f"{pid} lives on")


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
