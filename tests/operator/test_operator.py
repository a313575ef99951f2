"""What an operator leans on: health, measures, logs, backup and restore, forgotten settings."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import structlog
import yaml
from django.conf import settings as live
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from bursar.__main__ import COMMANDS
from bursar.actions.run import run
from bursar.audit import store
from bursar.config import logs, operator
from bursar.config.deployment import list_findings
from bursar.core import clock, heartbeat
from bursar.files.models import PassingChunk
from tests.cast import NOW, Cast, bring_all, prove, sign_in, usage
from tests.processes import start


def test_alive_and_ready(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/healthz").content == b"ok\n"
    answer = Client().get("/readyz")
    assert answer.status_code == 200 and answer.json()["worker_late"] is True
    heartbeat.beat(clock.now())
    assert Client().get("/readyz").json()["worker_late"] is False
    monkeypatch.setattr(operator, "_is_migrated", False)
    monkeypatch.setattr("bursar.config.operator.MigrationExecutor.migration_plan", lambda self, targets: [1, 2])
    late = Client().get("/readyz")
    assert late.status_code == 503 and "2 migrations" in late.json()["problem"]


def test_measures_for_those_who_may(cast: Cast, settings: Any) -> None:
    sign_in("iris@agora.example").get("/panel/usage/")
    text = Client().get("/metrics").content.decode()
    for words in ('bursar_requests_total{method="GET",route="panel/usage/"', "bursar_outbox_waiting 0.0", "bursar_worker_age_seconds -1.0",
                  "bursar_request_seconds_bucket"):  # fmt: skip
        assert words in text, words
    assert "haarlem" not in text.lower()
    assert Client().get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 403
    settings.BURSAR_METRICS_TOKEN = "scrape"
    assert Client().get("/metrics").status_code == 403
    assert (
        Client().get("/metrics", headers={"Authorization": "Bearer scrape"}, REMOTE_ADDR="10.0.0.9").status_code == 200
    )


def test_what_strangers_invent_becomes_no_label(cast: Cast) -> None:
    """Methods, paths and header values would each add a row to /metrics for good: once there is one of a kind, none."""
    client = Client()

    def knock(number: int) -> None:
        for path in (f"/nothing/{number}", f"/panel/account/{number}", f"/api/product/v1/{number}", "/sign-in/"):
            client.generic(f"QUATSCH{number}", path)
        headers = {"X-Request-ID": f"request-{number}", "User-Agent": f"agent {number}", "Host": f"host{number}.test"}
        client.get(f"/sign-in/?{number}", headers={**headers, "Authorization": f"Bearer {number}"})

    def measures() -> set[str]:
        return {line.rpartition(" ")[0] for line in client.get("/metrics").content.decode().splitlines()}

    knock(0)
    before = measures()
    for number in range(1, 30):
        knock(number)
    assert measures() == before and not [line for line in before if "QUATSCH" in line or "agent" in line]


@pytest.mark.django_db(transaction=True)
def test_several_processes_answer_for_each_other(transactional_db: None, tmp_path: Path) -> None:
    port = free_port()
    server = start("serve", "--no-migrate", "--processes", "2", "--port", port, BURSAR_VAR=str(tmp_path))
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").close()
                break
            time.sleep(0.1)
        for _ in range(6):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/").close()
        for _ in range(4):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                assert 'route="sign-in/",status="200"} 6.0' in answer.read().decode()
    finally:
        end(server)


@pytest.mark.django_db(transaction=True)
def test_a_server_ends_while_its_processes_are_still_loading(transactional_db: None, tmp_path: Path) -> None:
    port = free_port()
    server = start("serve", "--no-migrate", "--processes", "2", "--port", port, BURSAR_VAR=str(tmp_path))
    try:
        while len(psutil.Process(server.pid).children()) < 2:
            time.sleep(0.01)
    finally:
        end(server)


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


def end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    server.wait(120)  # seconds; two busy cores end it in a few


def test_one_line_a_request_without_names(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("bursar.web")
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO):
            sign_in("iris@agora.example").get("/panel/usage/?q=maud", headers={"X-Request-ID": "from-the-proxy-1"})
    finally:
        logger.removeHandler(caplog.handler)
    records: list[Any] = [record.msg for record in caplog.records if record.name == "bursar.web"]
    assert records and all(record == records[0] for record in records)
    line = logs.renderer("json")(None, "info", dict(records[0]))
    told = json.loads(line)  # type: ignore[arg-type]  # the JSON renderer gives text
    assert (
        told["route"] == "panel/usage/" and told["request_id"] == "from-the-proxy-1" and told["actor"] == cast.iris.id
    )
    assert "maud" not in str(line)
    structlog.contextvars.clear_contextvars()


def bursar(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(
        [sys.executable, "-m", "bursar", *arguments], env=environment, capture_output=True, text=True, timeout=300
    )


def url_of(name: str) -> str:
    known = live.DATABASES["default"]
    return f"postgresql:///{name}?host={known['HOST']}&user={known['USER']}"


def is_there(known: dict[str, Any]) -> bool:
    """Iris, in the database that was restored."""
    with psycopg.connect(host=known["HOST"], user=known["USER"], dbname="bursar_restored") as restored:
        found = restored.execute("SELECT 1 FROM access_user WHERE email = 'iris@agora.example'").fetchone()
    return found is not None


@pytest.mark.django_db(transaction=True)
def test_backup_and_restore_proven_by_both_verifies(committed: Cast, tmp_path: Path) -> None:
    committed.reset_panel()
    run("rollup.company.export", committed.iris, "company", {"rows": "accounts"})
    assert PassingChunk.objects.exists()
    prove()
    file = tmp_path / "bursar.dump"
    call_command("backup", str(file))
    with pytest.raises(CommandError, match="there already"):
        call_command("backup", str(file))
    known = live.DATABASES["default"]
    admin = psycopg.connect(host=known["HOST"], user=known["USER"], dbname="postgres", autocommit=True)
    admin.execute("CREATE DATABASE bursar_restored TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    try:
        url = url_of("bursar_restored")
        restored = bursar(url, "restore", str(file))
        assert restored.returncode == 0, restored.stderr
        for command in (("verify",), ("audit", "verify")):
            done = bursar(url, *command)
            assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
        assert is_there(known)
        with psycopg.connect(host=known["HOST"], user=known["USER"], dbname="bursar_restored") as there:
            kept = there.execute("SELECT (SELECT count(*) FROM files_file), (SELECT count(*) FROM files_passingchunk)")
            assert kept.fetchone() == (1, 0), "what lives for days is left out"
        again = bursar(url, "restore", str(file))
        assert again.returncode == 1 and "--replace" in again.stderr
        broken = tmp_path / "broken.dump"
        broken.write_bytes(file.read_bytes()[:2000])
        half = bursar(url, "restore", str(broken), "--replace")
        assert half.returncode == 1
        assert is_there(known)
    finally:
        admin.execute("DROP DATABASE bursar_restored WITH (FORCE)")
        admin.close()
    connection.close()


def test_what_was_forgotten_is_said(cast: Cast, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="dangers"):
        call_command("check-deploy")
    said = capsys.readouterr().out
    for words in ("BURSAR_HTTPS is off", "superuser", "No worker", "second factor", "Only Iris can manage"):
        assert words in said, words
    settings.BURSAR_HTTPS = settings.BURSAR_SECOND_FACTOR = True
    heartbeat.beat(clock.now())
    with pytest.raises(CommandError):
        call_command("check-deploy")
    said = capsys.readouterr().out
    assert "BURSAR_HTTPS is off" not in said and "No worker" not in said


def test_the_role_that_serves_can_do_everything_but_change_the_book(cast: Cast) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        call_command("grant", "bursar_web")
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE bursar_web")
        call_command("grant", "bursar_web")
        cursor.execute("SET LOCAL ROLE bursar_web")
        cast.reset_panel()
        bring_all(usage("panel", "late", NOW - timedelta(days=40), 600))
        run("product.person.erase", cast.iris, cast.target_id("person"), {"typed": "Lotte"}, reason="Asked for it")
        assert sign_in("ties@agora.example").get("/panel/usage/").status_code == 200
        assert store.seal(clock.now()) is not None
        prove()
        for table in (
            "audit_auditline",
            "audit_auditseal",
            "audit_auditsealhead",
            "audit_audithead",
            "audit_auditname",
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute(f"DELETE FROM {table}")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute("UPDATE audit_auditline SET reason = ''")
        assert not [one for one in list_findings() if "superuser" in one.sentence or "owns the book" in one.sentence]
        cursor.execute("RESET ROLE")


def test_ready_asks_a_server_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="does not answer"):
        call_command("ready", "--address", "http://127.0.0.1:9")


def test_compose_and_container_file_name_what_exists() -> None:
    root = Path(live.ROOT)
    compose, container = (root / "compose.yaml").read_text(), (root / "Containerfile").read_text()
    services = yaml.safe_load(compose)["services"]
    assert [services[name]["deploy"]["replicas"] for name in ("web", "worker")] == [2, 2]
    assert services["postgres"]["image"] == "postgres:18" and (root / "postgres" / "roles.sh").exists()
    ours = {name: made for name, made in services.items() if name != "postgres"}
    assert {made["command"][0] for made in ours.values()} <= set(COMMANDS)
    roles = {name: made["environment"]["DATABASE_URL"].split(":")[1].strip("/") for name, made in ours.items()}
    owner, web = "bursar_owner", "bursar_web"
    assert roles == {"migrate": owner, "grant": owner, "web": web, "worker": web}
    for path in ("requirements/run.txt", "package-lock.json", "bursar", "docs"):
        assert path in container and (root / path).exists()
