"""Usage in: append-only, counted into the meters in the same transaction, in bulk, by addition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from bursar.core.calendar import Month
from bursar.usage.models import UsageEvent
from bursar.usage.queries import TierClock, list_resets
from bursar.usage.rules import FUTURE_LIMIT


@dataclass(frozen=True, slots=True)
class Event:
    source: str
    event_id: str
    workspace_id: int
    at: datetime
    seconds: int


@dataclass
class Ingested:
    """`refused`: place in the batch → the sentence. `months`: seconds added by workspace and month."""

    taken: int = 0
    repeated: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    months: dict[tuple[int, date], int] = field(default_factory=dict)


def ingest(events: Sequence[Event], now: datetime) -> Ingested:
    """Stores and counts a batch inside the caller's transaction. The same event again changes nothing."""
    result = Ingested()
    hold_batches(exclusive=False)
    fresh = _sift(events, now, result)
    clock = TierClock({event.workspace_id for event in fresh})
    rows = [
        UsageEvent(
            source=event.source,
            event_id=event.event_id,
            workspace_id=event.workspace_id,
            at=event.at,
            seconds=event.seconds,
            tier=clock.at(event.workspace_id, event.at).tier,
        )
        for event in fresh
    ]
    UsageEvent.objects.bulk_create(rows, batch_size=2000)
    _count(rows, result, now)
    result.taken = len(rows)
    return result


def hold_batches(*, exclusive: bool) -> None:
    """Batches share this lock; a reset, and whoever makes new month rows, have it alone.

    So no batch in flight counts what was used before the reset, or misses a row that is being made.
    """
    name = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}(hashtextextended('usage-batches', 0))")


def _sift(events: Sequence[Event], now: datetime, result: Ingested) -> list[Event]:
    """Leaves what is new. Repeats are counted, contradictions and far futures refused, one by one."""
    known = _load_known(events)
    fresh: list[Event] = []
    for place, event in enumerate(events):
        key = (event.source, event.event_id)
        content = (event.workspace_id, event.at, event.seconds)
        if key in known:
            if known[key] == content:
                result.repeated += 1
            else:
                result.refused[place] = f"The event {event.event_id} of {event.source} came before, with other content."
        elif event.at > now + FUTURE_LIMIT:
            result.refused[place] = f"{event.at.isoformat()} is more than 24 hours in the future."
        else:
            known[key] = content
            fresh.append(event)
    return fresh


def _load_known(events: Sequence[Event]) -> dict[tuple[str, str], tuple[int, datetime, int]]:
    """What is stored under these keys. The keys are locked, so that two batches with one event wait for each other."""
    keys = sorted({(event.source, event.event_id) for event in events})
    arrays = [[source for source, _ in keys], [event_id for _, event_id in keys]]
    with connection.cursor() as cursor:
        for source in sorted({source for source, _ in keys}):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"usage:{source}"])
        cursor.execute(
            "SELECT e.source, e.event_id, e.workspace_id, e.at, e.seconds FROM usage_usageevent e "
            "JOIN unnest(%s::text[], %s::text[]) AS t(source, event_id) USING (source, event_id)",
            arrays,
        )
        return {(source, event_id): (pk, at, seconds) for source, event_id, pk, at, seconds in cursor.fetchall()}


def _count(rows: list[UsageEvent], result: Ingested, now: datetime) -> None:
    months: dict[tuple[int, date], int] = defaultdict(int)
    meters: dict[tuple[int, str], int] = defaultdict(int)
    resets = list_resets({row.workspace_id for row in rows}, now)
    for row in rows:
        months[row.workspace_id, Month.of(row.at).first] += row.seconds
        reset = resets.get(row.workspace_id)
        if reset is None or row.at > reset:
            meters[row.workspace_id, row.tier] += row.seconds
    _add("usage_usagemonth", "month", "date", months)
    _add("usage_meter", "tier", "text", meters)
    result.months = dict(months)


def _add(table: str, column: str, kind: str, amounts: dict[tuple[int, date], int] | dict[tuple[int, str], int]) -> None:
    """x = x + d for every key at once, in key order, so that parallel batches do not deadlock."""
    ordered = sorted(amounts.items())
    arrays: list[list[Any]] = [
        [key[0] for key, _ in ordered],
        [key[1] for key, _ in ordered],
        [amount for _, amount in ordered],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (workspace_id, {column}, seconds) "
            f"SELECT * FROM unnest(%s::bigint[], %s::{kind}[], %s::bigint[]) "
            f"ON CONFLICT (workspace_id, {column}) DO UPDATE SET seconds = {table}.seconds + EXCLUDED.seconds",
            arrays,
        )


def recount(workspace_ids: Sequence[int], now: datetime) -> None:
    """Finds the tier of every stored event again and rebuilds the meters: after an import changed history."""
    clock = TierClock(workspace_ids)
    resets = list_resets(workspace_ids, now)
    meters: dict[tuple[int, str], int] = defaultdict(int)
    moved = []
    for row in UsageEvent.objects.filter(workspace_id__in=workspace_ids).iterator(chunk_size=5000):
        tier = clock.at(row.workspace_id, row.at).tier
        if tier != row.tier:
            row.tier = tier
            moved.append(row)
        reset = resets.get(row.workspace_id)
        if reset is None or row.at > reset:
            meters[row.workspace_id, tier] += row.seconds
    UsageEvent.objects.bulk_update(moved, ["tier"], batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM usage_meter WHERE workspace_id = ANY(%s)", [list(workspace_ids)])
    _add("usage_meter", "tier", "text", meters)
