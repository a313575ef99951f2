from datetime import datetime

from procrastinate.contrib.django import app

from bursar.core import clock
from bursar.core.ticks import tick
from bursar.outbox import store


@app.task(name="outbox.deliver")
def deliver() -> None:
    """Enqueued inside an action's transaction, so that it starts right after commit."""
    store.deliver_due(clock.now())


@tick("outbox.deliver")
def deliver_when_due(now: datetime) -> None:
    """The sweeper: whatever a lost job left behind."""
    store.deliver_due(now)
