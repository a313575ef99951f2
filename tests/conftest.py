from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from pytest_django.live_server_helper import LiveServer
from whitenoise.middleware import WhiteNoiseMiddleware

from bursar.core import clock
from bursar.files import store
from tests import emptying, migrated
from tests.cast import NOW, Cast
from tests.environment import IS_OWN_SERVER
from tests.mould import cast_of_late, cast_of_process, keep_shipped


def pytest_configure() -> None:
    emptying.take_over()
    _look_for_static_files_once()
    # No test measures time: on a busy machine an example takes as long as it takes, to be made and to be tried.
    hypothesis.settings.register_profile(
        "patient", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("patient")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one takes 0.3 s on purpose


def _look_for_static_files_once() -> None:
    """Each Client builds the middleware anew, which then went through the 260 files of the packages: 24 ms every time."""
    look, found = WhiteNoiseMiddleware.add_files_from_finders, dict[str, Any]()

    def take(self: Any) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = take


RUBBISH = (20_000, 20, 20)  # when Python looks for it; of its own accord after 700 things, which is a page in a moment
LONG = ("test_dev_run.py", "test_every_page.py", "test_migration.py", "test_waiting.py", "test_paying_life.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What commits comes last, for it flushes the database. Of each kind the long ones come first: the very last are
    short, and no core waits long for another.
    """

    def turn(item: pytest.Item) -> tuple[int, bool]:
        marker, names = item.get_closest_marker("django_db"), set(getattr(item, "fixturenames", ()))
        commits = bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in names
        return 2 if commits else 1 if marker or "db" in names else 0, item.path.name not in LONG

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    gc.set_threshold(*RUBBISH)
    _never_look_through_this_again()


def _never_look_through_this_again() -> None:
    """Nothing of what was imported, collected or migrated becomes rubbish: most of what Python would look at each time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """A database that could not be emptied would show in another test, far away: the whole run stops instead."""
    try:
        yield
    finally:
        if emptying.faults:
            item.session.shouldstop = emptying.faults[0]


@pytest.fixture(scope="session")
def kept_database(request: pytest.FixtureRequest) -> Path | None:
    """Where the migrated database is kept. None beside a server that somebody else gave, and where nothing is kept."""
    cache = getattr(request.config, "cache", None)
    return migrated.place_in(cache.mkdir("migrated")) if cache and IS_OWN_SERVER else None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any, kept_database: Path | None
) -> None:
    if kept_database and kept_database.exists():
        with django_db_blocker.unblock():
            migrated.lay_out(kept_database)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any, kept_database: Path | None) -> None:
    with django_db_blocker.unblock():
        if kept_database and not kept_database.exists():
            migrated.keep(kept_database)
        keep_shipped()
    _never_look_through_this_again()


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
def committed(transactional_db: None) -> Iterator[Cast]:
    """The named cast, really committed, under the running clock: for threads, processes and browsers.

    A test may stop the clock; it runs again after it, for a child process has only the running one.
    """
    yield cast_of_late()
    clock.set_fixed(None)


@pytest.fixture
def live_server(transactional_db: None) -> Iterator[LiveServer]:
    """One for each test: it has answered everything, and is gone, before the database is emptied."""
    server = LiveServer("localhost", start=False)
    server.thread.server_class = emptying.AnsweringServer
    server.start()
    yield server
    server.stop()


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
