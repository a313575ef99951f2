"""Accrual by itself. It asks what is due; one bad partner stops no other. Loading this registers the room's proof."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bursar.core.ticks import tick
from bursar.partners import verify
from bursar.partners.store.accruing import accrue, list_due

__all__ = ["verify"]
EVERY = timedelta(minutes=10)
AT_ONCE = 200
log = structlog.get_logger()


@tick("partners.accrue")
def accrue_due(now: datetime) -> None:
    for partner_id in list_due(now - EVERY, AT_ONCE):
        try:
            accrue(partner_id, now)
        except Exception:
            log.exception("accrual_failed", partner=partner_id)
