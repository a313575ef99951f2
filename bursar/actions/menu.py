"""The kebab: what can be done to a row, greyed with the sentence where it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from bursar.access.actor import Actor
from bursar.actions import undo
from bursar.actions.checks import why_not_permitted
from bursar.actions.registry import ACTIONS, TARGETS, list_actions_on, target_of
from bursar.actions.spec import Action, Case, Group
from bursar.core.naming import Said


@dataclass(frozen=True)
class Entry:
    label: str
    help: str
    icon: str
    url: str
    enabled: bool
    why_not: str
    takes_away: bool


@dataclass(frozen=True)
class Section:
    """`groups`: heading → entries, in the kebab's order; the way back stands first, under none."""

    title: str
    target_id: str
    groups: dict[str, list[Entry]]

    @property
    def entries(self) -> list[Entry]:
        return [entry for some in self.groups.values() for entry in some]


def why_not(action: Action, case: Case) -> str | None:
    """None when the lever can be pulled now; else the one sentence that says why not."""
    sentence = why_not_permitted(action, case) or (action.blocked(case) if action.blocked else None)
    return Said(sentence) if sentence else None


def build(actor: Actor, slug: str, target_id: str, now: datetime) -> list[Section]:
    """The row's own verbs first, then those of what it belongs to (workspace → account → organisation)."""
    thing = TARGETS[slug].fetch(actor, target_id)
    return [made for part in [thing, *TARGETS[slug].parents(thing)] if (made := _section(actor, part, now)).groups]


def _section(actor: Actor, thing: Any, now: datetime) -> Section:
    kind = target_of(thing)
    case = Case(actor, thing, now)
    levers = [action for action in list_actions_on(kind.slug) if action.in_menu]
    groups = {group.value: [_entry(lever, case) for lever in levers if lever.group is group] for group in Group}
    entries = {"": _undo_entry(case), **groups}
    shown = {name: some for name, some in entries.items() if some}
    return Section(f"{kind.label.capitalize()} · {kind.name(thing)}", thing.public_id, shown)


def _entry(action: Action, case: Case) -> Entry:
    sentence = why_not(action, case)
    url = reverse("actions:dialog", args=[action.target_slug, case.target.public_id, action.verb_name])
    return Entry(action.label, action.help, action.icon, url, sentence is None, sentence or "", action.takes_away)


def _undo_entry(case: Case) -> list[Entry]:
    """“Undo …” on top, while the last action on this target can be taken back by this actor."""
    made = undo.get_offer(case.target.public_id, case.now)
    if made is None or why_not(ACTIONS[made.key], case):
        return []
    action = ACTIONS[made.of_key]
    words = "Brings back what was before; it asks for a reason, as every action."
    return [
        Entry(
            f"Undo “{action.title}”…",
            words,
            "arrow-back",
            undo_url(made.key, made.target_id, made.line_id),
            True,
            "",
            False,
        )
    ]


def undo_url(key: str, target_id: str, line_id: str) -> str:
    """The dialog of the inverse `key`, filled in with what takes the line back."""
    action = ACTIONS[key]
    address = reverse("actions:dialog", args=[action.target_slug, target_id, action.verb_name])
    return f"{address}?undo={line_id}"
