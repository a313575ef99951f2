from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

from bursar.core import clock
from bursar.files import store
from tests.cast import NOW, Cast
from tests.mould import SHIPPED, cast_of_process, keep_shipped

_sql_flush = DatabaseOperations.sql_flush


def _flush_the_book_too(self: Any, *args: Any, **kwargs: Any) -> list[str]:
    """The book refuses TRUNCATE; only a superuser's test database may step round it. What migrations ship comes back.

    A browser that was closed may leave a request behind: when the two wait for each other, that one gives way.
    """
    statements = _sql_flush(self, *args, **kwargs)
    role, patience = "SET session_replication_role = ", "SET deadlock_timeout = "
    before, after = [f"{role}replica", f"{patience}'60s'"], [f"{role}origin", f"{patience}DEFAULT"]
    return [*before, *statements, *SHIPPED, *after] if statements else statements


DatabaseOperations.sql_flush = _flush_the_book_too  # type: ignore[method-assign]  # for tests only


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one takes 0.3 s on purpose


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        keep_shipped()


@pytest.fixture
def now() -> Iterator[datetime]:
    with clock.frozen(NOW):
        yield NOW


@pytest.fixture
def one_connection(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written on the test's own connection, and rolled back with it."""

    @contextmanager
    def same() -> Iterator[Any]:
        connection.ensure_connection()
        yield connection.connection

    monkeypatch.setattr(store, "apart", same)


@pytest.fixture
def cast(db: None, now: datetime, one_connection: None) -> Cast:
    """The named cast, at the fixed instant, inside a transaction that is rolled back."""
    return cast_of_process()


@pytest.fixture
def committed(transactional_db: None) -> Cast:
    """The named cast, really committed, under the running clock: for threads, processes and browsers."""
    return Cast.gather(clock.now())


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handbook as `dev.py docs` builds it; any warning fails."""
    folder = tmp_path_factory.mktemp("handbook") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(
        command, cwd=settings.ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return folder
