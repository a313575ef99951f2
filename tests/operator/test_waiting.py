"""A lock that somebody holds: what waits is told so, and everything else goes on answering."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
import pytest
from django.db import connection
from django.test import Client

from bursar.access.keys import digest_of
from bursar.access.rights import Right
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.config.slots import SIZE, WRITERS, Slots
from bursar.core import clock, timeouts
from bursar.core.errors import Unavailable
from bursar.core.reading import consistent_read
from bursar.files import store
from bursar.files.csv import EXPORT
from bursar.staff.models import ApiToken
from tests.cast import Cast, prove, sign_in
from tests.processes import start

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "a secret that only this test knows"
FOR_EVER = "lock=3000 statement=3000 idle=3000"
ACCOUNT_TABLE = "tenants_billingaccount"


class Answer(NamedTuple):
    status: int
    body: str
    headers: Any


def ask(address: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> Answer:
    data = None if body is None else json.dumps(body).encode()
    more = {"Content-Type": "application/json"} if data else {}
    asked = urllib.request.Request(address, data, {**more, **(headers or {})})
    try:
        with urllib.request.urlopen(asked, timeout=300) as answer:
            return Answer(answer.status, answer.read().decode(), answer.headers)
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode(), error.headers)


def until(condition: Callable[[], bool], what: str) -> None:
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"never: {what}")


def count_waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


@contextmanager
def held(statement: str) -> Iterator[None]:
    """What another program locks, and keeps."""
    known = connection.settings_dict
    with psycopg.connect(host=known["HOST"], user=known["USER"], dbname=known["NAME"]) as other:
        other.execute(statement)
        yield


def token(cast: Cast) -> dict[str, str]:
    assert cast.iris.staff_id is not None
    rights = [right.value for right in Right]
    ApiToken.objects.create(member_id=cast.iris.staff_id, name="t", digest=digest_of(SECRET), hint="h", rights=rights)
    return {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def web() -> Iterator[str]:
    """A real server whose limits never run out: what it answers it does not owe to them."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    process = start(
        "serve", "--no-migrate", "--port", port, BURSAR_PAGE_TIMEOUTS=FOR_EVER, BURSAR_ACTION_TIMEOUTS=FOR_EVER
    )
    address = f"http://127.0.0.1:{port}"

    def is_up() -> bool:
        try:
            return ask(f"{address}/healthz").status == 200
        except OSError:
            return False

    try:
        until(is_up, "the web server answers")
        yield address
    finally:
        process.terminate()
        process.wait(30)


def test_while_one_row_is_held_other_pages_and_health_answer(committed: Cast, web: str) -> None:
    """Many more actions on it than there are threads."""
    headers, lines = token(committed), AuditLine.objects.count()
    account = committed.samen.public_id
    with ThreadPoolExecutor(20) as pool:
        with held(f"SELECT 1 FROM {ACCOUNT_TABLE} WHERE id = {committed.samen.pk} FOR UPDATE"):
            told = [
                pool.submit(
                    ask,
                    f"{web}/api/v1/account/{account}/actions/add_note",
                    {"data": {"text": f"note {number}"}},
                    headers,
                )
                for number in range(20)
            ]
            until(lambda: count_waiting() == WRITERS, "as many wait as may write at once")
            for path in ("/healthz", "/readyz", "/api/v1/accounts", f"/api/v1/accounts/{committed.oost.public_id}"):
                assert ask(web + path, headers=headers).status == 200, path
            assert count_waiting() == WRITERS
        answers = [one.result() for one in told]
    done = [one for one in answers if one.status == 200]
    assert len(done) >= WRITERS and AuditLine.objects.count() == lines + len(done)
    for one in answers:
        assert one.status == 200 or (one.status == 503 and json.loads(one.body)["code"] == "unavailable"), one
    prove()


