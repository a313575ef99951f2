"""A row that takes the worker down is tried a bounded number of times; then a person sends or drops it."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden
from bursar.core.ticks import TICKS
from bursar.notifications.carry import expand
from bursar.notifications.models import Notification
from bursar.outbox import store
from bursar.outbox.carriers import CARRIERS, Carrier
from bursar.outbox.models import OutboxRow, OutboxState
from tests.cast import NOW, Cast, prove, refusal_of, sign_in


class Killed(BaseException):
    """As kill -9: nothing after it is done, and nothing catches it."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys in the order of the tries. “bad” takes the worker down."""
    tries: list[str] = []

    def carry(row: OutboxRow) -> None:
        tries.append(row.key)
        if row.key == "bad" and tries.count("bad") <= store.CUT_OFF_AT_MOST + 1:
            raise Killed

    monkeypatch.setitem(CARRIERS.things, "test", Carrier(carry))
    return tries


def work(minutes: int) -> None:
    """A worker that may be killed, and the minute of another."""
    with clock.frozen(NOW + timedelta(minutes=minutes)):
        with contextlib.suppress(Killed):
            store.deliver_due(clock.now())
        TICKS["notifications.set_aside"](clock.now())


def set_aside(sent: list[str]) -> OutboxRow:
    store.put("test", "bad", {}, NOW, order_key="one")
    store.put("test", "behind it", {}, NOW, order_key="one")
    for minutes in range(0, 120, 5):
        work(minutes)
    return OutboxRow.objects.get(key="bad")


def test_it_is_retaken_so_often_and_no_more(cast: Cast, sent: list[str]) -> None:
    row = set_aside(sent)
    assert sent.count("bad") == store.CUT_OFF_AT_MOST + 1 and sent[-1] == "behind it"
    assert (row.state, row.maybe_twice) == (
        OutboxState.FAILED,
        True,
    ) and "took the worker down 4 times" in row.last_error
    line = AuditLine.objects.get(key="notifications.delivery.set_aside")
    notice = OutboxRow.objects.get(kind="notice", payload__line=line.public_id)
    assert notice.payload["notices"] == ["leads"] and notice.state == OutboxState.DONE
    assert Notification.objects.filter(recipient_id=cast.iris.id, line=line).exists()
    page = sign_in("iris@agora.example").get(f"/panel/deliveries/{row.public_id}").content.decode()
    assert "took the worker down" in page and "Send again…" in page and "Drop…" in page
    prove()


def test_by_hand_it_is_sent(cast: Cast, sent: list[str]) -> None:
    row = set_aside(sent)
    run("notifications.delivery.retry", cast.ties, row.public_id, reason="mended")
    work(200)
    row.refresh_from_db()
    assert (row.state, row.cut_off) == (OutboxState.DONE, 0)
    assert isinstance(refusal_of("notifications.delivery.drop", cast.ties, row.public_id, reason="x"), Blocked)
    prove()


def test_by_hand_it_is_dropped(cast: Cast, sent: list[str]) -> None:
    row = set_aside(sent)
    assert isinstance(refusal_of("notifications.delivery.drop", cast.ada, row.public_id, reason="x"), Forbidden)
    run("notifications.delivery.drop", cast.ties, row.public_id, reason="Nobody needs it")
    row.refresh_from_db()
    assert (row.state, row.last_error) == (OutboxState.DROPPED, "By Ties: Nobody needs it")
    before = len(sent)
    work(300)
    assert len(sent) == before
    run("notifications.delivery.retry", cast.ties, row.public_id, reason="after all")
    work(400)
    row.refresh_from_db()
    assert row.state == OutboxState.DONE
    prove()


def test_what_is_on_its_way_out_is_left_alone(cast: Cast, sent: list[str]) -> None:
    row = store.put("test", "good", {}, NOW)
    OutboxRow.objects.update(state=OutboxState.SENDING, cut_off=store.CUT_OFF_AT_MOST)
    with clock.frozen(NOW + timedelta(minutes=9)):
        TICKS["notifications.set_aside"](clock.now())
        assert (
            "at this moment" in refusal_of("notifications.delivery.drop", cast.ties, row.public_id, reason="x").sentence
        )
    row.refresh_from_db()
    assert row.state == OutboxState.SENDING and not AuditLine.objects.filter(target_id=row.public_id).exists()


def test_a_notice_that_takes_the_worker_down_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told of by another one."""
    cast.reset_panel()
    bad = OutboxRow.objects.get(kind="notice")

    def carry(row: OutboxRow) -> Any:
        if row.pk == bad.pk:
            raise Killed
        return expand(row)

    monkeypatch.setitem(CARRIERS.things, "notice", Carrier(carry))
    for minutes in range(0, 120, 5):
        work(minutes)
    bad.refresh_from_db()
    assert bad.state == OutboxState.FAILED
    assert Notification.objects.filter(line__key="notifications.delivery.set_aside", recipient_id=cast.iris.id).exists()
