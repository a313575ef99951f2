"""The worker's outer loop. PostgreSQL may restart at any moment: the worker waits for it and begins anew, by itself.

What asks Mollie has queues of its own, and places of its own in the worker: a slow Mollie keeps neither mail nor the
minute waiting, and neither they nor bulk runs keep somebody waiting who looks at a page that Mollie has to answer.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, cast

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections, connection
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException

from bursar.config.minute import enqueue_ticks
from bursar.core import clock
from bursar.core.database import DatabaseProblem, start_embedded
from bursar.core.faults import is_away
from bursar.payments.store.work import AWAITED, MOLLIE

FIRST_WAIT, LONGEST_WAIT = 0.5, 4.0  # seconds between two looks whether the database answers again
WENT_WELL = 60.0  # seconds of work after which earlier ends are forgotten
TRIES = 10  # ends in a row, with a database that answers, after which this process gives up
DEFAULT_QUEUE = "default"  # procrastinate's own name for what names no queue
log = structlog.get_logger("bursar.worker")


class GivenUp(Exception):
    """The worker ends again and again although the database answers; the sentence says of what."""


def work(concurrency: int) -> None:
    """Runs jobs until SIGTERM or SIGINT, and then ends those that run. Raises GivenUp, and what is no fault of the
    database's.
    """
    asyncio.run(_work(concurrency))


async def _work(concurrency: int) -> None:
    stop, ends = asyncio.Event(), 0
    threads = ThreadPoolExecutor(sum(places for _, places in list_places(concurrency)))
    asyncio.get_running_loop().set_default_executor(threads)  # else some places wait for others on a small machine
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    while not stop.is_set():
        began = time.monotonic()
        why = await _run(concurrency, stop)
        if stop.is_set():
            return
        ends = 1 if time.monotonic() - began > WENT_WELL else ends + 1
        if ends > TRIES:
            raise GivenUp(f"The worker ended {TRIES} times in a row: {why}.")
        log.warning("worker_begins_anew", why=why)
        await _wait_for_database(stop)


async def _run(concurrency: int, stop: asyncio.Event) -> str:
    """One life of the worker, until it is asked to stop or ends for another reason, which is returned."""
    connector = cast(DjangoConnector, app.connector).get_worker_connector()
    with app.replace_connector(connector) as worker_app:
        try:
            async with worker_app.open_async():
                lives = [_live(worker_app, queue, places) for queue, places in list_places(concurrency)]
                asked = asyncio.create_task(stop.wait())
                await asyncio.wait({*lives, asked}, return_when=asyncio.FIRST_COMPLETED)
                for one in (*lives, asked):
                    one.cancel()  # it ends what it is at
                await _end(lives)
        except Exception as error:
            if not _is_of_database(error):
                raise
            return str(error.__cause__ or error).strip().split("\n")[0] or type(error).__name__
    return "one of its helpers ended, see above"


def list_places(concurrency: int) -> list[tuple[str, int]]:
    """Queues, and how many jobs of each run at once."""
    return [(DEFAULT_QUEUE, concurrency), (MOLLIE, concurrency), (AWAITED, 1)]


def _live(worker_app: App, queue: str, places: int) -> asyncio.Task[None]:
    work = worker_app.run_worker_async(
        queues=[queue],
        name=queue,
        concurrency=places,
        install_signal_handlers=False,
        delete_jobs="successful",  # the book and the outbox say what was done; jobs are only work
        task_middleware=[_on_a_live_connection],
    )
    return asyncio.create_task(work)


async def _end(lives: list[asyncio.Task[None]]) -> None:
    """All of them have ended; raises what one of them raised."""
    for end in await asyncio.gather(*lives, return_exceptions=True):
        if isinstance(end, Exception):
            raise end


def _is_of_database(error: BaseException) -> bool:
    """procrastinate wraps what its driver says; the driver's pool says it bare when it waited in vain."""
    return isinstance(error, ConnectorException | psycopg.OperationalError | psycopg.InterfaceError)


def _on_a_live_connection(call_next: Callable[[], Any], context: Any, worker: Any) -> Any:
    """A thread's connection may have died since its last job."""
    close_old_connections()
    try:
        return call_next()
    finally:
        close_old_connections()


async def _wait_for_database(stop: asyncio.Event) -> None:
    """Looks ever more seldom, four seconds apart at most, until the database answers or it is asked to stop."""
    wait = FIRST_WAIT
    while not stop.is_set():
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)
        wait = min(2 * wait, LONGEST_WAIT)
        if not stop.is_set() and await sync_to_async(_begin_minute)():
            return


def _begin_minute() -> bool:
    """False while the database is away. Else this minute's ticks are enqueued: none waits for the next one."""
    close_old_connections()
    try:
        if not settings.DATABASE_URL:
            start_embedded(settings.BURSAR_VAR / "postgres")  # nobody else would
        enqueue_ticks(clock.now())
    except DatabaseProblem:
        return False
    except Exception as error:
        if not is_away(error):
            raise
        return False
    finally:
        connection.close()
    return True
