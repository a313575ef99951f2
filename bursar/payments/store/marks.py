"""How far each walk through one of Mollie's lists got, so that one that was cut off goes on where it was."""

from __future__ import annotations

from datetime import datetime

from bursar.payments.keys import Mode
from bursar.payments.models import SyncMark


def get(name: str, mode: Mode) -> SyncMark:
    return SyncMark.objects.get_or_create(name=name, mode=mode.value)[0]


def begin(mark: SyncMark, until: datetime | None, now: datetime) -> None:
    mark.next_id, mark.until, mark.begun_at, mark.seen = "", until, now, 0
    mark.save()


def advance(mark: SyncMark, next_id: str | None, seen: int, *, is_over: bool) -> None:
    """After each page. Over: it began at what is `walked_at` then, and everything up to there was seen."""
    mark.seen += seen
    mark.next_id = "" if is_over else next_id or ""
    if is_over:
        mark.walked_at, mark.begun_at = mark.begun_at, None
    mark.save()


def begin_anew(mark: SyncMark) -> None:
    """What it should go on with is gone at Mollie: from the newest once more."""
    mark.next_id = ""
    mark.save()
