"""kill -9 anywhere in an action: all of it, or nothing. Real processes, a real lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection, transaction

from bursar.audit.models import AuditLine
from bursar.usage.models import UsageReset
from tests.cast import Cast, prove

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "usage.workspace.reset_usage"


def start_act(cast: Cast) -> subprocess.Popen[bytes]:
    """`bursar act` in a process of its own, on the test database."""
    host = settings.DATABASES["default"]["HOST"]
    url = f"postgresql:///{connection.settings_dict['NAME']}?host={host}&user={settings.DATABASES['default']['USER']}"
    command = [sys.executable, "-m", "bursar", "act", KEY, cast.panel.public_id, "--reason", "killed"]
    return subprocess.Popen(
        command, env={**os.environ, "DATABASE_URL": url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def wait_for_a_waiter() -> None:
    """Until some backend waits for a lock."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.1)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("table", ["tenants_billingaccount", "usage_meter", "audit_audithead", "audit_auditline"])
def test_killed_inside_the_transaction_nothing_happened(committed: Cast, table: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        process = start_act(committed)
        wait_for_a_waiter()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0] == 0:
                break
        time.sleep(0.1)
    assert not UsageReset.objects.exists()
    assert not AuditLine.objects.filter(key=KEY).exists()
    prove()


def test_left_alone_it_all_happens(committed: Cast) -> None:
    process = start_act(committed)
    assert process.wait(60) == 0
    assert UsageReset.objects.count() == 1 and AuditLine.objects.filter(key=KEY).count() == 1
    prove()
