"""A filled database of an older release comes up to this one, and both verifies are silent.

`data/step-3.dump.gz` is `bursar backup` of the release before pens, zipped: a demo company of nine accounts that lived
for two months under levers, pushes, trials, resets and deletions, with its book. `before-format-3.dump.gz` is the same
company, under the release before format 3 of the book: with its seals, a colleague and a customer who were erased, and
lines after the last seal.
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

DATA = Path(__file__).with_name("data")


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


def bursar(address: str, command: str, *arguments: str) -> str:
    """Without what Django checks at a start, which is no matter of the data."""
    done = subprocess.run(
        [sys.executable, "-m", "bursar", command, "--skip-checks", *arguments],
        env={**os.environ, "DATABASE_URL": address},
        cwd=settings.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def restore(address: str, name: str, folder: Path) -> None:
    dump = folder / f"{name}.dump"
    dump.write_bytes(gzip.decompress((DATA / f"{name}.dump.gz").read_bytes()))
    assert "Restored" in bursar(address, "restore", str(dump))


def test_a_filled_database_comes_up_to_this_release(empty: str, tmp_path: Path) -> None:
    restore(empty, "step-3", tmp_path)
    with psycopg.connect(empty) as older:
        before = older.execute("SELECT COUNT(*), SUM(mrr), SUM(recorded_seconds) FROM rollup_accountmonth").fetchone()
        assert before is not None and before[0] == 98 and before[1] > 0 and before[2] > 0
        book = older.execute("SELECT COUNT(*) FROM audit_auditline").fetchone()
        assert book is not None and book[0] > 50
    bursar(empty, "verify")
    bursar(empty, "audit", "verify")
    bursar(empty, "migrate", "--check")


def test_a_book_of_before_is_proven_as_it_was_and_a_first_seal_covers_it(empty: str, tmp_path: Path) -> None:
    restore(empty, "before-format-3", tmp_path)
    with psycopg.connect(empty, autocommit=True) as older:
        formats = "SELECT array_agg(DISTINCT format ORDER BY format) FROM audit_audit"
        assert [older.execute(formats + of).fetchone() for of in ("line", "seal")] == [([1, 2],), ([2],)]
        blanked = older.execute("SELECT COUNT(*), COUNT(NULLIF(salt, '')) FROM audit_auditname WHERE text = ''")
        assert blanked.fetchone() == (3, 0), "the migration takes the salts that the erasures left"
        assert bursar(empty, "audit", "verify") == ""
        seal = bursar(empty, "audit", "seal").strip().removeprefix("seal ")
        heads = older.execute(
            "SELECT (SELECT heads FROM audit_auditseal WHERE number = 4), COUNT(*) FROM audit_audithead"
        )
        covered, streams = heads.fetchone() or (0, 1)
        assert covered == streams > 5, "those that did not move as well"
        assert bursar(empty, "audit", "verify", "--since", seal) == ""
        older.execute("SET session_replication_role = replica")
        older.execute("UPDATE audit_auditname SET reference = 'stf_x' WHERE slot = '0:after' AND text <> ''")
        older.execute("UPDATE audit_auditseal SET at = at + interval '1 hour' WHERE number = 2")
    with pytest.raises(AssertionError) as found:
        bursar(empty, "audit", "verify")
    assert "whose names they hold" in str(found.value) and "seals line 4: was edited" in str(found.value)
