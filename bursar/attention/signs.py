"""What there is to list at all, in one statement before the lists.

To plan a reason that has no rows takes longer than to read the others, so a list is put together from those that may
have some.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from bursar.attention import rules
from bursar.attention.reasons import DOWNGRADED, REASONS
from bursar.plans.models import CapEffect
from bursar.usage.queries import TierClock

_DROP_CANDIDATES = (
    "SELECT w.id FROM tenants_workspace w WHERE w.deleted_at IS NULL AND w.id IN ("
    "SELECT workspace_id FROM plans_basetier WHERE valid_until > %(since)s AND valid_until <= %(now)s "
    "AND tier <> 'free' "
    "UNION SELECT workspace_id FROM plans_tiergrant WHERE kind <> %(trial)s AND valid_until > %(since)s "
    "AND valid_until <= %(now)s "
    "UNION SELECT workspace_id FROM plans_tiergrant WHERE kind <> %(trial)s AND valid_from > %(since)s "
    "AND valid_from <= %(now)s "
    "UNION SELECT x.id FROM plans_paymentterms p JOIN tenants_workspace x ON x.account_id = p.account_id "
    "WHERE p.lapses_at > %(since)s AND p.lapses_at <= %(now)s)"
)
# Tiers that stop recording at their cap. Read before the lists: the planner guesses well when it knows them.
_HARD_TIERS = (
    "SELECT tier FROM plans_tierterms WHERE cap_effect = %(hard_block)s AND valid_from <= %(now)s "
    "AND (valid_until IS NULL OR valid_until > %(now)s)"
)
_SIGNS: dict[str, list[str]] = {}  # keys of reasons by SQL: what two of them look for is looked for once
for _reason in REASONS.values():
    if _reason.key != DOWNGRADED:
        _SIGNS.setdefault((_reason.sign or _reason.source).replace("{only}", ""), []).append(_reason.key)


class Signs(NamedTuple):
    """`drops`: workspaces that stepped down within the last 14 days. `hard`: tiers that stop recording at their cap.
    `reasons`: keys of those that may have rows; each of the others has none.
    """

    drops: dict[int, rules.Drop]
    hard: list[str]
    reasons: set[str]


def look_for_signs(now: datetime, values: dict[str, Any], only: int | None = None) -> Signs:
    """Drops are found by index and judged by `rules.find_drop`. `only`: the one workspace that is asked for."""
    candidates = _DROP_CANDIDATES + (" AND w.id = %(only)s" if only is not None else "")
    seen = ", ".join(f"EXISTS ({sign})" for sign in _SIGNS)
    asked = {**values, "since": now - rules.DROP_WINDOW, "hard_block": CapEffect.HARD_BLOCK.value}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ARRAY({candidates}), ARRAY({_HARD_TIERS}), ARRAY[{seen}]", asked)
        ids, hard, found = cursor.fetchone()
    reasons = {key for keys, is_there in zip(_SIGNS.values(), found, strict=True) if is_there for key in keys}
    drops = _judge(ids, now)
    return Signs(drops, hard, reasons | ({DOWNGRADED} if drops else set()))


def _judge(ids: list[int], now: datetime) -> dict[int, rules.Drop]:
    if not ids:
        return {}
    clock = TierClock(ids)
    found = ((pk, rules.find_drop(clock.states[pk], clock.terms_of(pk), now)) for pk in ids)
    return {pk: drop for pk, drop in found if drop is not None}
