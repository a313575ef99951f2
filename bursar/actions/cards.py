"""The card of a dialog: what counts about the target, before the rehearsed action and after it.

Rooms above say what stands on it, each fact once (`fact`). A fact is read before the verb and, where the verb wrote
what it rests on, once more behind it: in the rehearsal's own transaction, so that it cannot disagree with the deed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from bursar.access.actor import ActorKind
from bursar.access.rights import Own
from bursar.actions.guard import watched
from bursar.actions.registry import TARGETS, target_of
from bursar.actions.spec import Case, Change
from bursar.core.registry import Registry
from bursar.core.words import list_words

NONE = "none"


class Seen(NamedTuple):
    """A fact at one instant: as it is said, and what is compared; of amounts that add up a Decimal or an int."""

    text: str
    value: Any


@dataclass
class Reading:
    """One look at all facts of a case. `once` lets them share what they load; the look behind the verb loads anew."""

    case: Case
    account_ids: Sequence[int]
    is_after: bool = False
    held: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, load: Callable[[], Any]) -> Any:
        if name not in self.held:
            self.held[name] = load()
        return self.held[name]


@dataclass(frozen=True)
class Fact:
    """`read`: None where there is nothing to say of this target. `rests_on`: the tables that it is read from.

    `own_label`: what customers' dialogs call it; empty where it is for staff alone. `concerns_money`: of customers only
    those with billing rights see it. `say_sum`: of several targets together, where values add up.
    `of_account`: of who pays, whatever the target: said of both, each named, where the verb gives it to another.
    """

    label: str
    order: int
    read: Callable[[Reading], Seen | None]
    rests_on: Callable[[], Collection[str]]
    own_label: str = ""
    concerns_money: bool = False
    say_sum: Callable[[Decimal], str] | None = None
    of_account: bool = False


FACTS: Registry[Fact] = Registry("card fact")


def fact(name: str, made: Fact) -> None:
    """Registers what a card shows, from a room above."""
    FACTS.add(name, made)


@dataclass(frozen=True)
class Line:
    """`after` is None before anything is filled in: then the card only says how things stand."""

    name: str
    label: str
    before: Seen
    after: Seen | None

    @property
    def is_changed(self) -> bool:
        return self.after is not None and self.after.value != self.before.value


@dataclass(frozen=True)
class Card:
    """`wrote`: every table that the action wrote when it was rehearsed."""

    lines: tuple[Line, ...] = ()
    is_rehearsed: bool = False
    wrote: frozenset[str] = frozenset()

    @property
    def changed(self) -> list[Line]:
        return [line for line in self.lines if line.is_changed]

    @property
    def stays(self) -> str:
        """ "Tier, class and cap stay as they are." of those that do, "Cap: no change."; empty before the rehearsal."""
        labels = [line.label for line in self.lines if not line.is_changed]
        if not labels or not self.is_rehearsed:
            return ""
        named = [labels[0], *(label if label.isupper() else label[0].lower() + label[1:] for label in labels[1:])]
        return f"{list_words(named)} stay as they are." if len(named) > 1 else f"{named[0]}: no change."

    def says(self, change: Change) -> bool:
        """Whether a changed line says the same, so that it is not said again."""
        return any(line.label == change.label for line in self.changed)


@dataclass(frozen=True)
class _Successor:
    """The account that pays from now on, `new`, made by the verb; and what stands of it, by the fact's name."""

    old: str
    new: str
    seen: dict[str, Seen | None]


class Watcher:
    """Reads the card around a rehearsal; `card` is there even when the action is refused, as far as it was read."""

    def __init__(self) -> None:
        self.card = Card()

    @contextmanager
    def __call__(self, case: Case) -> Iterator[None]:
        """Around the verb and the projections."""
        shown = list_shown(case)
        account_ids = _accounts_of(case) if shown else []
        if not account_ids:
            shown = []
        first, wrote = Reading(case, account_ids), set[str]()
        before = {name: made.read(first) for name, made in shown}
        self.card = _compare(case, shown, before, None)
        with watched(wrote, every=True):
            yield
        then = Reading(case, account_ids, is_after=True)
        after = {
            name: made.read(then) if wrote & set(made.rests_on()) else before[name] for name, made in shown
        }  # what rests on nothing that was written is not read again
        successor = _find_successor(case, shown, account_ids) if shown else None
        self.card = Card(_compare(case, shown, before, after, successor).lines, True, frozenset(wrote))


def _accounts_of(case: Case) -> list[int]:
    return sorted(target_of(case.target).accounts(case.target))


def _find_successor(case: Case, shown: list[tuple[str, Fact]], before: Sequence[int]) -> _Successor | None:
    """None where the accounts are those that they were."""
    gained = [pk for pk in _accounts_of(case) if pk not in before]
    if not gained:
        return None
    then = Reading(case, gained, is_after=True)
    seen = {name: made.read(then) for name, made in shown if made.of_account}
    return _Successor(_name_payers(before), _name_payers(gained), seen)


def _name_payers(ids: Sequence[int]) -> str:
    """By what the accounts belong to: an account of one workspace has the workspace's name, whoever pays."""
    kind = next(one for one in TARGETS.values() if one.is_account)
    found = kind.model._base_manager.filter(pk__in=ids)  # type: ignore[attr-defined]  # a target may be no model
    payers = [(kind.parents(account) or [account])[0] for account in found.order_by("pk")]
    return list_words([target_of(payer).name(payer) for payer in payers])


def _compare(
    case: Case,
    shown: list[tuple[str, Fact]],
    before: dict[str, Seen | None],
    after: dict[str, Seen | None] | None,
    successor: _Successor | None = None,
) -> Card:
    """`after` is None before anything is filled in."""
    is_own, nothing = case.actor.kind is ActorKind.CUSTOMER, Seen(NONE, None)
    lines = list[Line]()

    def add(name: str, label: str, was: Seen | None, is_now: Seen | None) -> None:
        if was is not None or is_now is not None:
            lines.append(Line(name, label, was or nothing, None if after is None else is_now or nothing))

    for name, made in shown:
        label = made.own_label if is_own else made.label
        is_now = None if after is None else after[name]
        if successor is not None and made.of_account:
            add(name, f"{label} of {successor.old}", before[name], is_now)
            add(name, f"{label} of {successor.new}", None, successor.seen[name])
        else:
            add(name, label, before[name], is_now)
    return Card(tuple(lines))


def list_shown(case: Case) -> list[tuple[str, Fact]]:
    """The facts that this actor may see, in the card's order."""
    made = sorted(FACTS.items(), key=lambda item: item[1].order)
    if case.actor.kind is not ActorKind.CUSTOMER:
        return made
    pays = Own.PAY in target_of(case.target).own_rights(case)
    return [(name, one) for name, one in made if one.own_label and (pays or not one.concerns_money)]


def add_up(cards: Sequence[Card]) -> Card:
    """Of several targets: what adds up, together. Two of one account would count twice: the caller leaves them out."""
    lines = []
    for name, made in sorted(FACTS.items(), key=lambda item: item[1].order):
        own = [line for card in cards for line in card.lines if line.name == name and line.after is not None]
        if made.say_sum and own:
            before = _sum([line.before for line in own])
            after = _sum([line.after for line in own if line.after])
            lines.append(Line(name, made.label, Seen(made.say_sum(before), before), Seen(made.say_sum(after), after)))
    return Card(tuple(lines), is_rehearsed=bool(cards))


def _sum(seen: Sequence[Seen]) -> Decimal:
    return sum((Decimal(one.value or 0) for one in seen), Decimal(0))
