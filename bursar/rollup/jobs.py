from datetime import datetime

from bursar.core.ticks import tick
from bursar.rollup.refresh import refresh


@tick("rollup.refresh")
def refresh_when_due(now: datetime) -> None:
    refresh(now)
