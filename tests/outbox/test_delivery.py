from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.actions import bulk
from bursar.actions.jobs import resume_bulk
from bursar.actions.models import BulkState
from bursar.config.minute import run_ticks
from bursar.core import clock, heartbeat
from bursar.core.ticks import TICKS
from bursar.outbox import store
from bursar.outbox.carriers import CARRIERS, Carrier, Refused
from bursar.outbox.models import OutboxRow, OutboxState
from tests.cast import NOW, Cast, bring_all, organisation, prove, workspace


def test_a_kind_that_nobody_carries_is_refused_loudly(db: None, now: object) -> None:
    with pytest.raises(LookupError, match="pigeon"):
        store.put("pigeon", "k", {}, NOW)
    assert not OutboxRow.objects.exists()


def test_failing_is_tried_again_and_told(db: None, now: object, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def carry(row: OutboxRow) -> None:
        tries.append(row.key)
        if len(tries) < 3:
            raise ConnectionError("away")

    monkeypatch.setitem(CARRIERS.things, "test", Carrier(carry))
    store.put("test", "k", {}, NOW)
    for minutes in (0, 0, 5, 30):
        store.deliver_due(NOW + timedelta(minutes=minutes))
    row = OutboxRow.objects.get()
    assert (row.state, row.attempts, tries) == (OutboxState.DONE, 3, ["k"] * 3)


def test_a_row_left_half_sent_is_repeated_and_marked(db: None, now: object, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setitem(CARRIERS.things, "test", Carrier(lambda row: seen.append(row.maybe_twice)))
    store.put("test", "k", {}, NOW)
    OutboxRow.objects.update(state=OutboxState.SENDING)
    assert store.deliver_due(NOW + timedelta(minutes=1)) == 0
    assert store.deliver_due(NOW + timedelta(minutes=20)) == 1 and seen == [True]


def test_a_large_bulk_is_a_job_that_can_be_resumed(cast: Cast) -> None:
    since = NOW - timedelta(days=5)
    for n in range(22):
        bring_all(*organisation(f"o{n}", f"O {n}", since), *workspace(f"w{n}", f"o{n}", "W", since))
    from bursar.tenants.models import BillingAccount

    ids = list(BillingAccount.objects.values_list("public_id", flat=True))
    data = {"kind": "partner", "percent": "10", "end_date": ""}
    made = bulk.start("plans.account.set_discount", cast.ties, ids, data, "spring")
    assert made.state == BulkState.RUNNING and not made.results.exists()
    resume_bulk(made.public_id)
    resume_bulk(made.public_id)
    made.refresh_from_db()
    assert made.state == BulkState.DONE and made.results.filter(status=200).count() == len(ids) == 25
    prove()


def test_one_failing_tick_stops_no_other(db: None, now: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TICKS.things, "a.bad", lambda now: (_ for _ in ()).throw(RuntimeError("broken")))
    assert heartbeat.is_late(clock.now(), heartbeat.seen_at())
    assert run_ticks(clock.now()) == ["a.bad"]
    assert not heartbeat.is_late(clock.now(), heartbeat.seen_at())
    assert heartbeat.is_late(clock.now() + timedelta(minutes=6), heartbeat.seen_at())


def test_a_carrier_says_what_follows_when_it_gives_up(db: None, now: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, in the transaction that marks the row: where that goes wrong, neither has happened."""
    told: list[str] = []

    def carry(row: OutboxRow) -> None:
        raise Refused("no such address") if row.key == "final" else ConnectionError("away")

    def gave_up(row: OutboxRow) -> None:
        told.append(f"{row.key}: {row.last_error}")
        heartbeat.beat(NOW, f"{row.key} {len(told)}")
        if len(told) == 1:
            raise RuntimeError("and this failed too")

    monkeypatch.setitem(CARRIERS.things, "test", Carrier(carry, gave_up=gave_up))
    store.put("test", "final", {}, NOW)
    store.deliver_due(NOW)
    row = OutboxRow.objects.get()
    assert (row.state, row.last_error) == (OutboxState.WAITING, "no such address")
    assert heartbeat.seen_at("final 1") is None
    store.deliver_due(NOW + timedelta(hours=1))
    store.deliver_due(NOW + timedelta(hours=9))
    row.refresh_from_db()
    assert row.state == OutboxState.FAILED and len(told) == 2 and heartbeat.seen_at("final 2") == NOW
    store.put("test", "often", {}, NOW)
    for hours in range(200, 100 + 12 * 200, 100):
        store.deliver_due(NOW + timedelta(hours=hours))
    assert told[2:] == ["often: ConnectionError: away"]
    assert OutboxRow.objects.get(key="often").attempts == store.ATTEMPTS
