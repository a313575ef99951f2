"""Real processes on the test database. None outlives its test: what a test left running is killed after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.db import connection

_started: list[subprocess.Popen[bytes]] = []


def start(command: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """`bursar …` in a process group of its own. Without what Django checks at a start: that is every address, and more
    than a second; tests/operator/test_dev_run.py starts with it.
    """
    return start_python("-m", "bursar", command, "--skip-checks", *arguments, **environment)


def start_python(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    database: dict[str, Any] = settings.DATABASES["default"]
    url = f"postgresql:///{connection.settings_dict['NAME']}?host={database['HOST']}&user={database['USER']}"
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "DATABASE_URL": url, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _started.append(process)
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of the whole group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_all() -> None:
    while _started:
        process = _started.pop()
        if process.poll() is None:
            kill(process)
