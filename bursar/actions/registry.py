"""The closed registries of the door: actions, targets, projections, heralds. Filled at start-up, then frozen."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import autodiscover_modules

from bursar.access.actor import Actor
from bursar.access.rights import By
from bursar.actions.spec import Action, Case, Change, Reason, Touched
from bursar.audit.links import ERASURES, REFERENCES
from bursar.core import clock
from bursar.core.naming import NAMES
from bursar.core.options import OPTIONS, list_unknown
from bursar.core.proofs import PROOFS
from bursar.core.registry import Registry
from bursar.core.ticks import TICKS
from bursar.files.kinds import KINDS
from bursar.outbox.carriers import CARRIERS

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


def close() -> None:
    """Loads every room's declarations, checks them whole, and freezes the registries.

    Raises ImproperlyConfigured with every fault in words.
    """
    if ACTIONS.is_closed:
        return
    autodiscover_modules("actions", "jobs")
    faults = list_unknown(os.environ)
    faults += [fault for made in ACTIONS.values() for fault in list_declaration_faults(made)]
    addresses = [(made.target_slug, made.verb_name) for made in ACTIONS.values()]
    faults += APART.list_faults(TARGETS, is_whole=False)
    faults += [f"two actions share the address {a}" for a in set(addresses) if addresses.count(a) > 1]
    codes = [(made.target_slug, made.code) for made in ACTIONS.values() if made.in_menu]
    faults += [f"two actions on “{slug}” share the code “{code}”" for slug, code in _twice(codes)]
    faults += [f"a hint is given for “{name}”, which is no target" for name in LIKELY if _slug(name) not in TARGETS]
    if faults:
        raise ImproperlyConfigured("Bursar does not start: " + "; ".join(faults))
    shared = (NAMES, OPTIONS, TICKS, CARRIERS, KINDS, ERASURES, REFERENCES, PROOFS)
    for registry in (*shared, ACTIONS, TARGETS, PROJECTIONS, HERALDS, CHECKS, APART, LIKELY):
        registry.close()


def list_declaration_faults(made: Action) -> list[str]:
    """What is missing or odd in one declaration, in words."""
    faults = []
    if len(made.key.split(".")) != 3:
        return [f"{made.key}: a key is room.target.verb"]
    target = TARGETS.get(made.target_slug)
    if target is None or target.model is not made.on:
        faults.append(f"{made.key}: no target “{made.target_slug}” for {made.on.__name__}")
    if not apps.is_installed(f"bursar.{made.room}"):
        faults.append(f"{made.key}: no room “{made.room}”")
    if not made.label or not made.help.endswith("."):
        faults.append(f"{made.key}: needs a label and a help sentence")
    if not made.when.endswith("."):
        faults.append(f"{made.key}: does not say when to reach for it (`when`)")
    if (made.in_menu or made.label.endswith("…")) and not made.done:
        faults.append(f"{made.key}: does not say what it is called once it happened (`done`)")
    if made.in_menu and made.group is None:
        faults.append(f"{made.key}: stands in the menu and in none of its groups (`group`)")
    if made.in_menu and not (len(made.code) == 2 and made.code.isascii() and made.code.islower()):
        faults.append(f"{made.key}: stands in the menu without two letters that find it (`code`)")
    faults += [f"{made.key}: its inverse {key} does not exist" for key in made.inverse if key not in ACTIONS]
    strange = [key for key in made.inverse if _slug(key) != made.target_slug]
    faults += [f"{made.key}: its inverse {key} is on another target" for key in strange]
    if made.way_back and (made.in_menu or "line" not in made.form.base_fields):  # type: ignore[attr-defined]  # made so
        faults.append(f"{made.key}: a way back stands in no menu, and its form names the line (`undo.WayBack`)")
    faults += _faults_of_ending(made)
    faults += _faults_of_calls(made, target)
    if made.beside and _faults_beside(made, ACTIONS.get(made.beside)):
        faults.append(f"{made.key}: {made.beside} beside it is no action on the same target with the same form")
    if made.message is Reason.REQUIRED and not made.customer_visible:
        faults.append(f"{made.key}: asks for words to a customer who sees nothing of it")
    if made.customer_visible and made.concerns_money is None:
        faults.append(f"{made.key}: does not say whether it is about money (`concerns_money`), and customers see it")
    if any(not notice.is_for_staff for notice in made.tell) and not made.customer_visible:
        faults.append(f"{made.key}: tells customers of something they may not see")
    return faults + [f"{made.key}: {fault}" for check in CHECKS.values() for fault in check(made)]


def _faults_of_ending(made: Action) -> list[str]:
    """What people pull says how it is taken back, or what they can do instead."""
    is_pulled = (made.in_menu or made.is_for_customers) and not made.way_back
    faults = []
    if is_pulled and not (made.inverse or made.opposite or made.instead):
        faults.append(
            f"{made.key}: says neither how it is taken back nor what one can do (`inverse`, `opposite`, `instead`)"
        )
    if made.opposite and made.opposite not in ACTIONS:
        faults.append(f"{made.key}: its opposite {made.opposite} does not exist")
    fields = made.form.base_fields  # type: ignore[attr-defined]  # set by Django's form metaclass
    if strange := [name for name in made.form.rare if name not in fields]:
        faults.append(f"{made.key}: folds “{strange[0]}”, which is no field of its form (`rare`)")
    return faults


def _faults_of_calls(made: Action, target: Target | None) -> list[str]:
    faults = [f"{made.key}: calls {key}, which does not exist" for key in made.calls if key not in ACTIONS]
    faults += [
        f"{made.key}: calls {key}, which has slow work to do before the transaction (`prepare`)"
        for key in made.calls
        if key in ACTIONS and ACTIONS[key].prepare is not None
    ]
    if made.second is not None and made.prepare is not None:
        faults.append(f"{made.key}: a second person decides on it, and it has slow work to do (`prepare`)")
    if made.prepare_is_cheap and made.prepare is None:
        faults.append(f"{made.key}: says that it prepares cheaply and prepares nothing")
    if made.permission is By.CLOCK and made.prepare is not None:
        faults.append(f"{made.key}: the clock does it inside others' transactions, and it has slow work (`prepare`)")
    if made.locks is not None and target is not None and target.lock is lock_nothing:
        faults.append(f"{made.key}: locks accounts, and its target brings no lock (`lock`)")
    return faults


def _faults_beside(made: Action, other: Action | None) -> bool:
    return other is None or (other.target_slug, other.form, other.danger) != (made.target_slug, made.form, made.danger)


def _twice(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted({one for one in found if found.count(one) > 1})


def _slug(key: str) -> str:
    return key.split(".")[1]


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
