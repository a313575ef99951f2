"""What an operator leans on: health, measures, logs, backup and restore, forgotten settings."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from django.conf import settings as live
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from bursar.config import logs, operator
from bursar.core import clock, heartbeat
from tests.cast import Cast, prove, sign_in


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


@pytest.mark.django_db(transaction=True)
def test_backup_and_restore_proven_by_both_verifies(committed: Cast, tmp_path: Path) -> None:
    committed.reset_panel()
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
        listed = bursar(url, "staff", "list").stdout
        assert "iris@agora.example" in listed
        again = bursar(url, "restore", str(file))
        assert again.returncode == 1 and "--replace" in again.stderr
        broken = tmp_path / "broken.dump"
        broken.write_bytes(file.read_bytes()[:2000])
        half = bursar(url, "restore", str(broken), "--replace")
        assert half.returncode == 1
        assert "iris@agora.example" in bursar(url, "staff", "list").stdout
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


def test_ready_asks_a_server_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="does not answer"):
        call_command("ready", "--address", "http://127.0.0.1:9")


def test_compose_and_container_file_name_what_exists() -> None:
    root = Path(live.ROOT)
    compose, container = (root / "compose.yaml").read_text(), (root / "Containerfile").read_text()
    assert compose.count("replicas: 2") == 2 and "postgres:18" in compose
    for path in ("requirements/run.txt", "package-lock.json", "bursar", "docs"):
        assert path in container and (root / path).exists()
