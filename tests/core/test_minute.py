"""The minute only enqueues: a tick is a job of its own, and a slow one delays no other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection, connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from bursar.actions import runs
from bursar.config import jobs
from bursar.config.minute import FIRST, enqueue_ticks
from bursar.core import clock, heartbeat
from bursar.core.ticks import TICKS
from tests.cast import NOW


def list_waiting() -> list[str]:
    waiting = ProcrastinateJob.objects.filter(task_name="config.tick", status="todo")
    return sorted(waiting.values_list("args__name", flat=True))


def test_each_minute_enqueues_each_tick_once(db: None, now: datetime) -> None:
    enqueue_ticks(NOW)
    enqueue_ticks(NOW + timedelta(minutes=1))
    assert list_waiting() == sorted(TICKS)
    assert not ProcrastinateJob.objects.filter(task_name="config.tick", lock=None).exists()
    assert heartbeat.seen_at() == NOW + timedelta(minutes=1)


def test_the_minute_goes_before_whatever_waits(db: None, now: datetime) -> None:
    """And what people watch before what only has to leave some time."""
    app.configure_task("outbox.deliver").defer(row_id=1)
    runs.enqueue("blk_x")
    enqueue_ticks(NOW)
    waiting = ProcrastinateJob.objects.order_by("-priority", "id").values_list("task_name", flat=True)
    assert list(dict.fromkeys(waiting)) == ["config.tick", "actions.resume_bulk", "outbox.deliver"]
    assert {task.priority for task in (jobs.minute, jobs.retry_stalled)} == {FIRST}


def aside(work: Callable[[], None]) -> None:
    """In a thread of its own: a browser test of this process may have left its loop running in this one."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def work_until_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of two, in this process, until no job is left that could be taken. No minute strikes meanwhile."""
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # Django's connector has it
    with app.replace_connector(connector) as worker_app:
        monkeypatch.setattr(worker_app.periodic_registry, "periodic_tasks", {})
        settings = {"concurrency": 2, "wait": False, "install_signal_handlers": False, "delete_jobs": "successful"}
        aside(partial(worker_app.run_worker, **settings))


def test_a_slow_tick_delays_no_other(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_ran, slow_ended_well = threading.Event(), threading.Event()

    def be_slow(now: datetime) -> None:
        if quick_ran.wait(20):
            slow_ended_well.set()
        connection.close()

    def be_quick(now: datetime) -> None:
        quick_ran.set()
        connection.close()

    monkeypatch.setattr(TICKS, "things", {"a.slow": be_slow, "b.quick": be_quick})
    enqueue_ticks(clock.now())
    work_until_idle(monkeypatch)
    assert quick_ran.is_set() and slow_ended_well.is_set()
    assert list_waiting() == []


@pytest.mark.parametrize("waits_too", [False, True])
def test_what_a_killed_worker_left_is_done_in_the_next_minutes(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, waits_too: bool
) -> None:
    """Also when the minute enqueued another one of its name since: then that one is enough."""
    ran: list[str] = []
    monkeypatch.setattr(TICKS, "things", {"a.killed": lambda now: ran.append("a.killed")})
    enqueue_ticks(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        )
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE task_name = 'config.tick'",
            [cursor.fetchone()[0]],
        )
    if waits_too:
        enqueue_ticks(clock.now())
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # Django's connector has it

    async def retry() -> None:
        with app.replace_connector(connector) as worker_app:
            async with worker_app.open_async():
                await jobs.retry_stalled(0)

    aside(lambda: asyncio.run(retry()))
    assert list_waiting() == ["a.killed"]
    work_until_idle(monkeypatch)
    assert ran == ["a.killed"]
    assert not ProcrastinateJob.objects.filter(task_name="config.tick").exists()
