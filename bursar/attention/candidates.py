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

from bursar.attention.filters import Ask
from bursar.attention.reasons import (
    ACCOUNT_REASONS,
    DOWNGRADED,
    RENEWAL_WITHIN,
    TRIAL_ENDS_WITHIN,
    UNTRAINED,
    WORKSPACE_REASONS,
    Reason,
)
from bursar.attention.signs import look_for_signs
from bursar.billing.seller import seller_day, seller_zone
from bursar.core.calendar import Month
from bursar.plans.ends import WARNED_BEFORE, EndKind
from bursar.plans.rules import PAID_TIERS
from bursar.plans.trials import TRIAL_KIND
from bursar.rollup.filters import NOBODY
from bursar.rollup.models import AccountMonth
from bursar.tenants.search import search_account_ids
from bursar.training.queries.needs import find_untrained
from bursar.ui.lists import PAGE_SIZE
from bursar.usage.rules import PACE_WINDOW

_DROPS = (
    "WITH drops AS (SELECT * FROM unnest(%(drop_ids)s::bigint[], %(drop_ats)s::timestamptz[]) AS d(workspace_id, at))"
)
_NOTHING_METERED = "NULL::timestamptz AS dropped_at, 0::bigint AS seconds, NULL::int AS cap_seconds"


@dataclass(frozen=True)
class Kind:
    """One of the two lists. `tiers`: how the tier filter reads here."""

    slug: str
    reasons: tuple[Reason, ...]
    tiers: str

    def rank(self, reason: Reason) -> int:
        """The most urgent is 1. For ordering inside a statement only: nothing stores it."""
        return self.reasons.index(reason) + 1

    @property
    def hidden(self) -> str:
        """Resting: unless the day has come, a worse reason appeared, or the same one began anew."""
        return (
            "(t.snoozed_at IS NOT NULL AND (t.snoozed_until IS NULL OR t.snoozed_until > %(now)s) AND "
            f"s.rank >= COALESCE(array_position(%({self.slug}_reasons)s::text[], t.snoozed_reason::text), 1000) "
            "AND (s.since IS NULL OR s.since <= t.snoozed_at))"
        )

    def tab(self, tab: str) -> str:
        mine = " AND t.owner_id = %(me)s" if tab == "mine" else ""
        return self.hidden if tab == "snoozed" else f"NOT {self.hidden}{mine}"


WORKSPACES = Kind("workspace", WORKSPACE_REASONS, "s.tier = ANY(%(tiers)s)")
ACCOUNTS = Kind(
    "account",
    ACCOUNT_REASONS,
    "s.account_id IN (SELECT b.account_id FROM rollup_accountmonth b WHERE b.month = %(month)s "
    "AND b.tiers && %(tiers)s::varchar[])",
)
TABS = ("", "mine", "snoozed")


def _with_accounts(reasons: list[Reason], only: str) -> str:
    """Each account once, under its first reason, with all of them: worked out once a statement."""
    sources = " UNION ALL ".join(
        f"SELECT n.*, {ACCOUNTS.rank(reason)} AS rank, '{reason.key}' AS reason "
        f"FROM ({reason.source.replace('{only}', only)}) n"
        for reason in reasons
    )
    return (
        f"WITH needs AS ({sources}), firsts AS (SELECT DISTINCT ON (n.account_id) n.account_id AS key, n.account_id, "
        f"n.rank, n.since, {_NOTHING_METERED}, n.tier, n.ends_at, "
        "array_agg(n.reason) OVER (PARTITION BY n.account_id) AS reasons FROM needs n "
        "ORDER BY n.account_id, n.rank) "
    )


