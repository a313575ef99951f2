"""Usage in: append-only, counted into the meters in the same transaction, in bulk, by addition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from bursar.core import locks
from bursar.core.bounds import EARLIEST, HAPPENED_AHEAD, why_not_happened
from bursar.usage.models import UsageEvent
from bursar.usage.queries import CAPS, TierClock, fullness_sql, list_resets


@dataclass(frozen=True, slots=True)
class Event:
    source: str
    event_id: str
    workspace_id: int
    at: datetime
    seconds: int
    person_id: int | None = None


@dataclass
class Ingested:
    """`repeats`: places of events that were known. `refused`: place in the batch → the sentence.

    `months`: seconds added by workspace and month.
    """

    taken: int = 0
    repeats: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)
    months: dict[tuple[int, date], int] = field(default_factory=dict)

    @property
    def repeated(self) -> int:
        return len(self.repeats)


def ingest(events: Sequence[Event], now: datetime) -> Ingested:
    """Stores and counts a batch inside the caller's transaction. The same event again changes nothing.

    One COPY and one statement for a batch that is all new; only when something in it was known before is it asked what.
    """
    result = Ingested()
    hold_batches(exclusive=False)
    fresh = _sift(events, now, result)
    _lock_sources({event.source for event in events})
    if not fresh:
        return result
    _copy(fresh, events)
    result.taken, result.months, crossed = _store(now)
    mark_full(crossed, now)
    if result.taken < len(fresh):
        _explain_known(events, result)
    return result


def hold_batches(*, exclusive: bool) -> None:
    """Batches share this lock; a reset, and whoever makes new month rows, have it alone.

    So no batch in flight counts what was used before the reset, or misses a row that is being made.
    """
    locks.hold("usage-batches", shared=not exclusive)


def _sift(events: Sequence[Event], now: datetime, result: Ingested) -> list[int]:
    """Places of what may be new: repeats within the batch, contradictions and impossible instants are told here."""
    seen: dict[tuple[str, str], Event] = {}
    limit = now + HAPPENED_AHEAD
    fresh = []
    for place, event in enumerate(events):
        if not EARLIEST <= event.at <= limit:
            result.refused[place] = f"{event.at.isoformat()} {why_not_happened(event.at, now)}."
            continue
        first = seen.setdefault((event.source, event.event_id), event)
        if first is event:
            fresh.append(place)
        elif first == event:
            result.repeats.add(place)
        else:
            result.refused[place] = _contradiction(event)
    return fresh


def _contradiction(event: Event) -> str:
    return f"The event {event.event_id} of {event.source} came before, with other content."


def _lock_sources(sources: set[str]) -> None:
    """Two batches of one source wait for each other, so that an event in both is counted once."""
    for source in sorted(sources):
        locks.hold(f"usage:{source}")


def _copy(fresh: list[int], events: Sequence[Event]) -> None:
    """Into a temporary table, each event with the tier in force at its instant."""
    clock = TierClock({events[place].workspace_id for place in fresh})
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS usage_batch (place int, source text, event_id text, "
            "workspace_id bigint, at timestamptz, seconds int, person_id bigint, tier text) ON COMMIT DELETE ROWS"
        )
        cursor.execute("TRUNCATE usage_batch")
        with cursor.copy("COPY usage_batch FROM STDIN") as copy:
            copy.write("".join(_line(place, events[place], clock) for place in fresh))


def _line(place: int, event: Event, clock: TierClock) -> str:
    tier = clock.tier_at(event.workspace_id, event.at)
    person = r"\N" if event.person_id is None else event.person_id
    return (
        f"{place}\t{_escaped(event.source)}\t{_escaped(event.event_id)}\t{event.workspace_id}\t"
        f"{event.at.isoformat()}\t{event.seconds}\t{person}\t{tier}\n"
    )


def _escaped(text: str) -> str:
    """As COPY's text format wants it."""
    if text.isalnum():
        return text
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


