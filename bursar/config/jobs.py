"""What the worker does each minute."""

from __future__ import annotations

from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from bursar.config.minute import FIRST, TICK, enqueue_ticks, run_tick
from bursar.core import clock
from bursar.core.retry import JOB_AGAIN
from bursar.core.ticks import TICKS

STALLED = 120
"""Seconds without a sign of life of the worker that does a job; a living one gives one every ten."""


@app.periodic(cron="* * * * *")
@app.task(name="config.minute", queueing_lock="config.minute", priority=FIRST, retry=JOB_AGAIN)
def minute(timestamp: int) -> None:
    enqueue_ticks(clock.now())


@app.task(name=TICK, retry=JOB_AGAIN)
def tick(name: str) -> None:
    """Level-triggered: it asks what is due now, whichever minute it was meant for."""
    if name in TICKS:  # an older release may have left one that is gone
        run_tick(name, clock.now())


@app.periodic(cron="* * * * *")
@app.task(name="config.retry_stalled", queueing_lock="config.retry_stalled", priority=FIRST)
async def retry_stalled(timestamp: int) -> None:
    """Puts back the jobs of workers that were killed; one whose like waits already is given up for that one."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)
