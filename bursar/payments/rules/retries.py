"""When a failed charge is tried again by itself. Pure. DOMAIN 6.

On days counted from the first failure, for causes that may pass, a few times at most. *Retry charge* by staff counts as
one of them; what the customer pays by themselves does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

AT_MOST = 4


def plan_try(failed_at: datetime, tries: int, may_pass: bool, days: Sequence[int], now: datetime) -> datetime | None:
    """The next one; None: none goes by itself any more. `tries`: those that there were. `days`: 3, 7, 14."""
    if not may_pass or tries >= min(len(days), AT_MOST):
        return None
    return max(failed_at + timedelta(days=days[tries]), now)


def read_days(text: str) -> tuple[int, ...]:
    """ "3, 7, 14". Raises ValueError unless they rise, and are at most four."""
    days = tuple(int(part) for part in text.split(",") if part.strip())
    if list(days) != sorted(set(days)) or len(days) > AT_MOST or any(not 1 <= day <= 60 for day in days):
        raise ValueError(f"name at most {AT_MOST} days, such as 3, 7, 14: each later than the one before, 60 at most")
    return days