def _source(kind: Kind, reason: Reason, *, with_untrained: bool) -> str:
    """`with_untrained`: there may be workspaces in which nobody is trained; then the others wear that as a badge."""
    rank = kind.rank(reason)
    if kind is ACCOUNTS:
        return f"SELECT * FROM firsts WHERE rank = {rank}"
    badges = f"CASE WHEN n.dropped_at IS NULL THEN '{{}}'::text[] ELSE ARRAY['{DOWNGRADED}'] END"
    if with_untrained and reason.key != UNTRAINED:
        is_untrained = "n.key IN (SELECT u.workspace_id FROM untrained u)"
        badges += f" || CASE WHEN {is_untrained} THEN ARRAY['{UNTRAINED}'] ELSE '{{}}'::text[] END"
    return (
        f"SELECT n.key, n.account_id, {rank} AS rank, n.since, n.dropped_at, n.seconds, n.cap_seconds, n.tier, "
        f"NULL::timestamptz AS ends_at, ARRAY['{reason.key}'] || {badges} AS reasons FROM ({reason.source}) n"
    )


class Row(NamedTuple):
    """`key`: of the workspace or account. `reasons`: keys of all, in no order. Seconds; EUR per month."""

    key: int
    account_id: int
    rank: int
    since: datetime | None
    dropped_at: datetime | None
    seconds: int | None
    cap_seconds: int | None
    tier: str
    ends_at: datetime | None
    reasons: list[str]
    is_hidden: bool
    amount: Decimal


_COLUMNS = "s.key, s.account_id, s.rank, s.since, s.dropped_at, s.seconds, s.cap_seconds, s.tier, s.ends_at, s.reasons"


@dataclass
class Counts:
    """How many rows by first reason under each tab."""

    tabs: dict[str, dict[str, int]]

    def of(self, tab: str) -> int:
        return sum(self.tabs[tab].values())


