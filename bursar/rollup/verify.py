"""The proof: recomputes every month from its sources and yields what differs, or is missing. Constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from operator import attrgetter
from typing import Any

from bursar.core import clock
from bursar.core.among import among
from bursar.core.calendar import Month, months_between
from bursar.core.models import InstallationFact
from bursar.core.reading import consistent_read
from bursar.plans.queries import load_accounts
from bursar.plans.rules import AccountState
from bursar.rollup.models import AccountMonth, MonthRestatement, Unprojected, WorkspaceMonth
from bursar.rollup.project import CHUNK, KNOWN_THEN, describe_fault, list_months_before, tell_as_known
from bursar.rollup.proof import list_wrong_labels, list_wrong_totals, list_wrong_usage
from bursar.rollup.queries.months import list_used_months, rule_settings
from bursar.rollup.refresh import refresh
from bursar.rollup.rows import FACTS, WORKSPACE_FACTS, MonthRows, build_rows
from bursar.rollup.store import ROLLED_TO
from bursar.tenants.models import BillingAccount

AGAIN = 3
BY_THEMSELVES = {"settled_at", "restated_at"}  # not worked out from the state: `_history` looks at them


@dataclass(frozen=True)
class Difference:
    where: str
    what: str
    stored: Any
    computed: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.what} is {self.stored!r}, should be {self.computed!r}"


def list_differences(
    now: datetime,
    *,
    account: str = "",
    month: Month | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Difference]:
    """Open months as of now, closed ones as at their last instant. Call `refresh` first, as a page does.

    People work meanwhile: what differs is looked at again under the later clock, and only what goes on differing is
    told.
    """
    ids = BillingAccount.objects.order_by("id")
    if account:
        ids = ids.filter(public_id=account)
    total, done = ids.count(), 0
    last = 0
    while part := list(ids.filter(id__gt=last).values_list("id", flat=True)[:CHUNK]):
        last = part[-1]
        yield from _lasting(partial(_of_some, part, month), now)
        done += len(part)
        if progress:
            progress(done, total)
    if not account:
        yield from _lasting(partial(_of_the_whole, month), now)


def _lasting(look: Callable[[datetime], Iterator[Difference]], now: datetime) -> list[Difference]:
    with consistent_read():
        found = list(look(now))
    for _ in range(AGAIN if found else 0):
        now = clock.now()
        refresh(now)
        with consistent_read():
            found = list(look(now))
        if not found:
            break
    return found


def _of_some(ids: list[int], month: Month | None, now: datetime) -> Iterator[Difference]:
    return _Chunk(ids, now, month).list_differences()


def _of_the_whole(month: Month | None, now: datetime) -> Iterator[Difference]:
    """What no single account tells: how far the roll got, and that the page's totals are those of the sources."""
    current = str(Month.of(now))
    rolled_to = InstallationFact.objects.filter(name=ROLLED_TO).values_list("value", flat=True).first()
    if rolled_to != current and AccountMonth.objects.exists():
        yield Difference("installation", "newest month", rolled_to, current)
    for where, what, stored, computed in list_wrong_totals(now, month):
        yield Difference(where, what, stored, computed)


