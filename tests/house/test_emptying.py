"""Who still talks to the database when a test is over is waited for; who does not stop ends the run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from bursar.access.models import User
from tests import conftest, emptying, processes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """A connection of somebody else, in the middle of a transaction."""
    known = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    with psycopg.connect(host=known["HOST"], user=known["USER"], password=known["PASSWORD"], dbname=name) as other:
        other.execute("SELECT count(*) FROM access_user")
        yield other


def test_it_waits_until_nobody_else_is_connected(other: psycopg.Connection) -> None:
    threading.Timer(0.5, other.close).start()
    emptying.wait_until_alone()
    assert other.closed


def test_a_connection_that_was_forgotten_is_cut_off(other: psycopg.Connection) -> None:
    other.commit()
    emptying.wait_until_alone(patience=20)
    with pytest.raises(psycopg.OperationalError):
        other.execute("SELECT 1")


def test_it_names_who_does_not_stop(other: psycopg.Connection) -> None:
    with pytest.raises(emptying.StillTalking, match=r"idle in transaction: SELECT count\(\*\) FROM access_user"):
        emptying.wait_until_alone(patience=0.1)
    other.close()


def test_a_database_that_cannot_be_emptied_stops_the_run(
    other: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create(email="stays@agora.example")
    monkeypatch.setattr(emptying, "PATIENCE", 0.1)
    monkeypatch.setattr(emptying, "faults", [])
    with pytest.raises(emptying.StillTalking, match=r"next test would meet old data.*access_user"):
        emptying.empty_or_end(TransactionTestCase("__init__"))
    with pytest.raises(psycopg.OperationalError):  # cut off, or the database itself could not go
        other.execute("SELECT 1")
    assert User.objects.exists()
    item = SimpleNamespace(session=SimpleNamespace(shouldstop=False))
    hook = conftest.pytest_runtest_teardown(cast(Any, item))
    assert list(hook) == [None] and "next test would meet old data" in item.session.shouldstop
    emptying.empty_or_end(TransactionTestCase("__init__"))
    assert not User.objects.exists()


def test_a_thread_of_a_test_closes_its_connection() -> None:
    """Closing “the old ones” leaves a young one open: it is cut off after two seconds, and warned of in another test."""
    word = "_".join(("close", "old", "connections"))
    assert not [path.name for path in Path(__file__).parent.parent.rglob("*.py") if word in path.read_text()]


def test_a_process_that_a_test_left_behind_is_killed() -> None:
    left = processes.start("worker")
    emptying.empty_or_end(TransactionTestCase("__init__"))
    assert left.poll() is not None
