"""What the clock owes people of support access: word of what is over, and of what ends or waits."""

from __future__ import annotations

from datetime import datetime

import structlog

from bursar.access.actor import system
from bursar.actions.run import run, tell_what_is_due
from bursar.core.errors import Refusal
from bursar.core.ticks import tick
from bursar.support import heralds, queries
from bursar.tenants.store import lock_accounts

__all__ = ["heralds"]
log = structlog.get_logger()


@tick("support.tell_what_is_over")
def tell_what_is_over(now: datetime) -> None:
    """Level-triggered: whatever ran out and was not told yet. One bad account stops no other."""
    for account_id in sorted({due.account_id for due in queries.list_due(now)}):
        try:
            tell_what_is_due(account_id, lock_accounts)
        except Exception:
            log.exception("support_end_not_told", account=account_id)


@tick("support.remind")
def remind(now: datetime) -> None:
    for one in queries.list_reminders(now):
        try:
            run(f"support.workspace.{one.key}", system("clock"), one.workspace, one.data)
        except Refusal as refusal:
            log.info("support_not_reminded", workspace=one.workspace, why=refusal.sentence)
        except Exception:
            log.exception("support_reminder_failed", workspace=one.workspace)