def test_while_every_thread_waits_health_answers_and_readiness_says_busy(committed: Cast, web: str) -> None:
    headers = token(committed)
    page = f"{web}/api/v1/accounts"
    assert ask(page, headers=headers).status == 200
    with ThreadPoolExecutor(SIZE) as pool:
        with held(f"LOCK TABLE {ACCOUNT_TABLE} IN ACCESS EXCLUSIVE MODE"):
            told: list[Future[Answer]] = [pool.submit(ask, page, None, headers) for _ in range(SIZE)]
            until(lambda: count_waiting() == SIZE, "every page thread waits")
            assert ask(f"{web}/healthz").body == "ok\n"
            until(lambda: ask(f"{web}/readyz").status == 503, "readiness says busy")
            busy = ask(f"{web}/readyz")
            assert "busy" in json.loads(busy.body)["problem"] and busy.headers["Retry-After"]
            for more, kind, start_of in (
                (headers, "application/json", '{"code": "unavailable"'),
                ({"Accept": "text/html"}, "text/html", "<!doctype html>"),
                ({"Accept": "text/html", "HX-Request": "true"}, "text/plain", "Bursar is busy"),
            ):
                path = "/api/v1/accounts" if kind == "application/json" else "/panel/usage/"
                answer = ask(web + path, headers=more)
                assert (answer.status, bool(answer.headers["Retry-After"])) == (503, True), answer
                assert answer.headers["Content-Type"].startswith(kind) and answer.body.startswith(start_of), answer
                assert "Bursar is busy" in answer.body
            assert count_waiting() == SIZE
        assert [one.result().status for one in told] == [200] * SIZE
    until(lambda: ask(f"{web}/readyz").status == 200, "it is ready again")


@pytest.mark.parametrize("held_from", ["dialog", "submit", "preview", "api"])
def test_a_limit_that_runs_out_is_a_sentence_and_nothing_changed(
    committed: Cast, settings: Any, held_from: str
) -> None:
    settings.BURSAR_TIMEOUTS = dict.fromkeys(timeouts.Work, timeouts.Limits(lock=0.2, statement=0, idle=0))
    lead, lines = sign_in("iris@agora.example"), AuditLine.objects.count()
    address = f"/panel/actions/account/{committed.samen.public_id}/set_discount"
    data = {"kind": "partner", "percent": "10", "reason": "Agreed"}
    with held(f"SELECT 1 FROM {ACCOUNT_TABLE} WHERE id = {committed.samen.pk} FOR UPDATE"):
        for headers, kind in (({}, "text/html"), ({"HX-Request": "true"}, "text/plain")):
            if held_from == "api":
                body = {"data": {"kind": "partner", "percent": 10}, "reason": "Agreed"}
                path = f"/api/v1/account/{committed.samen.public_id}/actions/set_discount"
                answer, kind = lead.post(path, body, content_type="application/json"), "application/json"
            elif held_from == "dialog":
                answer = lead.get(address, headers=headers)
            else:
                answer = lead.post(address if held_from == "submit" else f"{address}/preview", data, headers=headers)
            assert answer.status_code == 503 and answer["Retry-After"] == "5", answer.content
            assert answer["Content-Type"].startswith(kind)
            assert "Somebody else is changing this right now" in answer.content.decode()
    assert AuditLine.objects.count() == lines
    assert lead.post(address, data, headers={"HX-Request": "true"}).status_code == 204


def test_bulk_says_so_in_its_row_and_goes_on(committed: Cast, settings: Any) -> None:
    settings.BURSAR_TIMEOUTS = dict.fromkeys(timeouts.Work, timeouts.Limits(lock=0.2, statement=0, idle=0))
    ids = [committed.lab.public_id, committed.panel.public_id]
    body = {"action": "attention.workspace.take", "ids": ids, "data": {"owner": committed.ties.id}}
    with held(f"SELECT 1 FROM {ACCOUNT_TABLE} WHERE id = {committed.oost.pk} FOR UPDATE"):
        answer = sign_in("iris@agora.example").post("/api/v1/bulk", body, content_type="application/json")
    assert [row["status"] for row in answer.json()["results"]] == [503, 200], answer.content
    prove()


