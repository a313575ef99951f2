"""Who looks after an account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bursar.core.dated import Point, merge_points, replace_all_from
from bursar.plans.models import AccountManager
from bursar.tenants.store import Written


def set_managers(account_ids: Iterable[int], staff_id: int | None, now: datetime) -> None:
    """From now on; None: nobody."""
    values = None if staff_id is None else {"staff_id": staff_id}
    replace_all_from(AccountManager, [{"account_id": pk} for pk in account_ids], now, values)


def take_history(points: Iterable[Point]) -> Written:
    """Subjects are (account,)."""
    changed = merge_points(AccountManager, ("account_id",), points)
    return Written(accounts={account: at for (account,), at in changed.items()})
