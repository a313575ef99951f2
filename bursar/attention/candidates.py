"""The two lists as SQL: who needs a human and why, the most urgent first. One set of pieces for counts, rows and files.

Each reason is a source of its own, so that a page reads only the reasons it shows, by index, and no more rows than it
shows; when most of a large company is at its cap, nothing else is quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from bursar.attention import rules
from bursar.attention.filters import Ask
from bursar.core.calendar import Month
from bursar.plans.models import CapEffect, TierTerms
from bursar.plans.trials import TRIAL_KIND
from bursar.rollup.filters import NOBODY, PAGE_SIZE
from bursar.rollup.models import AccountMonth
from bursar.tenants.search import search_account_ids
from bursar.usage.queries import TierClock
from bursar.usage.rules import PACE_WINDOW

_DROPS = (
    "WITH drops AS (SELECT * FROM unnest(%(drop_ids)s::bigint[], %(drop_ats)s::timestamptz[]) AS d(workspace_id, at)) "
)
# As usage.rules.calc_cap_state: four fifths of the cap, or at the pace of the last 14 days reached within 7. What was
# counted lately is part of what is counted, so nobody below two thirds gets there, and events are read between the two.
_APPROACHING = (
    "CASE WHEN m.seconds * 5 >= w.cap_seconds::bigint * 4 THEN true ELSE m.seconds * 2 + COALESCE(("
    "SELECT SUM(e.seconds) FROM usage_usageevent e WHERE e.workspace_id = m.workspace_id AND e.tier = m.tier "
    "AND e.at <= %(now)s AND e.at > "
    "GREATEST(%(pace_since)s, (SELECT MAX(r.at) FROM usage_usagereset r WHERE r.workspace_id = m.workspace_id "
    "AND r.at <= %(now)s))), 0) >= w.cap_seconds::bigint * 2 END"
)
_MONTH = "rollup_workspacemonth w ON w.workspace_id = {key} AND w.month = %(month)s AND w.cap_seconds IS NOT NULL"
_METERED = (
    "SELECT m.workspace_id AS key, w.account_id, {rank} AS rank, {since} AS since, d.at AS dropped_at, m.seconds, "
    "w.cap_seconds, w.tier, NULL::timestamptz AS ends_at FROM usage_meter m JOIN "
    + _MONTH.format(key="m.workspace_id")
    + " AND w.tier = m.tier LEFT JOIN drops d ON d.workspace_id = m.workspace_id WHERE "
)
_DROPPED = (
    "SELECT d.workspace_id AS key, w.account_id, 4 AS rank, d.at AS since, d.at AS dropped_at, m.seconds, "
    "w.cap_seconds, w.tier, NULL::timestamptz AS ends_at FROM drops d "
    "JOIN rollup_workspacemonth w ON w.workspace_id = d.workspace_id AND w.month = %(month)s "
    "LEFT JOIN usage_meter m ON m.workspace_id = d.workspace_id AND m.tier = w.tier "
    f"AND m.is_near WHERE m.id IS NULL OR w.cap_seconds IS NULL OR (m.full_since IS NULL AND NOT {_APPROACHING})"
)
_OWED = (
    "SELECT a.account_id AS key, a.account_id, {rank} AS rank, {since} AS since, NULL::timestamptz AS dropped_at, "
    "0::bigint AS seconds, NULL::int AS cap_seconds, a.tier, {ends} AS ends_at FROM rollup_accountmonth a "
    "WHERE a.month = %(month)s AND a.is_listed AND "
)
_UNTIL = "(a.reason ->> 'until')::timestamptz"
_LONGEST = "s.since, a.mrr + a.potential DESC, s.key"
_DEAREST = "a.mrr + a.potential DESC, s.key"


@dataclass(frozen=True)
class Kind:
    """One of the two lists. `sources`: rank → (SQL, order); `tiers`: how the tier filter reads here."""

    slug: str
    reasons: tuple[rules.Reason, ...]
    sources: dict[int, tuple[str, str]]
    tiers: str


WORKSPACES = Kind(
    "workspace",
    rules.WORKSPACE_REASONS,
    {
        1: (
            _METERED.format(rank=1, since="m.full_since") + "m.full_since IS NOT NULL AND m.tier = ANY(%(hard)s)",
            _LONGEST,
        ),
        2: (
            _METERED.format(rank=2, since="m.full_since") + "m.full_since IS NOT NULL AND m.tier <> ALL(%(hard)s)",
            _LONGEST,
        ),
        3: (
            _METERED.format(rank=3, since="NULL::timestamptz")
            + f"m.is_near AND m.full_since IS NULL AND {_APPROACHING}",
            _DEAREST,
        ),
        4: (_DROPPED, _DEAREST),
    },
    "s.tier = ANY(%(tiers)s)",
)
ACCOUNTS = Kind(
    "account",
    rules.ACCOUNT_REASONS,
    {
        1: (
            _OWED.format(rank=1, since="a.overdue_since", ends="NULL::timestamptz")
            + "a.overdue_since IS NOT NULL AND a.mode = 'self_serve'",
            _LONGEST,
        ),
        2: (
            _OWED.format(rank=2, since="a.overdue_since", ends="NULL::timestamptz")
            + "a.overdue_since IS NOT NULL AND a.mode = 'managed'",
            _LONGEST,
        ),
        3: (
            _OWED.format(rank=3, since="NULL::timestamptz", ends=_UNTIL)
            + f"a.klass = 'trial' AND {_UNTIL} <= %(trial_until)s",
            "s.ends_at, a.mrr + a.potential DESC, s.key",
        ),
    },
    "s.account_id IN (SELECT b.account_id FROM rollup_accountmonth b WHERE b.month = %(month)s "
    "AND b.tiers && %(tiers)s::varchar[])",
)
_HIDDEN = (
    "(t.snoozed_at IS NOT NULL AND (t.snoozed_until IS NULL OR t.snoozed_until > %(now)s) AND s.rank >= t.snoozed_rank "
    "AND (s.since IS NULL OR s.since <= t.snoozed_at))"
)
_TABS = {"": f"NOT {_HIDDEN}", "mine": f"NOT {_HIDDEN} AND t.owner_id = %(me)s", "snoozed": _HIDDEN}


class Row(NamedTuple):
    """`key`: of the workspace or account. Seconds; EUR per month."""

    key: int
    account_id: int
    rank: int
    since: datetime | None
    dropped_at: datetime | None
    seconds: int | None
    cap_seconds: int | None
    tier: str
    ends_at: datetime | None
    is_hidden: bool
    amount: Decimal


_COLUMNS = (
    "s.key, s.account_id, s.rank, s.since, s.dropped_at, s.seconds, s.cap_seconds, s.tier, s.ends_at, "
    f"{_HIDDEN} AS is_hidden, a.mrr + a.potential AS amount"
)


@dataclass
class Counts:
    """How many rows by rank under each tab."""

    tabs: dict[str, dict[int, int]]

    def of(self, tab: str) -> int:
        return sum(self.tabs[tab].values())


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


def load_drops(now: datetime, only: int | None = None) -> dict[int, rules.Drop]:
    """Workspaces that stepped down within the last 14 days: candidates by index, judged by `rules.find_drop`."""
    values: dict[str, Any] = {"now": now, "since": now - rules.DROP_WINDOW, "trial": TRIAL_KIND, "only": only}
    with connection.cursor() as cursor:
        cursor.execute(_DROP_CANDIDATES + (" AND w.id = %(only)s" if only is not None else ""), values)
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return {}
    clock = TierClock(ids)
    found = ((pk, rules.find_drop(clock.states[pk], clock.terms_of(pk), now)) for pk in ids)
    return {pk: drop for pk, drop in found if drop is not None}


def _list_hard_tiers(now: datetime) -> list[str]:
    """Tiers that stop recording at their cap. Read apart: the planner guesses well when it knows them."""
    live = TierTerms.objects.at(now).filter(cap_effect=CapEffect.HARD_BLOCK)
    return list(live.values_list("tier", flat=True))


class Lists:
    """Both lists at one instant, for one reader, under one set of filters."""

    def __init__(self, ask: Ask, now: datetime, me: int | None, *, only: int | None = None) -> None:
        self.ask = ask
        self.drops = load_drops(now, only)
        self.values: dict[str, Any] = {
            "now": now,
            "month": Month.of(now).first,
            "pace_since": now - PACE_WINDOW,
            "trial_until": now + rules.TRIAL_ENDS_WITHIN,
            "hard": _list_hard_tiers(now),
            "drop_ids": list(self.drops),
            "drop_ats": [drop.at for drop in self.drops.values()],
            "me": me or 0,
            "only": only,
            "tiers": list(ask.tiers),
            "owners": [one for one in ask.owners if one != NOBODY],
            "managers": [one for one in ask.managers if one != NOBODY],
        }
        self._filters = [*(["s.key = %(only)s"] if only is not None else []), *self._people(), *self._search()]

    def _people(self) -> Iterator[str]:
        for column, name, asked in (
            ("t.owner_id", "owners", self.ask.owners),
            ("a.manager_id", "managers", self.ask.managers),
        ):
            if asked:
                nobody = f" OR {column} IS NULL" if NOBODY in asked else ""
                staff = f"SELECT id FROM staff_staffmember WHERE public_id = ANY(%({name})s)"
                yield f"({column} IN ({staff}){nobody})"

    def _search(self) -> Iterator[str]:
        if not self.ask.q:
            return
        found = AccountMonth.objects.filter(search_account_ids(self.ask.q), month=self.values["month"])
        sql, params = found.values("account_id").query.sql_with_params()
        for place, value in enumerate(params):
            sql = sql.replace("%s", f"%(s{place})s", 1)
            self.values[f"s{place}"] = value
        yield f"s.account_id IN ({sql})"

    def _where(self, kind: Kind, rank: int, tab: str | None) -> str:
        """What the filters leave of one source. `tab` None: whatever the tab."""
        parts = [*self._filters]
        if tab is not None:
            parts.append(_TABS[tab])
        if self.ask.tiers:
            parts.append(kind.tiers)
        if self.ask.reasons:
            parts.append(self._reasons(kind, rank))
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def _reasons(self, kind: Kind, rank: int) -> str:
        """A row is found under each of its reasons, not only under the first."""
        if any(reason.rank == rank and reason.key in self.ask.reasons for reason in kind.reasons):
            return "true"
        return "s.dropped_at IS NOT NULL" if "recently_downgraded" in self.ask.reasons else "false"

    def _joined(self, kind: Kind, rank: int, *, with_month: bool) -> str:
        source, _ = kind.sources[rank]
        month = (
            " JOIN rollup_accountmonth a ON a.account_id = s.account_id AND a.month = %(month)s" if with_month else ""
        )
        return f"FROM ({source}) s LEFT JOIN attention_triage t ON t.{kind.slug}_id = s.key{month}"

    def count(self, kind: Kind) -> Counts:
        """One statement for all tabs and ranks."""
        with_month = bool(self.ask.managers)
        parts = [
            f"SELECT s.rank, {_HIDDEN} AS hidden, t.owner_id = %(me)s AS mine "
            + self._joined(kind, rank, with_month=with_month)
            + self._where(kind, rank, None)
            for rank in kind.sources
        ]
        counts = Counts({tab: dict.fromkeys(kind.sources, 0) for tab in _TABS})
        with connection.cursor() as cursor:
            union = " UNION ALL ".join(parts)
            cursor.execute(
                f"{_DROPS}SELECT rank, hidden, mine, COUNT(*) FROM ({union}) x GROUP BY 1, 2, 3", self.values
            )
            for rank, hidden, mine, count in cursor.fetchall():
                tabs = ["snoozed"] if hidden else ["", "mine"] if mine else [""]
                for tab in tabs:
                    counts.tabs[tab][rank] += count
        return counts

    def list_page(self, kind: Kind, counts: Counts, page: int) -> list[Row]:
        """The rows of one page in one statement: of each reason only the stretch that the page shows."""
        parts, skipped, wanted = [], (page - 1) * PAGE_SIZE, PAGE_SIZE
        for rank in kind.sources:
            count = counts.tabs[self.ask.tab][rank]
            limit = max(0, min(wanted, count - skipped))
            parts.append(f"({self._ordered(kind, rank)} LIMIT {limit} OFFSET {min(skipped, count)})")
            skipped, wanted = max(0, skipped - count), wanted - limit
        with connection.cursor() as cursor:
            cursor.execute(_DROPS + " UNION ALL ".join(parts), self.values)
            return [Row(*row) for row in cursor.fetchall()]

    def _ordered(self, kind: Kind, rank: int, *, any_tab: bool = False) -> str:
        where = self._where(kind, rank, None if any_tab else self.ask.tab)
        order = kind.sources[rank][1]
        return f"SELECT {_COLUMNS} {self._joined(kind, rank, with_month=True)}{where} ORDER BY {order}"

    def get_row(self, kind: Kind) -> Row | None:
        """The one row of the target named by `only`, snoozed or not."""
        parts = " UNION ALL ".join(f"({self._ordered(kind, rank, any_tab=True)})" for rank in kind.sources)
        with connection.cursor() as cursor:
            cursor.execute(_DROPS + parts, self.values)
            row = cursor.fetchone()
        return Row(*row) if row else None

    @contextmanager
    def every_row(self, kind: Kind) -> Iterator[Iterator[list[Row]]]:
        """All rows in order, in chunks, by a cursor of the server's: memory stays flat. Inside a transaction."""
        parts = " UNION ALL ".join(f"({self._ordered(kind, rank)})" for rank in kind.sources)
        with connection.chunked_cursor() as cursor:
            cursor.execute(_DROPS + parts, self.values)
            yield _chunks(cursor)


CHUNK = 1000


def _chunks(cursor: Any) -> Iterator[list[Row]]:
    while rows := cursor.fetchmany(CHUNK):
        yield [Row(*row) for row in rows]