# Meters and months are touched in key order, so that parallel batches of two sources do not deadlock.
_STORE = f"""
WITH caps AS ({CAPS}), fresh AS (
    INSERT INTO usage_usageevent (source, event_id, workspace_id, at, seconds, person_id, tier)
    SELECT source, event_id, workspace_id, at, seconds, person_id, tier FROM usage_batch ORDER BY workspace_id, at
    ON CONFLICT (source, event_id) DO NOTHING
    RETURNING source, event_id, workspace_id, at, seconds, tier
), left_over AS (
    DELETE FROM usage_batch USING fresh
    WHERE usage_batch.source = fresh.source AND usage_batch.event_id = fresh.event_id
), months AS (
    SELECT workspace_id, date_trunc('month', at AT TIME ZONE 'UTC')::date AS month, SUM(seconds)::bigint AS seconds,
        COUNT(*) AS events
    FROM fresh GROUP BY 1, 2
), resets AS (
    SELECT workspace_id, MAX(at) AS at FROM usage_usagereset
    WHERE workspace_id IN (SELECT workspace_id FROM usage_batch) GROUP BY 1
), by_month AS (
    INSERT INTO usage_usagemonth AS known (workspace_id, month, seconds)
    SELECT workspace_id, month, seconds FROM months ORDER BY 1, 2
    ON CONFLICT (workspace_id, month) DO UPDATE SET seconds = known.seconds + EXCLUDED.seconds
), counted AS (
    SELECT fresh.workspace_id, fresh.tier, SUM(fresh.seconds) AS seconds, MIN(fresh.at) AS first_at FROM fresh
    LEFT JOIN resets ON resets.workspace_id = fresh.workspace_id
    WHERE resets.at IS NULL OR fresh.at > resets.at GROUP BY 1, 2
), by_tier AS (
    INSERT INTO usage_meter AS known (workspace_id, tier, seconds)
    SELECT workspace_id, tier, seconds FROM counted ORDER BY 1, 2
    ON CONFLICT (workspace_id, tier) DO UPDATE SET seconds = known.seconds + EXCLUDED.seconds
    RETURNING workspace_id, tier, seconds, full_since, is_near
), crossed AS (
    SELECT m.workspace_id, m.tier FROM by_tier m JOIN counted USING (workspace_id, tier) JOIN caps USING (tier)
    WHERE m.seconds * 3 >= caps.seconds * 2 AND NOT m.is_near
        OR m.seconds >= caps.seconds AND (m.full_since IS NULL OR counted.first_at < m.full_since)
)
SELECT workspace_id, month, seconds, events, '' FROM months
UNION ALL SELECT workspace_id, NULL, 0, 0, tier FROM crossed
"""


def _store(now: datetime) -> tuple[int, dict[tuple[int, date], int], set[tuple[int, str]]]:
    """How many were new; their seconds by workspace and month; the meters that may be full since another instant."""
    months: dict[tuple[int, date], int] = {}
    crossed: set[tuple[int, str]] = set()
    taken = 0
    with connection.cursor() as cursor:
        cursor.execute(_STORE, {"now": now})
        for pk, month, seconds, events, tier in cursor.fetchall():
            if tier:
                crossed.add((pk, tier))
            else:
                months[pk, month] = seconds
                taken += events
    return taken, months, crossed


