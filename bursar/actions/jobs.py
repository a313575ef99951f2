from datetime import datetime

from procrastinate.contrib.django import app

from bursar.actions import bulk, idempotency
from bursar.core.ticks import tick


@app.task(name="actions.resume_bulk")
def resume_bulk(run_id: str) -> None:
    bulk.resume_as_stored(run_id)


@tick("actions.forget_idempotency_keys")
def forget_old_keys(now: datetime) -> None:
    idempotency.forget_old(now)
