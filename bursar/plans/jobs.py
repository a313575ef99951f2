"""What the clock owes people of plans: word of a grant that ends."""

from __future__ import annotations

from datetime import datetime

import structlog

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.core.errors import Refusal
from bursar.core.ticks import tick
from bursar.plans import queries

log = structlog.get_logger()


@tick("plans.tell_grant_ends")
def tell_grant_ends(now: datetime) -> None:
    """Level-triggered: whoever is due and was not told yet. One bad account stops no other."""
    for due in queries.list_grant_ends_due(now):
        data = {"what": due.what, "ends_at": due.ends_at.isoformat()}
        try:
            run("plans.account.tell_grant_end", system("grants"), due.account_id, data)
        except Refusal as refusal:
            log.info("grant_end_not_told", account=due.account_id, why=refusal.sentence)
        except Exception:
            log.exception("grant_end_failed", account=due.account_id)
