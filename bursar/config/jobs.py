"""What the worker does each minute."""

from __future__ import annotations

from django.db import close_old_connections
from procrastinate.contrib.django import app

from bursar.config.minute import run_ticks
from bursar.core import clock


@app.periodic(cron="* * * * *")
@app.task(name="config.minute", queueing_lock="config.minute")
def minute(timestamp: int) -> None:
    """Level-triggered: it asks what is due now, whichever minute it was meant for."""
    close_old_connections()
    run_ticks(clock.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="config.retry_stalled", queueing_lock="config.retry_stalled")
async def retry_stalled(timestamp: int) -> None:
    """Puts back the jobs of workers that were killed."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=120):
        await app.job_manager.retry_job(job)
