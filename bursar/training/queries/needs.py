"""Where somebody must be trained and nobody is. Read by the clock: no job has to notice that a licence ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from bursar.billing.seller import seller_day, seller_zone

# Who sits there themselves; what they hold counts wherever they were trained. One look through it all, whatever many
# workspaces need it: asked for each, it takes ten times as long.
_UNTRAINED = """
SELECT n.workspace_id,
    GREATEST(n.since, (h.last_day + 1)::timestamp AT TIME ZONE %(seller_zone)s, h.revoked_at) AS since
FROM training_trainingneed n JOIN tenants_workspace w ON w.id = n.workspace_id AND w.deleted_at IS NULL
LEFT JOIN (
    SELECT m.workspace_id, bool_or(l.revoked_at IS NULL AND l.last_day >= %(seller_day)s) AS is_trained,
        MAX(l.last_day) FILTER (WHERE l.revoked_at IS NULL) AS last_day,
        MAX(LEAST(l.revoked_at, (l.last_day + 1)::timestamp AT TIME ZONE %(seller_zone)s))
            FILTER (WHERE l.revoked_at IS NOT NULL) AS revoked_at
    FROM training_trainingneed n JOIN tenants_workspacemembership m ON m.workspace_id = n.workspace_id
    JOIN training_licence l ON l.person_id = m.person_id
    WHERE {only} AND NOT m.is_support AND m.valid_from <= %(now)s
        AND (m.valid_until IS NULL OR m.valid_until > %(now)s) AND l.valid_from <= %(seller_day)s
    GROUP BY 1
) h ON h.workspace_id = n.workspace_id
WHERE {only} AND h.is_trained IS NOT TRUE
"""
ANY_NEED = "SELECT 1 FROM training_trainingneed n"
"""SQL: by this one table, whether there can be any."""


def find_untrained(only: str = "true") -> str:
    """SQL: live workspaces that need training and in which no member holds a valid licence, and since when that is so.

    `only`: a condition on `n.workspace_id`. Values: `now`, `seller_day`, `seller_zone`. Rooms above put it in theirs.
    """
    return _UNTRAINED.replace("{only}", only)


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
        cursor.execute(find_untrained("n.workspace_id = ANY(%(asked)s)"), asked)
        return dict(cursor.fetchall())