class Lists:
    """Both lists at one instant, for one reader, under one set of filters."""

    def __init__(self, ask: Ask, now: datetime, me: int | None, *, only: int | None = None) -> None:
        self.ask = ask
        self.values: dict[str, Any] = {
            "now": now,
            "month": Month.of(now).first,
            "pace_since": now - PACE_WINDOW,
            "trial_until": now + TRIAL_ENDS_WITHIN,
            "renewal_until": seller_day(now + RENEWAL_WITHIN),
            "tier_until": now + WARNED_BEFORE[EndKind.PLAN],
            "discount_until": now + WARNED_BEFORE[EndKind.DISCOUNT],
            "trial": TRIAL_KIND,
            "paid": list(PAID_TIERS),
            "seller_day": seller_day(now),
            "seller_zone": str(seller_zone()),
            **{f"{kind.slug}_reasons": [reason.key for reason in kind.reasons] for kind in (WORKSPACES, ACCOUNTS)},
            "reasons": list(ask.reasons),
            "me": me or 0,
            "only": only,
            "tiers": list(ask.tiers),
            "owners": [one for one in ask.owners if one != NOBODY],
            "managers": [one for one in ask.managers if one != NOBODY],
        }
        signs = look_for_signs(now, self.values, only)
        self.drops, self._signs = signs.drops, signs.reasons
        self.values["hard"], self.values["drop_ids"] = signs.hard, list(self.drops)
        self.values["drop_ats"] = [drop.at for drop in self.drops.values()]
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

    def _where(self, kind: Kind, tab: str | None) -> str:
        """What the filters leave of one source. `tab` None: whatever the tab."""
        parts = [*self._filters]
        if tab is not None:
            parts.append(kind.tab(tab))
        if self.ask.tiers:
            parts.append(kind.tiers)
        if self.ask.reasons:
            parts.append("s.reasons && %(reasons)s::text[]")  # found under each of its reasons, not only the first
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def may_have(self, reason: Reason) -> bool:
        """Whether it may have rows; where not, it has none."""
        return reason.key in self._signs

    def _reasons(self, kind: Kind) -> list[Reason]:
        return [reason for reason in kind.reasons if self.may_have(reason)]

    def _begin(self, kind: Kind) -> str:
        if kind is WORKSPACES:
            return f"{_DROPS}{self._untrained()} "
        only = " AND a.account_id = %(only)s" if self.values["only"] is not None else ""
        return _with_accounts(self._reasons(kind), only)

    def _untrained(self) -> str:
        """Worked out once a statement, and not at all where the product wants nobody trained."""
        if UNTRAINED not in self._signs:
            return ""
        only = "n.workspace_id = %(only)s" if self.values["only"] is not None else "true"
        return f", untrained AS ({find_untrained(only)})"

    def _source(self, kind: Kind, reason: Reason) -> str:
        return _source(kind, reason, with_untrained=UNTRAINED in self._signs)

    def _joined(self, kind: Kind, source: str, *, with_month: bool) -> str:
        month = (
            " JOIN rollup_accountmonth a ON a.account_id = s.account_id AND a.month = %(month)s" if with_month else ""
        )
        return f"FROM ({source}) s LEFT JOIN attention_triage t ON t.{kind.slug}_id = s.key{month}"

    def count(self, kind: Kind) -> Counts:
        """One statement for all tabs and reasons."""
        counts = Counts({tab: {reason.key: 0 for reason in kind.reasons} for tab in TABS})
        if not (reasons := self._reasons(kind)):
            return counts
        sources = ["SELECT * FROM firsts"] if kind is ACCOUNTS else [self._source(kind, reason) for reason in reasons]
        with_month = bool(self.ask.managers)
        parts = [
            f"SELECT s.rank, {kind.hidden} AS hidden, t.owner_id = %(me)s AS mine "
            + self._joined(kind, source, with_month=with_month)
            + self._where(kind, None)
            for source in sources
        ]
        with connection.cursor() as cursor:
            union = " UNION ALL ".join(parts)
            cursor.execute(
                f"{self._begin(kind)}SELECT rank, hidden, mine, COUNT(*) FROM ({union}) x GROUP BY 1, 2, 3", self.values
            )
            for rank, hidden, mine, count in cursor.fetchall():
                tabs = ["snoozed"] if hidden else ["", "mine"] if mine else [""]
                for tab in tabs:
                    counts.tabs[tab][kind.reasons[rank - 1].key] += count
        return counts

    def list_page(self, kind: Kind, counts: Counts, page: int) -> list[Row]:
        """The rows of one page in one statement: of each reason only the stretch that the page shows.

        A reason without any is left out: planning it takes longer than reading the others.
        """
        parts, skipped, wanted = [], (page - 1) * PAGE_SIZE, PAGE_SIZE
        for reason in kind.reasons:
            count = counts.tabs[self.ask.tab][reason.key]
            limit = max(0, min(wanted, count - skipped))
            if limit:
                parts.append(f"({self._ordered(kind, reason)} LIMIT {limit} OFFSET {skipped})")
            skipped, wanted = max(0, skipped - count), wanted - limit
        if not parts:
            return []
        with connection.cursor() as cursor:
            cursor.execute(self._begin(kind) + " UNION ALL ".join(parts), self.values)
            return [Row(*row) for row in cursor.fetchall()]

    def _ordered(self, kind: Kind, reason: Reason, *, any_tab: bool = False) -> str:
        columns = f"{_COLUMNS}, {kind.hidden} AS is_hidden, a.mrr + a.potential AS amount"
        where = self._where(kind, None if any_tab else self.ask.tab)
        joined = self._joined(kind, self._source(kind, reason), with_month=True)
        return f"SELECT {columns} {joined}{where} ORDER BY {reason.order}"

    def get_row(self, kind: Kind) -> Row | None:
        """The one row of the target named by `only`, snoozed or not."""
        parts = " UNION ALL ".join(f"({self._ordered(kind, reason, any_tab=True)})" for reason in self._reasons(kind))
        if not parts:
            return None
        with connection.cursor() as cursor:
            cursor.execute(self._begin(kind) + parts, self.values)
            row = cursor.fetchone()
        return Row(*row) if row else None

    @contextmanager
    def every_row(self, kind: Kind) -> Iterator[Iterator[list[Row]]]:
        """All rows in order, in chunks, by a cursor of the server's: memory stays flat. Inside a transaction."""
        parts = " UNION ALL ".join(f"({self._ordered(kind, reason)})" for reason in self._reasons(kind))
        if not parts:
            yield iter(())
            return
        with connection.chunked_cursor() as cursor:
            cursor.execute(self._begin(kind) + parts, self.values)
            yield _chunks(cursor)


CHUNK = 1000


def _chunks(cursor: Any) -> Iterator[list[Row]]:
    while rows := cursor.fetchmany(CHUNK):
        yield [Row(*row) for row in rows]
