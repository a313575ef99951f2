"""The closed registries of the door: actions, targets, projections, heralds. Filled at start-up (`closing.py`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from bursar.access.actor import Actor
from bursar.actions.spec import Action, Case, Change, Touched
from bursar.core import clock
from bursar.core.registry import Registry

Verb = Callable[..., Any]
Lock = Callable[[list[int]], datetime]


def lock_nothing(account_ids: list[int]) -> datetime:
    """For targets that stand on no account. Raises RuntimeError for one that does and brings no lock."""
    if account_ids:
        raise RuntimeError("A target with accounts declares how they are locked (`lock`).")
    return clock.now()


@dataclass(frozen=True)
class Target:
    """A kind of thing that actions act on.

    fetch: through the actor's scope, by public id; raises NotFound.  accounts: keys of the billing accounts to lock.
    lock: locks those accounts, given in id order, moves their clocks on and returns the action's instant. is_account:
    the target is such an account itself, so nothing of it is left to lock.
    stream: where its lines stand in the book.  parents: what the kebab lists after it.  touches: ids for timelines.
    name: what the menu and the dialog call it; the book keeps `str`, which must hold nothing that would be erased.
    own_rights: what a customer's role opens there, of `Own`; the actor of the case wears the customer's hat.
    page, own_page: names of the addresses, taking the public id, where staff and customers look at it. leads: a line
    that touches one is looked at there, whatever its own target is.
    """

    slug: str
    model: type
    label: str
    fetch: Callable[[Actor, str], Any]
    accounts: Callable[[Any], Iterable[int]]
    stream: Callable[[Any], str]
    touches: Callable[[Any], list[str]]
    parents: Callable[[Any], list[Any]] = lambda target: []
    page: str = ""
    own_page: str = ""
    leads: bool = False
    name: Callable[[Any], str] = str
    lock: Lock = lock_nothing
    is_account: bool = False
    own_rights: Callable[[Case], Collection[str]] = lambda case: ()


class Hint(NamedTuple):
    """An action that is likely what somebody opens the kebab for. `why`: a few words, shown beside it: “at cap”.

    `on`: what it acts on, where that is none of what the kebab is about but hangs on it, such as a request.
    `waits`: somebody waits for an answer; such hints come first.
    """

    key: str
    why: str
    on: Any = None
    waits: bool = False


Projection = Callable[[Touched, Case, bool], list[Change]]
Tell = Callable[[str, Any, dict[str, Any]], object]
Herald = Callable[[list[int], datetime, Tell, dict[str, Any]], None]
Apart = Callable[[Any, datetime], str]
Likely = Callable[[Case], Iterable[Hint]]

Check = Callable[[Action], list[str]]

ACTIONS: Registry[Action] = Registry("action")
TARGETS: Registry[Target] = Registry("target")
PROJECTIONS: Registry[Projection] = Registry("projection")
HERALDS: Registry[Herald] = Registry("herald")
CHECKS: Registry[Check] = Registry("check")
APART: Registry[Apart] = Registry("way to tell targets apart")
LIKELY: Registry[Likely] = Registry("hint of what is likely")


def action(**declaration: Any) -> Callable[[Verb], Verb]:
    """Declares an action; the decorated function is its verb: `(act, target, data) -> Outcome`."""

    def register(verb: Verb) -> Verb:
        made = Action(verb=verb, **declaration)
        ACTIONS.add(made.key, made)
        return verb

    return register


def register_target(target: Target) -> None:
    TARGETS.add(target.slug, target)


def projection(name: str) -> Callable[[Projection], Projection]:
    """Registers what brings derived rows up to date: `(touched, case, later) -> effects`; `later` only marks.

    They run in street order, which is the order of start-up. What the case has loaded may be used where
    `case.unread` says that it is stored like that still.
    """

    def register(function: Projection) -> Projection:
        return PROJECTIONS.add(name, function)

    return register


def herald(name: str) -> Callable[[Herald], Herald]:
    """Registers who tells what the clock did to accounts: `(account ids, now, tell, held)`, under their lock.

    The door calls them before every action on these accounts, so that what happened by itself is told before what was
    done after it. `tell(key, target, data)` performs an action as the system, in the same transaction. `held`: as the
    case has it; what is loaded of the accounts goes in there, for the actions told and for the one that follows.
    """

    def register(function: Herald) -> Herald:
        return HERALDS.add(name, function)

    return register


def apart(slug: str) -> Callable[[Apart], Apart]:
    """Registers, from a higher room, what tells this kind of target from others of the same name: `(target, now)`."""

    def register(function: Apart) -> Apart:
        return APART.add(slug, function)

    return register


def likely(room: str, slug: str) -> Callable[[Likely], Likely]:
    """Registers which actions the state of such a target makes likely, from the room that knows the state.

    `(case) -> hints`, the likeliest first; also of actions on what the target belongs to. Those that are blocked are
    left out by the kebab. It may load what the predicates of the same case load (`case.once`), and little more.
    """

    def register(function: Likely) -> Likely:
        return LIKELY.add(f"{room}.{slug}", function)

    return register


def list_hints(case: Case) -> list[Hint]:
    """What the state of the case's target makes likely; where somebody waits first, then in the order of the street."""
    slug = target_of(case.target).slug
    found = [hint for name, hints in LIKELY.items() if name.partition(".")[2] == slug for hint in hints(case)]
    return sorted(found, key=lambda hint: not hint.waits)


def tell_apart(target: Any, now: datetime) -> str:
    """In a few words; empty where nothing is known."""
    words = APART.get(target_of(target).slug)
    return words(target, now) if words else ""


def declaration_check(name: str) -> Callable[[Check], Check]:
    """Registers what a room above asks of every declaration: what is wrong with it, in words."""

    def register(function: Check) -> Check:
        return CHECKS.add(name, function)

    return register


def get_action(target_slug: str, verb_name: str) -> Action | None:
    for made in ACTIONS.values():
        if (made.target_slug, made.verb_name) == (target_slug, verb_name):
            return made
    return None


def is_inverse(key: str) -> bool:
    """Whether some action is taken back by this one."""
    return any(key in made.inverse for made in ACTIONS.values())


def list_actions_on(slug: str) -> list[Action]:
    return [made for made in ACTIONS.values() if made.target_slug == slug]


def target_of(thing: Any) -> Target:
    for target in TARGETS.values():
        if isinstance(thing, target.model):
            return target
    raise LookupError(f"Nothing acts on {type(thing).__name__}.")
