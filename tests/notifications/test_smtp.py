"""Mail against a real SMTP server, by real worker processes that are killed where it hurts most."""

from __future__ import annotations

import asyncio
import email
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection, transaction

from bursar.actions.spec import Notice
from bursar.config.minute import run_ticks
from bursar.core import clock
from bursar.notifications.models import Mail, Notification
from bursar.outbox import store
from bursar.outbox.models import OutboxRow, OutboxState
from tests.actions.test_killed import free_port, wait_for_a_waiter, wait_until_gone
from tests.cast import NOW, Cast, bring_all
from tests.notifications.telling import carry_out, leave_note, tell
from tests.processes import kill, start_python
from tests.requests.helpers import ask_workspace

TIES = "ties@agora.example"


class Sink:
    """Takes mail, or hangs before it does, or answers a recipient in its own words."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[Message] = []
        self.answers: dict[str, str] = {}
        self.hangs = False
        self.waiting = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.hangs:
            self.waiting += 1
            await asyncio.sleep(3600)
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 kept"

    def to(self, address: str) -> list[Message]:
        return [mail for mail in self.mails if address in str(mail["To"])]

    def ids(self) -> Counter[str]:
        return Counter(str(mail["Message-ID"]) for mail in self.mails)


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    controller = Controller(made, hostname="127.0.0.1", port=made.port, ready_timeout=20)
    controller.start()
    try:
        yield made
    finally:
        controller.stop()


@pytest.fixture
def smtp(sink: Sink, settings: Any) -> Sink:
    """This process sends through the sink too."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", sink.port, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    return sink


