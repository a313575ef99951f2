"""Applies a batch of lines of one kind, set-based: finds what they name, and hands them to the pens of their rooms.

Called by the import action only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.product.apply import plans, tenants, usage
from bursar.product.apply.batch import Applied, Taker
from bursar.product.lookup import Lookup
from bursar.usage.ingest import recount

__all__ = ["ENDS", "TAKERS", "Applied", "apply"]

ENDS = "organisation_end"  # lines of kind organisation once more, after the whole file
TAKERS: dict[str, Taker] = {
    "organisation": tenants.take_organisations,
    "person": tenants.take_people,
    "workspace": tenants.take_workspaces,
    "account": tenants.take_accounts,
    "organisation_member": tenants.take_organisation_members,
    "workspace_member": tenants.take_workspace_members,
    "invitation": tenants.take_invitations,
    "login": tenants.take_logins,
    "staff": usage.take_staff,
    "tier": plans.take_tiers,
    "payment": plans.take_payments,
    "grant": plans.take_grants,
    "discount": plans.take_discounts,
    "price": plans.take_prices,
    "paid": plans.take_paid,
    "manager": plans.take_managers,
    "reset": usage.take_resets,
    "usage": usage.take_usage,
    ENDS: tenants.end_organisations,
}


def apply(kind: str, records: list[tuple[int, Any]], now: datetime) -> Applied:
    """`records`: with their line numbers. Bad lines are left out and told; the rest is written."""
    result = Applied()
    lookup = Lookup([record for _, record in records])
    good: list[tuple[int, Any]] = []
    for number, record in records:
        sentence = lookup.why_not(record)
        if sentence:
            result.bad[number] = sentence
        else:
            good.append((number, record))
    written = TAKERS[kind]([record for _, record in good], lookup, now)
    result.bad |= {good[place][0]: sentence for place, sentence in written.refused.items()}
    result.touch(written.accounts)
    result.taken = len(records) - len(result.bad)
    if written.recount:
        recount(sorted(written.recount), now)
    return result
