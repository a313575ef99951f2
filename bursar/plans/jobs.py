"""What the clock owes people of plans: word of what ends soon, and of everything that has lapsed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db.models import QuerySet

from bursar.access.actor import system
from bursar.actions.run import run, tell_what_is_due
from bursar.core.errors import Refusal
from bursar.core.retention import forgets
from bursar.core.ticks import tick
from bursar.plans import ends, heralds, queries, store
from bursar.plans.models import ClockTold, Told
from bursar.plans.trials import CAUGHT_UP_FOR
from bursar.tenants.store import lock_accounts

__all__ = ["heralds"]
log = structlog.get_logger()
TOGETHER = 200  # accounts whose state is loaded at once


@tick("plans.tell_lapses")
def tell_lapses(now: datetime) -> None:
    """Level-triggered: whatever lapsed and was not told yet. One bad account stops no other."""
    for account_id in sorted({due.account_id for due in queries.list_lapses_due(now)}):
        try:
            tell_what_is_due(account_id, lock_accounts)
        except Exception:
            log.exception("lapse_not_told", account=account_id)


@tick("plans.tell_ends")
def tell_ends(now: datetime) -> None:
    """As `tell_lapses`, days ahead. What changes nothing as things stand is noted, and not looked at each minute."""
    due, catalogue = queries.list_ends_ahead(now), queries.load_catalogue()
    for start in range(0, len(due), TOGETHER):
        stretch = due[start : start + TOGETHER]
        states = queries.load_accounts({end.account_id for end in stretch})
        for end in stretch:
            try:
                if ends.foresee(end.kind, states[end.account_id], catalogue, end.at, now):
                    data = {"what": Told.ENDING.value, "ends_at": end.at.isoformat()}
                    run(f"plans.account.tell_{end.kind}_end", system("clock"), end.public_id, data)
                else:
                    store.mark_told(queries.ENDING[end.kind], [(end.account_id, end.at)], now, is_quiet=True)
            except Refusal as refusal:
                log.info("end_not_told", account=end.public_id, kind=end.kind, why=refusal.sentence)
            except Exception:
                log.exception("end_failed", account=end.public_id, kind=end.kind)


@forgets("plans")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """Marks of what was told are asked for during two weeks, never after."""
    yield ClockTold.objects.filter(ends_at__lt=now - max(settings.BURSAR_LOGS_KEPT, 2 * CAUGHT_UP_FOR))
