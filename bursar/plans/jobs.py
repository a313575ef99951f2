"""What the clock owes people of plans: word of a grant that ends soon, and of everything that has lapsed."""

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
from bursar.plans import heralds, queries
from bursar.plans.models import ClockTold, GrantEnd
from bursar.plans.trials import CAUGHT_UP_FOR
from bursar.tenants.store import lock_accounts

__all__ = ["heralds"]
log = structlog.get_logger()


@tick("plans.tell_lapses")
def tell_lapses(now: datetime) -> None:
    """Level-triggered: whatever lapsed and was not told yet. One bad account stops no other."""
    for account_id in sorted({due.account_id for due in queries.list_lapses_due(now)}):
        try:
            tell_what_is_due(account_id, lock_accounts)
        except Exception:
            log.exception("lapse_not_told", account=account_id)


@tick("plans.tell_grant_ends")
def tell_grant_ends(now: datetime) -> None:
    """As `tell_lapses`, three days ahead."""
    for due in queries.list_warnings_due(now):
        data = {"what": GrantEnd.ENDING.value, "ends_at": due.ends_at.isoformat()}
        try:
            run("plans.account.tell_grant_end", system("grants"), due.account_id, data)
        except Refusal as refusal:
            log.info("grant_end_not_told", account=due.account_id, why=refusal.sentence)
        except Exception:
            log.exception("grant_end_failed", account=due.account_id)


@forgets("plans")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """Marks of what was told are asked for during two weeks, never after."""
    yield ClockTold.objects.filter(ends_at__lt=now - max(settings.BURSAR_LOGS_KEPT, 2 * CAUGHT_UP_FOR))
