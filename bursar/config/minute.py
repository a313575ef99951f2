"""The minute clock: every tick, each by itself, whatever happened to the others."""

from __future__ import annotations

from datetime import datetime

import structlog

from bursar.core import heartbeat
from bursar.core.ticks import TICKS

log = structlog.get_logger()


def run_ticks(now: datetime) -> list[str]:
    """Returns the names of the ticks that failed; each failure is loud in the log."""
    failed = []
    for name, tick in TICKS.items():
        try:
            tick(now)
        except Exception:
            log.exception("tick_failed", tick=name)
            failed.append(name)
    heartbeat.beat(now)
    return failed
