"""Whether statements follow each other without one missing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter

from bursar.billing.bank.statement import Statement, say
from bursar.core.money import format_money


@dataclass(frozen=True)
class Gap:
    """Between two statements of one account something is missing. `amount`: what it moved, as far as balances say."""

    account: str
    after: Statement
    before: Statement
    amount: Decimal
    sentence: str


def find_gaps(statements: Iterable[Statement]) -> list[Gap]:
    """By account and day. Statements may overlap, be there twice, and come without their lines.

    Balances decide. A number alone says only something where the bank numbers one by one: others write the day.
    """
    by_account: dict[tuple[str, str], dict[str, Statement]] = {}
    for one in statements:
        by_account.setdefault((one.account, one.currency), {})[one.key] = one
    return [gap for _, those in sorted(by_account.items()) for gap in _gaps_of(list(those.values()))]


def _gaps_of(statements: list[Statement]) -> list[Gap]:
    ordered = sorted(statements, key=lambda one: (one.from_on, one.until_on, one.number or 0))
    ended = sorted(statements, key=lambda one: (one.until_on, one.number or 0))
    counts = _counts(ended)
    begun = {_begin_of(ordered[0])}
    found = []
    for one in ordered[1:]:
        earlier = _list_earlier(ended, one)
        gap = _compare(earlier, one, counts) if earlier and _begin_of(one) not in begun else None
        begun.add(_begin_of(one))
        if gap and not _is_within(one, ordered):
            found.append(gap)
    return found


def _begin_of(one: Statement) -> object:
    """Where two agree, one was looked at for both; a balance that is missing agrees with none."""
    return (one.from_on, one.opening.amount) if one.opening else one.key


def _list_earlier(ended: list[Statement], one: Statement) -> Sequence[Statement]:
    """Those that ended on the last day before it, or on the day on which it begins."""
    end = bisect_right(ended, one.from_on, key=attrgetter("until_on"))
    before = bisect_left(ended, one.from_on, key=attrgetter("until_on"))
    since = ended[before - 1].until_on if before else one.from_on
    begin = bisect_left(ended, since, key=attrgetter("until_on"))
    return [other for other in ended[begin:end] if other is not one]


def _is_within(one: Statement, ordered: list[Statement]) -> bool:
    """Another, longer one covers its days and those before."""
    return any(other.from_on < one.from_on and one.until_on <= other.until_on for other in ordered if other is not one)


def _compare(earlier: Sequence[Statement], one: Statement, counts: bool) -> Gap | None:
    last = earlier[-1]
    closings = {other.closing.amount for other in earlier if other.closing}
    if one.opening and closings and one.opening.amount not in closings:
        assert last.closing or closings, "one of them has a closing balance"
        closing = last.closing.amount if last.closing else closings.pop()
        sentence = (
            f"Between {say(last)} and {say(one)} a statement is missing: one closes with {format_money(closing)},"
            f" the next opens with {format_money(one.opening.amount)}."
        )
        return Gap(one.account, last, one, one.opening.amount - closing, sentence)
    missing = (one.number or 0) - (last.number or 0) - 1
    if counts and one.number and last.number and missing > 0:
        sentence = f"Between {say(last)} and {say(one)} the numbers leave out {missing}, though the balances agree."
        return Gap(one.account, last, one, Decimal(0), sentence)
    return None


def _counts(ended: list[Statement]) -> bool:
    """Whether most of the bank's numbers follow each other."""
    pairs = [(a.number, b.number) for a, b in pairwise(ended) if a.number and b.number]
    following = sum(later in (earlier, earlier + 1) or later == 1 for earlier, later in pairs)
    return 2 * following > len(pairs)