def _explain_known(events: Sequence[Event], result: Ingested) -> None:
    """What is left in the temporary table was stored before: with the same content, or with another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.place, e.workspace_id = b.workspace_id AND e.at = b.at AND e.seconds = b.seconds "
            "AND e.person_id IS NOT DISTINCT FROM b.person_id "
            "FROM usage_batch b JOIN usage_usageevent e USING (source, event_id)"
        )
        for place, is_same in cursor.fetchall():
            if is_same:
                result.repeats.add(place)
            else:
                result.refused[place] = _contradiction(events[place])


def mark_full(meters: Collection[tuple[int, str]], now: datetime) -> None:
    """Sets since when the given meters are full, and whether they are near, from their events."""
    if not meters:
        return
    ordered = sorted(meters)
    wanted = "JOIN unnest(%(ids)s::bigint[], %(tiers)s::text[]) AS t(workspace_id, tier) USING (workspace_id, tier)"
    with connection.cursor() as cursor:
        cursor.execute(
            mark_full_sql(wanted),
            {"now": now, "ids": [pk for pk, _ in ordered], "tiers": [tier for _, tier in ordered]},
        )


def mark_full_sql(wanted: str = "") -> str:
    """One statement; `wanted` narrows the meters `m` by a join, empty for all. Its parameter is `now`."""
    return (
        f"UPDATE usage_meter k SET full_since = f.full_since, is_near = f.is_near FROM ({fullness_sql(wanted)}) f "
        "WHERE k.id = f.id AND (k.full_since IS DISTINCT FROM f.full_since OR k.is_near <> f.is_near)"
    )


def _add(amounts: dict[tuple[int, str], int]) -> None:
    """Meters: x = x + d for every key at once, in key order."""
    ordered = sorted(amounts.items())
    arrays: list[list[Any]] = [
        [key[0] for key, _ in ordered],
        [key[1] for key, _ in ordered],
        [amount for _, amount in ordered],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO usage_meter AS known (workspace_id, tier, seconds) "
            "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) "
            "ON CONFLICT (workspace_id, tier) DO UPDATE SET seconds = known.seconds + EXCLUDED.seconds",
            arrays,
        )


def forget_counts(workspace_ids: Sequence[int]) -> None:
    """What is counted, not what was recorded."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM usage_meter WHERE workspace_id = ANY(%s)", [list(workspace_ids)])


def count_anew(workspace_ids: Sequence[int], since: datetime, now: datetime) -> None:
    """From `since` on, exclusive: what is dated ahead of the clock here may have been counted already, and stays so."""
    forget_counts(workspace_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO usage_meter (workspace_id, tier, seconds) SELECT workspace_id, tier, SUM(seconds)::bigint "
            "FROM usage_usageevent WHERE workspace_id = ANY(%s) AND at > %s GROUP BY 1, 2 ORDER BY 1, 2 "
            "RETURNING workspace_id, tier",
            [list(workspace_ids), since],
        )
        left = cursor.fetchall()
    mark_full(left, now)


def recount_ahead(account_ids: Collection[int], now: datetime) -> None:
    """Counts anew where an event is dated `now` or later: batches of a moment ago did not know what changes now."""
    hold_batches(exclusive=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.id FROM tenants_workspace w WHERE w.account_id = ANY(%s) AND EXISTS "
            "(SELECT 1 FROM usage_usageevent e WHERE e.workspace_id = w.id AND e.at >= %s) ORDER BY w.id",
            [sorted(account_ids), now],
        )
        ahead = [pk for (pk,) in cursor.fetchall()]
    if ahead:
        recount(ahead, now)


def recount(workspace_ids: Sequence[int], now: datetime) -> None:
    """Finds the tier of every stored event again and rebuilds the meters: after an import changed history.

    No batch in flight, so that what it adds is neither missed nor counted twice.
    """
    hold_batches(exclusive=True)
    clock = TierClock(workspace_ids)
    resets = list_resets(workspace_ids)
    meters: dict[tuple[int, str], int] = defaultdict(int)
    moved = []
    for row in UsageEvent.objects.filter(workspace_id__in=workspace_ids).iterator(chunk_size=5000):
        tier = clock.tier_at(row.workspace_id, row.at)
        if tier != row.tier:
            row.tier = tier
            moved.append(row)
        reset = resets.get(row.workspace_id)
        if reset is None or row.at > reset:
            meters[row.workspace_id, tier] += row.seconds
    UsageEvent.objects.bulk_update(moved, ["tier"], batch_size=2000)
    forget_counts(workspace_ids)
    _add(meters)
    mark_full(meters, now)
