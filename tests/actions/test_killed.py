"""kill -9 anywhere in an action: all of it, or nothing. Real processes, a real lock."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from bursar.actions import bulk
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.files.jobs import forget_unfinished
from bursar.files.models import File, PassingChunk
from bursar.tenants.models import BillingAccount
from bursar.usage.models import UsageReset
from tests.cast import Cast, bring_all, organisation, prove, sign_in, workspace
from tests.processes import kill, start, start_python

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "usage.workspace.reset_usage"


def start_act(cast: Cast) -> subprocess.Popen[bytes]:
    return start("act", KEY, cast.panel.public_id, "--reason", "killed")


def wait_until_gone() -> None:
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.1)
    raise AssertionError("a killed process still holds locks")


def wait_for_a_waiter(begun: Callable[[], object] = lambda: True) -> None:
    """Until some backend waits for a lock, and what the test is about has begun: others may wait before."""
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0] and begun():
                return
        time.sleep(0.1)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("table", ["tenants_billingaccount", "usage_meter", "audit_audithead", "audit_auditline"])
def test_killed_inside_the_transaction_nothing_happened(committed: Cast, table: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        process = start_act(committed)
        wait_for_a_waiter()
        kill(process)
    wait_until_gone()
    assert not UsageReset.objects.exists()
    assert not AuditLine.objects.filter(key=KEY).exists()
    prove()


def test_left_alone_it_all_happens(committed: Cast) -> None:
    process = start_act(committed)
    assert process.wait(60) == 0
    assert UsageReset.objects.count() == 1 and AuditLine.objects.filter(key=KEY).count() == 1
    prove()


EXPORT = ("act", "rollup.company.export", "company", "--set", "rows=accounts")
IN_PARTS = (
    "import os, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'bursar.config.settings'); django.setup(); "
    "from bursar.files import store; store.CHUNK = 100; from bursar.__main__ import main; main()"
)
"""As an export of a megabyte and more is written; one that is smaller waits in memory."""


@pytest.mark.parametrize("table", ["files_passingchunk", "audit_audithead"])
@pytest.mark.parametrize("begun", [("-m", "bursar"), ("-c", IN_PARTS)], ids=["whole", "in parts"])
def test_an_export_killed_in_the_middle_is_served_to_nobody_and_goes_after_an_hour(
    committed: Cast, begun: tuple[str, str], table: str
) -> None:
    """While its bytes are written, or after, before its line."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        process = start_python(*begun, *EXPORT)
        wait_for_a_waiter()
        kill(process)
    wait_until_gone()
    left = list(File.objects.all())
    assert len(left) == (0 if begun[0] == "-m" else 1)
    assert not AuditLine.objects.filter(key="rollup.company.export").exists()
    for file in left:
        assert file.finished_at is None and (file.length is None) is (table == "files_passingchunk")
        File.objects.update(made_by=committed.iris.user_id)
        assert sign_in("iris@agora.example").get(f"/panel/files/{file.public_id}").status_code == 404
    forget_unfinished(clock.now())
    assert File.objects.count() == len(left), "it might still be written"
    forget_unfinished(clock.now() + timedelta(hours=1))
    assert not File.objects.exists() and not PassingChunk.objects.exists()
    prove()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def submit_reset(cast: Cast, port: int) -> int:
    """The dialog's submit as a browser sends it; the status, or 0 when the server went away."""
    token = "a" * 32
    cookies = sign_in("ties@agora.example").cookies
    form = {"reason": "Council", "csrfmiddlewaretoken": token, "idempotency_key": "one-click"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/panel/actions/workspace/{cast.panel.public_id}/reset_usage",
        data=urllib.parse.urlencode(form).encode(),
        headers={"Cookie": f"sessionid={cookies['sessionid'].value}; csrftoken={token}", "HX-Request": "true"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except OSError:
        return 0


def serve(port: int) -> subprocess.Popen[bytes]:
    process = start("serve", "--no-migrate", "--port", str(port))
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                return process
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the web server did not come up")


def test_the_web_server_killed_in_an_action(committed: Cast) -> None:
    web = serve(port := free_port())
    answers: list[int] = []

    def ask() -> None:
        answers.append(submit_reset(committed, port))
        connection.close()  # that of this thread: the next test waits until nobody is connected

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE audit_auditline IN EXCLUSIVE MODE")
        browser = threading.Thread(target=ask)
        browser.start()
        wait_for_a_waiter()
        kill(web)
        browser.join()
    wait_until_gone()
    assert answers == [0] and not UsageReset.objects.exists()
    prove()
    again = serve(port)
    try:
        assert [submit_reset(committed, port), submit_reset(committed, port)] == [204, 204]
    finally:
        kill(again)
    wait_until_gone()
    assert UsageReset.objects.count() == 1 and AuditLine.objects.filter(key=KEY).count() == 1
    prove()


def test_the_worker_killed_in_a_bulk_job(committed: Cast) -> None:
    since = clock.now() - timedelta(days=5)
    for n in range(20):
        bring_all(*organisation(f"o{n}", f"O {n}", since), *workspace(f"w{n}", f"o{n}", "W", since))
    accounts = list(BillingAccount.objects.order_by("id").values_list("id", "public_id"))
    data = {"kind": "partner", "percent": "10", "end_date": ""}
    made = bulk.start("plans.account.set_discount", committed.ties, [public for _, public in accounts], data, "spring")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_billingaccount WHERE id = %s FOR UPDATE", [accounts[7][0]])
        worker = start("worker")
        wait_for_a_waiter(lambda: made.results.count() == 7)
        kill(worker)
    wait_until_gone()
    assert made.results.count() == 7 == AuditLine.objects.filter(group=made.public_id).count()
    prove()
    bulk.resume_as_stored(made.public_id)
    assert made.results.filter(status=200).count() == len(accounts) == 23
    assert AuditLine.objects.filter(group=made.public_id).count() == 23
    prove()
