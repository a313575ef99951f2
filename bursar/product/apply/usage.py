"""Lines about usage and resets, and the staff whom other lines name."""

from __future__ import annotations

from datetime import datetime

from bursar.product.apply.batch import Records, takes
from bursar.product.lookup import Lookup
from bursar.rollup.project import add_usage
from bursar.staff import store as staff
from bursar.tenants.store import Written
from bursar.usage import store
from bursar.usage.ingest import Event, ingest
from bursar.usage.models import UsageReset


@takes("usage")
def take_usage(records: Records, lookup: Lookup, now: datetime) -> Written:
    done = ingest(
        [
            Event(r.source, r.id, lookup.workspaces[r.workspace], r.at, r.seconds, lookup.people.get(r.person))
            for r in records
        ],
        now,
    )
    add_usage(done.months, now)
    return Written(refused=done.refused)


@takes("reset")
def take_resets(records: Records, lookup: Lookup, now: datetime) -> Written:
    return store.take_history_of_resets(
        [
            UsageReset(workspace_id=lookup.workspaces[r.workspace], at=r.at, by_name=r.by, reason=r.reason)
            for r in records
        ]
    )


@takes("staff")
def take_staff(records: Records, lookup: Lookup, now: datetime) -> Written:
    return Written(refused=staff.take_history([staff.Line(r.email, r.name, r.role) for r in records], now))
