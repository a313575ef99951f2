"""A filled database of an older release comes up to this one, and both verifies are silent.

`data/step-3.dump.gz` is `bursar backup` of the release before pens, zipped: a demo company of nine accounts that lived
for two months under levers, pushes, trials, resets and deletions, with its book.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

DUMP = Path(__file__).with_name("data") / "step-3.dump.gz"


@pytest.fixture
def empty(db: None) -> Iterator[str]:
    """The address of a database of its own on the tests' server."""
    known: dict[str, Any] = connection.settings_dict
    parts = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"], "password": known["PASSWORD"]}
    here = {name: value for name, value in parts.items() if value}
    name = f"{known['NAME']}_older"
    with psycopg.connect(make_conninfo(dbname="postgres", **here), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        yield make_conninfo(dbname=name, **here)
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def bursar(address: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bursar", *arguments],
        env={**os.environ, "DATABASE_URL": address},
        cwd=settings.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_filled_database_comes_up_to_this_release(empty: str, tmp_path: Path) -> None:
    dump = tmp_path / "step-3.dump"
    dump.write_bytes(gzip.decompress(DUMP.read_bytes()))
    assert "Restored" in bursar(empty, "restore", str(dump))
    with psycopg.connect(empty) as older:
        before = older.execute("SELECT COUNT(*), SUM(mrr), SUM(recorded_seconds) FROM rollup_accountmonth").fetchone()
        assert before is not None and before[0] == 98 and before[1] > 0 and before[2] > 0
        book = older.execute("SELECT COUNT(*) FROM audit_auditline").fetchone()
        assert book is not None and book[0] > 50
    bursar(empty, "verify")
    bursar(empty, "audit", "verify")
    bursar(empty, "migrate", "--check")
