"""Where somebody must be trained and nobody is. Read by the clock: no job has to notice that a licence ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from bursar.billing.seller import seller_day, seller_zone

# Who sits there themselves; what they hold counts wherever they were trained.
_LICENCES = (
    "tenants_workspacemembership m JOIN training_licence l ON l.person_id = m.person_id "
    "WHERE m.workspace_id = t.workspace_id AND NOT m.is_support AND m.valid_from <= %(now)s "
    "AND (m.valid_until IS NULL OR m.valid_until > %(now)s)"
)
UNTRAINED = (
    "SELECT t.workspace_id, GREATEST(t.since, ("
    "SELECT MAX(LEAST((l.last_day + 1)::timestamp AT TIME ZONE %(seller_zone)s, l.revoked_at)) "
    f"FROM {_LICENCES} AND l.valid_from <= %(seller_day)s)) AS since "
    "FROM training_trainingneed t JOIN tenants_workspace w ON w.id = t.workspace_id AND w.deleted_at IS NULL "
    f"WHERE NOT EXISTS (SELECT 1 FROM {_LICENCES} AND l.revoked_at IS NULL "
    "AND l.valid_from <= %(seller_day)s AND l.last_day >= %(seller_day)s)"
)
"""SQL: live workspaces that need training and in which no member holds a valid licence, and since when that is so."""
ANY_NEED = "SELECT 1 FROM training_trainingneed t"
"""SQL: by this one table, whether there can be any."""


def list_untrained(workspace_ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """Of these workspaces, those in which somebody must be trained and nobody is: since when."""
    if not workspace_ids:
        return {}
    asked: dict[str, Any] = {
        "now": now,
        "seller_day": seller_day(now),
        "seller_zone": str(seller_zone()),
        "asked": list(workspace_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"{UNTRAINED} AND t.workspace_id = ANY(%(asked)s)", asked)
        return dict(cursor.fetchall())
