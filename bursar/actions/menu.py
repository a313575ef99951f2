"""The kebab: what can be done to a row; what cannot be done now stands apart, with the sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse

from bursar.access.actor import Actor
from bursar.actions import undo
from bursar.actions.checks import why_not_permitted
from bursar.actions.finding import Keys, keys_of
from bursar.actions.models import UndoOffer
from bursar.actions.registry import ACTIONS, TARGETS, list_actions_on, list_hints, target_of
from bursar.actions.spec import Action, Case, Group
from bursar.core.naming import Said

LIKELY_AT_MOST = 3


@dataclass(frozen=True)
class Entry:
    """`kind`, `name`: of what it acts on, in words. `code`: finds it in this menu, and nothing else there.

    `why`: why it is likely what one came for; empty where nothing says so.
    """

    key: str
    label: str
    help: str
    icon: str
    url: str
    enabled: bool
    why_not: str
    takes_away: bool
    kind: str
    name: str
    code: str
    keys: Keys
    why: str = ""

    @property
    def target(self) -> str:
        return f"{self.kind} · {self.name}"

    @property
    def starts(self) -> str:
        """For the page: the steps of its keys."""
        return "|".join(";".join(texts) for texts in self.keys.starts)

    @property
    def words(self) -> str:
        return " ".join(self.keys.words)


@dataclass(frozen=True)
class Section:
    """`groups`: heading → entries, in the kebab's order; the way back stands first, under none.

    `likely`: those of all sections that the row's state makes likely; in the first section alone.
    """

    kind: str
    name: str
    slug: str
    target_id: str
    groups: dict[str, list[Entry]]
    likely: tuple[Entry, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.kind} · {self.name}"

    @property
    def entries(self) -> list[Entry]:
        return [entry for some in self.groups.values() for entry in some]

    @property
    def possible(self) -> dict[str, list[Entry]]:
        """The groups without what stands on top already, and without what is not possible now."""
        on_top = {entry.url for entry in self.likely}
        kept = {
            name: [entry for entry in some if entry.enabled and entry.url not in on_top]
            for name, some in self.groups.items()
        }
        return {name: some for name, some in kept.items() if some}

    @property
    def not_now(self) -> list[Entry]:
        return [entry for entry in self.entries if not entry.enabled]


def why_not(action: Action, case: Case) -> str | None:
    """None when the lever can be pulled now; else the one sentence that says why not."""
    sentence = why_not_permitted(action, case) or (action.blocked(case) if action.blocked else None)
    return Said(sentence) if sentence else None


def build(actor: Actor, slug: str, target_id: str, now: datetime) -> list[Section]:
    """The row's own verbs first, then those of what it belongs to (workspace → account → organisation)."""
    thing, beside = TARGETS[slug].fetch(actor, target_id), dict[str, Any]()
    cases = [Case(actor, part, now, beside=beside) for part in [thing, *TARGETS[slug].parents(thing)]]
    codes, offers = Codes(), undo.list_newest_offers([case.target.public_id for case in cases], now)
    made = [_section(case, codes, offers.get(case.target.public_id)) for case in cases]
    sections = [section for section in made if section.groups]
    if not sections:
        return []
    likely = _list_likely(cases, sections, codes)
    return [replace(section, likely=likely if section is sections[0] else ()) for section in sections]


class Codes:
    """The letters by which the entries of one menu are found, each taken once: the nearest target's as declared, those
    of what it belongs to with the first letter of its kind before them where the nearer one has the same.
    """

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def take(self, action: Action) -> str:
        """Empty where both are taken: of two requests of one workspace the first alone has them."""
        choice = (action.code, f"{action.target_slug[0]}{action.code}")
        code = next((code for code in choice if code not in self.taken), "")
        self.taken.add(code)
        return code


def _section(case: Case, codes: Codes, offer: UndoOffer | None) -> Section:
    kind = target_of(case.target)
    levers = [action for action in list_actions_on(kind.slug) if action.in_menu]
    made = {lever.key: _entry(lever, case, codes.take(lever)) for lever in levers}
    groups = {group.value: [made[lever.key] for lever in levers if lever.group is group] for group in Group}
    entries = {"": _undo_entry(case, offer), **groups}
    shown = {name: some for name, some in entries.items() if some}
    return Section(kind.label.capitalize(), kind.name(case.target), kind.slug, case.target.public_id, shown)


def _entry(action: Action, case: Case, code: str) -> Entry:
    kind, sentence = target_of(case.target), why_not(action, case)
    name = kind.name(case.target)
    return Entry(
        key=action.key,
        label=action.label,
        help=action.help,
        icon=action.icon,
        url=reverse("actions:dialog", args=[action.target_slug, case.target.public_id, action.verb_name]),
        enabled=sentence is None,
        why_not=sentence or "",
        takes_away=action.takes_away,
        kind=kind.label.capitalize(),
        name=name,
        code=code,
        keys=action.keys_beside(code, f"{kind.label} {name}"),
    )


def _list_likely(cases: Iterable[Case], sections: Iterable[Section], codes: Codes) -> tuple[Entry, ...]:
    """At most three that are possible, each once: where somebody waits first, then the row's own state."""
    known = {entry.key: entry for section in sections for entry in section.entries}
    hints = [(case, hint) for case in cases for hint in list_hints(case)]
    found: dict[str, Entry] = {}
    for case, hint in sorted(hints, key=lambda pair: not pair[1].waits):
        if len(found) == LIKELY_AT_MOST:
            break
        entry = known.get(hint.key) if hint.on is None else _entry_elsewhere(hint.key, hint.on, case, codes)
        if entry is not None and entry.enabled and entry.url not in found:
            found[entry.url] = replace(entry, why=hint.why)
    return tuple(found.values())


def _entry_elsewhere(key: str, thing: Any, case: Case, codes: Codes) -> Entry | None:
    loaded = case.share(f"of {thing.public_id}", dict[str, Any])
    other = replace(case, target=thing, cache=loaded)
    action = ACTIONS[key]
    return None if why_not(action, other) else _entry(action, other, codes.take(action))


def _undo_entry(case: Case, made: UndoOffer | None) -> list[Entry]:
    """“Undo …” on top, while the last action on this target can be taken back by this actor."""
    if made is None or why_not(ACTIONS[made.key], case):
        return []
    back, title = _entry(ACTIONS[made.key], case, ""), f"Undo “{ACTIONS[made.of_key].title}”"
    return [
        replace(
            back,
            label=f"{title}…",
            help="Brings back what was before; it asks for a reason, as every action.",
            icon="arrow-back",
            url=undo_url(made.key, made.target_id, made.line_id),
            takes_away=False,
            keys=keys_of(title, "", (), f"{back.kind} {back.name}"),
        )
    ]


def undo_url(key: str, target_id: str, line_id: str) -> str:
    """The dialog of the inverse `key`, filled in with what takes the line back."""
    action = ACTIONS[key]
    address = reverse("actions:dialog", args=[action.target_slug, target_id, action.verb_name])
    return f"{address}?undo={line_id}"
