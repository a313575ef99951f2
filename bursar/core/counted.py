"""What was last counted for a reader: pages show it as it is, and one that is old asks for fresh numbers afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from bursar.core.models import LastCounted

FRESH_FOR = timedelta(minutes=1)


def keep(reader: str, counts: dict[str, int], now: datetime) -> None:
    """`reader`: the public id of whoever looks."""
    LastCounted.objects.update_or_create(reader=reader, defaults={"counts": counts, "at": now})


def is_old(now: datetime, at: datetime | None, changed_at: datetime | None) -> bool:
    """Something was done since, by whomever; or so much time went by that the clock may have moved something."""
    return at is None or now - at > FRESH_FOR or (changed_at is not None and changed_at > at)