def test_whoever_stops_listening_gives_the_slot_back(committed: Cast, web: str) -> None:
    """More downloads broken off than there are slots."""
    with store.writing(EXPORT, "text/csv") as writer:
        writer.write(b"x" * 20_000_000)
    file = store.finish(writer.written, committed.iris, clock.now(), name="large.csv", rows=1)
    headers = token(committed)
    address = urllib.parse.urlsplit(web)
    for _ in range(SIZE + 2):
        with socket.create_connection((str(address.hostname), address.port or 80)) as line:
            words = f"GET /api/v1/files/{file.public_id} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SECRET}\r\n\r\n"
            line.sendall(words.encode())
            assert line.recv(100).startswith(b"HTTP/1.1 200")
    for _ in range(SIZE + 2):
        assert ask(f"{web}/api/v1/accounts", headers=headers).status == 200


def test_each_door_has_its_own_limits(committed: Cast, settings: Any) -> None:
    """The page's come with the connection; the transaction of an action or an export has its own, and leaves none."""

    def shown() -> tuple[str, str, str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'), "
                "current_setting('idle_in_transaction_session_timeout')"
            )
            found: tuple[str, str, str] = cursor.fetchone()
            return found

    assert shown() == ("0", "0", "0"), "the shell has none"
    known = connection.settings_dict["OPTIONS"]
    try:
        timeouts.begin_process(timeouts.Work.PAGE)
        assert shown() == ("5s", "30s", "30s")
        with consistent_read():
            assert shown() == ("5s", "30s", "30s")
        with consistent_read(timeouts.Work.EXPORT):
            assert shown() == ("5s", "15min", "15min")
        assert shown() == ("5s", "30s", "30s")
    finally:
        connection.settings_dict["OPTIONS"] = known
        connection.close()


def test_a_limit_is_written_so_that_nobody_guesses() -> None:
    assert timeouts.parse("lock=5 statement=0 idle=1.5") == timeouts.Limits(5, 0, 1.5)
    for text in (
        "5 30 30",
        "lock=5",
        "lock=5 statement=-1 idle=3",
        "lock=5 lock=5 idle=3",
        "lock=5 statement=x idle=1",
    ):
        with pytest.raises(ValueError, match="lock=5 statement=30 idle=30"):
            timeouts.parse(text)


def test_slots_come_back_to_those_who_wait_and_reading_has_two_for_itself() -> None:
    slots = Slots(size=3, writers=2, patience=600)
    writers = [slots.take(is_write=True) for _ in range(2)]
    reader = slots.take(is_write=False)
    assert None not in writers and reader is not None and not slots.is_busy()
    came: list[str] = []

    def wait(name: str, is_write: bool) -> None:
        slot = slots.take(is_write=is_write)
        assert slot is not None
        came.append(name)
        slots.give_back(slot)

    threads = [threading.Thread(target=wait, args=(f"{n}{w}", w)) for n in range(5) for w in (True, False)]
    for thread in threads:
        thread.start()
    for slot in (reader, *writers):
        assert slot is not None
        slots.give_back(slot)
    for thread in threads:
        thread.join(60)
    assert len(came) == 10 and not slots.is_busy()


def test_whoever_waits_too_long_or_finds_too_many_waiting_is_sent_away() -> None:
    slots = Slots(size=1, writers=1, patience=0.05)
    slot = slots.take(is_write=False)
    assert slot is not None and slots.take(is_write=False) is None and slots.is_busy()
    slots.give_back(slot)
    assert not slots.is_busy() and slots.take(is_write=True) is not None


def test_the_shell_hears_a_sentence(committed: Cast) -> None:
    with held(f"SELECT 1 FROM {ACCOUNT_TABLE} WHERE id = {committed.samen.pk} FOR UPDATE"):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        try:
            with pytest.raises(Unavailable, match="Somebody else"):
                run("plans.account.set_discount", committed.iris, committed.samen.public_id,
                    {"kind": "partner", "percent": "10"}, reason="x")  # fmt: skip
        finally:
            connection.close()
    assert Client().get("/readyz").status_code == 200
