"""The end of start-up: everything is declared and whole, and the registries close; or Bursar does not start."""

from __future__ import annotations

import os

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import autodiscover_modules

from bursar.access.rights import By
from bursar.actions.registry import ACTIONS, APART, CHECKS, HERALDS, LIKELY, PROJECTIONS, TARGETS, Target, lock_nothing
from bursar.actions.spec import Action, Reason
from bursar.audit.links import ERASURES, REFERENCES
from bursar.core.naming import NAMES
from bursar.core.options import OPTIONS, list_unknown
from bursar.core.proofs import PROOFS
from bursar.core.ticks import TICKS
from bursar.files.kinds import KINDS
from bursar.outbox.carriers import CARRIERS


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
    grave = made.takes_away or made.danger or made.inverse or made.opposite or made.customer_visible or made.tell
    if made.is_harmless and (grave or not made.instead):
        faults.append(f"{made.key}: is harmless, and takes away, is taken back or told, or leaves no word (`instead`)")
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