class _Chunk:
    """Some accounts, looked at in one consistent read."""

    def __init__(self, ids: list[int], now: datetime, only: Month | None) -> None:
        self.ids, self.now, self.only = ids, now, only
        self.current = Month.of(now)

    def list_differences(self) -> Iterator[Difference]:
        yield from self._facts()
        yield from self._waiting()
        for where, what, stored, computed in [*list_wrong_usage(self.ids, self.now), *list_wrong_labels(self.ids)]:
            yield Difference(where, what, stored, computed)

    def _facts(self) -> Iterator[Difference]:
        states, self.settings = load_accounts(self.ids), rule_settings()
        self.names = dict(BillingAccount.objects.filter(among("id", self.ids)).values_list("id", "public_id"))
        begun, told = self.current, ("at", "before", "after")
        self.accounts = _by_account(AccountMonth, self.ids, FACTS, begun)
        self.workspaces = _by_account(WorkspaceMonth, self.ids, ("workspace_id", *WORKSPACE_FACTS), begun)
        self.restated = _by_account(MonthRestatement, self.ids, told, begun, "at", "id")
        self.used = list_used_months(states.values())
        for state in states.values():
            try:
                yield from self._account(state)
            except Exception as error:
                yield Difference(self.names[state.id], "figures", "not computed", describe_fault(error))

    def _account(self, state: AccountState) -> Iterator[Difference]:
        name, previous = self.names[state.id], None
        stored = {month: rows[0] for month, rows in self.accounts.get(state.id, {}).items()}
        begin = Month.of(state.created_at)
        wanted = [*list_months_before(state, begin, self.used), *months_between(begin, self.current)]
        for month in wanted:
            row = stored.get(month.first)
            if self.only is None or month == self.only:
                rows = build_rows(state, self.settings, month, previous, self.used, self.now)
                yield from self._month(f"{name} {month}", row, rows, month)
            previous = row
        shown = {month.first for month in wanted}
        for first in (stored.keys() | self.workspaces.get(state.id, {}).keys()) - shown:
            if self.only is None or first == self.only.first:
                yield Difference(f"{name} {Month.of(first)}", "month", "there", "not there: the account had not begun")

    def _month(self, where: str, stored: Any, rows: MonthRows, month: Month) -> Iterator[Difference]:
        if stored is None:
            yield Difference(where, "month", None, "there")
        elif stored.fault:
            yield Difference(where, "fault", stored.fault, "")
        else:
            yield from _compare(where, stored, rows.account, FACTS)
            yield from self._history(where, stored, month)
        there = {row.workspace_id: row for row in self.workspaces.get(rows.account.account_id, {}).get(month.first, [])}
        wanted = {row.workspace_id: row for row in rows.workspaces}
        if there.keys() != wanted.keys():
            yield Difference(where, "workspaces", sorted(there), sorted(wanted))
        for pk in sorted(there.keys() & wanted.keys()):
            yield from _compare(f"{where} workspace {pk}", there[pk], wanted[pk], WORKSPACE_FACTS)

    def _history(self, where: str, stored: Any, month: Month) -> Iterator[Difference]:
        """When it was worked out: in its month. When it was restated, and as what: as its restatements say."""
        if not month.start <= stored.settled_at <= month.last_instant:
            yield Difference(where, "settled_at", stored.settled_at, f"an instant of {month}")
        made = self.restated.get(stored.account_id, {}).get(month.first, [])
        last = made[-1].at if made else None
        if stored.restated_at != last:
            yield Difference(where, "restated_at", stored.restated_at, last)
        if not made:
            return
        said: dict[str, Any] = {}
        for one in made:
            for name in one.before.keys() & said.keys() & set(KNOWN_THEN):
                if one.before[name] != said[name]:
                    yield Difference(where, f"restated {name}, before", one.before[name], said[name])
            said |= one.after
        now_known = tell_as_known(stored)
        for name in sorted(said.keys() & set(KNOWN_THEN)):
            if said[name] != now_known[name]:
                yield Difference(where, f"restated {name}", said[name], now_known[name])

    def _waiting(self) -> Iterator[Difference]:
        for mark in Unprojected.objects.filter(account_id__in=self.ids).order_by("account_id"):
            if not mark.fault:
                yield Difference(self.names[mark.account_id], "waits to be computed since", mark.month, None)
            else:
                yield Difference(self.names[mark.account_id], "figures", "not computed", mark.fault)


def _by_account(
    model: Any, ids: list[int], columns: tuple[str, ...], current: Month, *order: str
) -> dict[int, dict[date, list[Any]]]:
    """Of months that have begun: the roll makes rows ahead, which nobody reads."""
    found: dict[int, dict[date, list[Any]]] = {}
    rows = model.objects.filter(among("account_id", ids), month__lte=current.first).order_by(*order)
    names = dict.fromkeys(("account_id", "month", *columns))
    for row in rows.values_list(*names, named=True):
        found.setdefault(row.account_id, {}).setdefault(row.month, []).append(row)
    return found


@cache
def _reader(names: tuple[str, ...]) -> tuple[list[str], Callable[[Any], tuple[Any, ...]]]:
    worked_out = [name for name in names if name not in BY_THEMSELVES]
    return worked_out, attrgetter(*worked_out)


def _compare(where: str, stored: Any, computed: Any, names: tuple[str, ...]) -> Iterator[Difference]:
    worked_out, read = _reader(names)
    kept, wanted = read(stored), read(computed)
    if kept != wanted:  # asked at once: nearly always all are equal
        for name, one, other in zip(worked_out, kept, wanted, strict=True):
            if one != other:
                yield Difference(where, name, one, other)
