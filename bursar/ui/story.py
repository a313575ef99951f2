"""One story of a thing, newest first, told by the rooms that know its parts; the page lists the kinds in one tuple."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeVar

from django.db.models import QuerySet

from bursar.core import cursors
from bursar.core.bounds import read_instant
from bursar.core.errors import BadRequest
from bursar.core.money import euros
from bursar.ui.sections import Look

_LAST = datetime.max.replace(tzinfo=UTC)
NONE, ALL = 0, 2**63 - 1
"""No row of an instant, and every one, where `Bound.key` stands for the first that is left out."""


class Place(NamedTuple):
    """Where an entry stands: newest first; at one instant by its source, then by its key downwards."""

    at: datetime
    source: str
    key: int

    def encode(self) -> str:
        return cursors.encode([self.at.isoformat(), self.source, self.key])


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `key`: tells it from others of its source; a whole number above 0.

    `says`: a sentence without its full stop; `where`: of which part of the thing, if not of the thing itself; `url`: of
    what it is about. `body`: what somebody wrote. `state`: how it stands, in a word, with its `tone`. `by`: who did it.
    `amount`: EUR, below zero for what goes back. `changes`: as `audit.describe` has them. `subject`: the public id
    under which the book has a line of it; `line_id`: that line, once it is known.
    """

    at: datetime
    key: int
    says: str
    where: str = ""
    url: str = ""
    body: str = ""
    state: str = ""
    tone: str = ""
    by: str = ""
    amount: Decimal | None = None
    changes: Sequence[dict[str, Any]] = ()
    reason: str = ""
    message: str = ""
    is_for_billing: bool = False
    subject: str = ""
    line_id: str = ""


class Placed(Protocol):
    """What stands at an instant, and at it by its key: an entry, or what one will be made of."""

    @property
    def at(self) -> datetime: ...

    @property
    def key(self) -> int: ...


P = TypeVar("P", bound=Placed)


@dataclass(frozen=True)
class Bound:
    """What a source is asked for: at most `limit` entries before `at`, or at it with a key below `key`."""

    limit: int
    at: datetime | None = None
    key: int = ALL
    since: datetime | None = None

    def cut(self, rows: QuerySet[Any], at: str) -> QuerySet[Any]:
        """The rows within it, newest first by their column `at`."""
        if self.at is not None:
            rows = rows.filter(**{f"{at}__lte": self.at})
            rows = rows if self.key == ALL else rows.exclude(**{at: self.at, "pk__gte": self.key})
        if self.since is not None:
            rows = rows.filter(**{f"{at}__gte": self.since})
        return rows.order_by(f"-{at}", "-pk")[: self.limit]

    def cut_list(self, entries: Iterable[P]) -> list[P]:
        """As `cut`, of what is worked out whole."""
        found = [
            one
            for one in entries
            if (self.at is None or (one.at, one.key) < (self.at, self.key))
            and (self.since is None or one.at >= self.since)
        ]
        return sorted(found, key=lambda one: (one.at, one.key), reverse=True)[: self.limit]


@dataclass(frozen=True)
class Ask:
    """Who looks at what, and which kinds are told together. `left_out`: keys of the book's lines that others tell."""

    look: Look
    kinds: frozenset[str]
    left_out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Source:
    """Rows of one table at one of their instants. `lines`: keys of the book's lines that are told by these entries."""

    key: str
    read: Callable[[Ask, Bound], Iterable[Entry]]
    lines: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Kind:
    """`sources`: what comes after something at the same instant stands first. `lines`: keys of the book's lines that
    this kind tells better, beside those of its sources.

    `empty`: the sentence where there is none. `is_for`: who sees it. A source asks the same number of statements
    however many entries there are.
    """

    key: str
    label: str
    icon: str
    empty: str
    sources: tuple[Source, ...]
    lines: frozenset[str] = frozenset()
    is_for: Callable[[Look], bool] = lambda look: True

    @property
    def covers(self) -> frozenset[str]:
        return self.lines.union(*(source.lines for source in self.sources))


@dataclass(frozen=True)
class Told:
    """An entry in its place."""

    kind: Kind
    source: Source
    entry: Entry

    @property
    def place(self) -> Place:
        return Place(self.entry.at, self.source.key, self.entry.key)

    @property
    def cursor(self) -> str:
        return self.place.encode()

    @property
    def amount(self) -> str:
        return "" if self.entry.amount is None else euros(self.entry.amount)

    @property
    def id(self) -> str:
        """Of its element."""
        return f"story-{self.source.key}-{self.entry.key}"


@dataclass(frozen=True)
class Part:
    """Entries in order. `has_more`: older ones follow."""

    told: list[Told] = field(default_factory=list)
    has_more: bool = False


class Reader:
    """Reads the story that the given kinds make."""

    def __init__(self, kinds: Sequence[Kind], ask: Ask) -> None:
        self.ask = ask
        self.sources = [(kind, source) for kind in kinds for source in kind.sources]
        self.ranks = {source.key: rank for rank, (_, source) in enumerate(self.sources)}

    def read(self, limit: int, *, before: Place | None = None, down_to: Place | None = None) -> Part:
        """The newest, or those that come after `before` in the order. `down_to`: no further than this one."""
        found: list[Told] = []
        for rank, (kind, source) in enumerate(self.sources):
            bound = self._bound(limit + 1, rank, before, down_to)
            found += [Told(kind, source, entry) for entry in source.read(self.ask, bound)]
        found.sort(key=self._order)
        if down_to is None:
            return Part(found[:limit], len(found) > limit)
        end = self._order_of(down_to)
        return Part([one for one in found if self._order(one) <= end][:limit], True)

    def _bound(self, limit: int, rank: int, before: Place | None, down_to: Place | None) -> Bound:
        since = down_to.at if down_to else None
        if before is None:
            return Bound(limit, since=since)
        last = self.ranks[before.source]
        key = before.key if rank == last else NONE if rank < last else ALL
        return Bound(limit, before.at, key, since)

    def _order(self, told: Told) -> tuple[timedelta, int, int]:
        return self._order_of(told.place)

    def _order_of(self, place: Place) -> tuple[timedelta, int, int]:
        return (_LAST - place.at, self.ranks[place.source], -place.key)


def read_place(cursor: str, kinds: Sequence[Kind]) -> Place | None:
    """Raises BadRequest for what is no place in a story of these kinds."""
    if not cursor:
        return None
    at, source, key = cursors.decode(cursor, 3)
    known = {one.key for kind in kinds for one in kind.sources}
    if type(key) is not int or source not in known:
        raise BadRequest(cursors.BROKEN)
    try:
        return Place(read_instant(at), source, key)
    except ValueError:
        raise BadRequest(cursors.BROKEN) from None


def choose(kinds: Sequence[Kind], asked: Collection[str], look: Look) -> list[Kind]:
    """Those that are asked for, or all; of them those that whoever looks may see."""
    seen = [kind for kind in kinds if kind.is_for(look)]
    return [kind for kind in seen if kind.key in asked] or seen


def gather(kinds: Sequence[Kind], look: Look) -> Reader:
    """A line of the book is told once: by the kind that tells it best, of those that are told together."""
    left_out = frozenset().union(*(kind.covers for kind in kinds))
    return Reader(kinds, Ask(look, frozenset(kind.key for kind in kinds), left_out))