def test_seven_requests_in_an_hour_five_at_once_two_in_the_digest(cast: Cast, smtp: Sink) -> None:
    """Real upgrade requests, told to every colleague who may act."""
    line = {"kind": "organisation_member", "organisation": "samen", "person": "lotte", "role": "owner"}
    bring_all({**line, "from": NOW - timedelta(days=9)})
    for n in range(7):
        with clock.frozen(NOW + timedelta(minutes=8 * n)):
            ask_workspace("lotte", cast.samen.organisation, name=f"request {n}")
            carry_out()
    assert [f"request {n}" in _text(mail) for n, mail in enumerate(smtp.to(TIES))] == [True] * 5
    assert Notification.objects.filter(recipient_id=cast.ties.id, read_at=None).count() == 7
    nine = NOW.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    with clock.frozen(nine - timedelta(seconds=1)):
        run_ticks(clock.now())
        carry_out()
    assert len(smtp.to(TIES)) == 5
    for late in (0, 1, 300):
        with clock.frozen(nine + timedelta(minutes=late)):
            run_ticks(clock.now())
            carry_out()
    *_, digest = smtp.to(TIES)
    assert len(smtp.to(TIES)) == 6 and digest["Subject"] == "2 more notices"
    assert [f"request {n}" in _text(digest) for n in range(7)] == [False] * 5 + [True] * 2
    assert digest.get_content_type() == "multipart/alternative"
    assert str(digest["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    assert max(smtp.ids().values()) == 1


def _text(mail: Message) -> str:
    parts = [mail] if not mail.is_multipart() else list(mail.walk())
    plain = next(part for part in parts if part.get_content_type() == "text/plain")
    payload = plain.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_a_refused_recipient_fails_at_once_and_stops_nobody(
    cast: Cast, smtp: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(monkeypatch, Notice.STAFF)
    smtp.answers = {"iris@agora.example": "550 5.1.1 no such mailbox", TIES: "451 4.7.1 come back later"}
    leave_note(cast, "x")
    carry_out()
    assert smtp.mails == []  # the third is the one who did it
    rows = {Mail.objects.get(public_id=row.payload["mail"]).email: row for row in OutboxRow.objects.filter(kind="mail")}
    iris, ties = rows["iris@agora.example"], rows[TIES]
    assert (iris.state, iris.attempts) == (OutboxState.FAILED, 1) and "no such mailbox" in iris.last_error
    assert (ties.state, ties.last_error) == (OutboxState.WAITING, "451 4.7.1 come back later")
    assert ties.due_at == NOW + timedelta(minutes=1)
    smtp.answers = {}
    with clock.frozen(NOW + timedelta(minutes=2)):
        carry_out()
    assert len(smtp.to(TIES)) == 1 and smtp.ids() == {rows[TIES].payload and _id(rows[TIES]): 1}


def _id(row: OutboxRow) -> str:
    return Mail.objects.get(public_id=row.payload["mail"]).message_id


def test_an_address_that_is_none_fails_alone(cast: Cast, smtp: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    from bursar.access.models import User

    User.objects.filter(email="iris@agora.example").update(email="iris@agora@example")
    tell(monkeypatch, Notice.STAFF)
    leave_note(cast, "x")
    carry_out()
    assert len(smtp.to(TIES)) == 1
    assert OutboxRow.objects.get(kind="mail", state=OutboxState.FAILED).last_error.startswith("This cannot be sent")


def test_a_server_that_is_away_is_waited_for(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    tell(monkeypatch, Notice.LEADS)
    leave_note(cast, "x")
    carry_out()
    row = OutboxRow.objects.get(kind="mail")
    assert row.state == OutboxState.WAITING and "does not answer" in row.last_error
    assert row.tries.get().detail.startswith("The mail server does not answer")


# Real processes

DELIVER = (
    "import django; django.setup(); from bursar.core import clock; from bursar.outbox import store; "
    "store.deliver_due(clock.now())"
)


def start_deliver(sink: Sink) -> subprocess.Popen[bytes]:
    more = {"BURSAR_SMTP": f"smtp://127.0.0.1:{sink.port}", "DJANGO_SETTINGS_MODULE": "bursar.config.settings"}
    return start_python("-c", DELIVER, **more)


def deliver(sink: Sink) -> None:
    """A whole run, after the ten minutes in which a half-sent row might still be in good hands."""
    OutboxRow.objects.filter(state=OutboxState.SENDING).update(due_at=clock.now() - timedelta(minutes=11))
    assert start_deliver(sink).wait(60) == 0


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(300):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to that")


def test_killed_between_queue_and_send(committed: Cast, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Notice.STAFF)
    leave_note(committed, "x")
    sink.hangs = True
    process = start_deliver(sink)
    wait_until(lambda: sink.waiting == 1)
    kill(process)
    wait_until_gone()
    assert Mail.objects.count() == 2 and sink.mails == []
    assert sorted(OutboxRow.objects.filter(kind="mail").values_list("state", flat=True)) == ["sending", "waiting"]
    sink.hangs = False
    deliver(sink)
    assert sink.ids() == dict.fromkeys(Mail.objects.values_list("message_id", flat=True), 1)
    assert not OutboxRow.objects.exclude(state=OutboxState.DONE).exists()
    deliver(sink)
    assert len(sink.mails) == 2


@pytest.mark.parametrize("table", ["notifications_notification", "notifications_mail", "outbox_outboxattempt"])
def test_killed_while_it_queues(committed: Cast, sink: Sink, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    """Before the notices, between them and the mails, and after both but before the notice's row is done."""
    tell(monkeypatch, Notice.STAFF)
    leave_note(committed, "x")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        process = start_deliver(sink)
        wait_for_a_waiter()
        kill(process)
    wait_until_gone()
    assert sink.mails == []
    deliver(sink)
    assert len(sink.mails) == 2 and max(sink.ids().values()) == 1
    assert Notification.objects.count() == 2


def test_killed_after_the_servers_250(committed: Cast, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Notice.STAFF)
    leave_note(committed, "x")
    assert store.deliver_due(clock.now(), limit=1) == 1  # the notice alone: two mails are queued
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE notifications_mail IN EXCLUSIVE MODE")  # it may read the mail, and not mark it
        process = start_deliver(sink)
        wait_until(lambda: len(sink.mails) == 1)
        wait_for_a_waiter()
        kill(process)
    wait_until_gone()
    assert OutboxRow.objects.get(state=OutboxState.SENDING).kind == "mail"
    deliver(sink)
    first = str(sink.mails[0]["Message-ID"])
    twice = [mail for mail in sink.mails if mail["Message-ID"] == first]
    assert sorted(sink.ids().values()) == [1, 2] and len(twice) == 2
    assert twice[0]["Date"] == twice[1]["Date"] and _text(twice[0]) == _text(twice[1])
    marked = OutboxRow.objects.get(maybe_twice=True)
    assert _id(marked) == first and marked.state == OutboxState.DONE
    deliver(sink)
    assert len(sink.mails) == 3
