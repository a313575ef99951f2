from datetime import datetime

from bursar.core.ticks import tick
from bursar.rollup.refresh import refresh
from bursar.rollup.roll import close_all, prepare


@tick("rollup.refresh")
def refresh_when_due(now: datetime) -> None:
    refresh(now)
    close_all()


@tick("rollup.prepare")
def prepare_the_coming_month(now: datetime) -> None:
    """Also what was changed since the last time. Pages do not: whoever opens the month makes what is missing."""
    prepare(now)
