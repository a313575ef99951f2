"""What ⌘K finds: things by name, address or id; actions of a thing; actions by name, and for whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from bursar.access.actor import Actor
from bursar.actions import menu
from bursar.actions.finding import find
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.spec import Action
from bursar.billing.models import Invoice
from bursar.core.days import say_day
from bursar.core.errors import NotFound
from bursar.core.sortkey import sort_key
from bursar.rollup.apart import tell_accounts_apart
from bursar.tenants.models import BillingAccount, Organisation, Person, Workspace
from bursar.tenants.queries import accounts_for, workspaces_for
from bursar.tenants.search import find_accounts, find_organisations, find_people, find_workspaces
from bursar.training.models import SessionState, TrainingSession
from bursar.training.queries.search import find_sessions, find_trainings

EACH = 6
TRAINING, SESSION = "training", "session"
FINDERS: dict[str, Callable[[Actor, str, int], list[Any]]] = {
    "account": find_accounts,
    "workspace": find_workspaces,
    "organisation": find_organisations,
}
ICONS = {"account": "building-bank", "workspace": "layout-board", "organisation": "building", "person": "user"}


@dataclass(frozen=True)
class Hit:
    """`is_dialog`: opens in place instead of leaving the page. `asks`: the palette asks on, for whom, with this action.
    `kind`: what it is, where its group does not say.
    """

    label: str
    hint: str
    url: str
    icon: str
    kind: str = ""
    is_dialog: bool = False
    asks: str = ""


@dataclass(frozen=True)
class Group:
    heading: str
    hits: list[Hit]
    is_recent: bool = False


def list_things(actor: Actor, asked: str, now: datetime) -> list[Group]:
    """By two letters of a name, an address, a number or an id."""
    if len(sort_key(asked)) < 2:
        return []
    things = [
        *find_accounts(actor, asked, EACH),
        *find_workspaces(actor, asked, EACH),
        *find_organisations(actor, asked, EACH),
        *find_people(actor, asked, EACH),
    ]
    hits = show_things(things, now)
    groups: dict[str, list[Hit]] = {}
    for thing, hit in zip(things, hits, strict=True):
        groups.setdefault(f"{TARGETS[_slug(thing)].label.capitalize()}s", []).append(hit)
    return [
        *(Group(heading, some) for heading, some in groups.items()),
        Group("Invoices", _invoices(actor, asked)),
        Group("Trainings", _trainings(actor, asked)),
    ]


def _slug(thing: Any) -> str:
    kinds = {BillingAccount: "account", Workspace: "workspace", Organisation: "organisation", Person: "person"}
    return kinds[type(thing)]


def show_things(things: Sequence[Any], now: datetime, *, with_kind: bool = False) -> list[Hit]:
    """Each with what tells it from others of the same name; by three statements, however many there are."""
    accounts = [thing if isinstance(thing, BillingAccount) else getattr(thing, "account", None) for thing in things]
    worth = tell_accounts_apart([account.pk for account in accounts if account], now) if any(accounts) else {}
    hits = []
    for thing, account in zip(things, accounts, strict=True):
        slug = _slug(thing)
        url = reverse(f"panel:{slug}", args=[thing.public_id])
        kind = TARGETS[slug].label if with_kind else ""
        hits.append(Hit(_name(thing), _hint(thing, account, worth), url, ICONS[slug], kind))
    return hits


def _name(thing: Any) -> str:
    return str(thing) if isinstance(thing, BillingAccount) else str(thing.name)


def _hint(thing: Any, account: BillingAccount | None, worth: dict[int, str]) -> str:
    """Its organisation and account where they are called otherwise; class, MRR and contact; an address."""
    if account is None:
        return str(thing.email if isinstance(thing, Person) else thing.country)
    names = dict.fromkeys([account.organisation.name, str(account)])
    return " · ".join(filter(None, [*(name for name in names if name != _name(thing)), worth.get(account.pk, "")]))


def list_by_id(actor: Actor, places: Iterable[str], now: datetime) -> list[Hit]:
    """Of “account:acc_…” and the like those that this actor finds, in their order; by one statement a kind."""
    wanted: dict[str, list[str]] = {}
    for place in places:
        slug, _, public_id = place.partition(":")
        wanted.setdefault(slug, []).append(public_id)
    found: dict[str, Any] = {}
    for slug, ids in wanted.items():
        if slug in _OF_KIND:
            found |= {f"{slug}:{thing.public_id}": thing for thing in _OF_KIND[slug](actor).filter(public_id__in=ids)}
    return show_things([found[place] for place in places if place in found], now, with_kind=True)


def _all_of(model: Any) -> Callable[[Actor], Any]:
    return lambda actor: model.objects.all() if actor.all_accounts else model.objects.none()


_OF_KIND: dict[str, Callable[[Actor], Any]] = {
    "account": accounts_for,
    "workspace": workspaces_for,
    "organisation": _all_of(Organisation),
    "person": _all_of(Person),
}


def _invoices(actor: Actor, asked: str) -> list[Hit]:
    """By the beginning of the number."""
    if not actor.all_accounts or not re.search(r"\d", asked):
        return []
    found = Invoice.objects.filter(number__startswith=asked.strip().upper()).select_related("account__organisation")
    return [
        Hit(row.number, str(row.account), reverse("panel:invoice", args=[row.public_id]), "file-invoice")
        for row in found.order_by("-number")[:EACH]
    ]


def _trainings(actor: Actor, asked: str) -> list[Hit]:
    catalogue = reverse("training:catalogue")
    hits = [
        Hit(row.title, "retired" if row.retired_at else "", f"{catalogue}#{row.public_id}", "school", TRAINING)
        for row in find_trainings(actor, asked, EACH)
    ]
    return hits + [
        Hit(
            str(row.training),
            _say_session(row),
            reverse("training:session", args=[row.public_id]),
            "calendar",
            SESSION,
        )
        for row in find_sessions(actor, asked, EACH)
    ]


def _say_session(row: TrainingSession) -> str:
    """ "Gemeente Haarlem · held on 1 October 2026" """
    held = f"held on {say_day(row.held_on)}" if row.held_on else ""
    planned = f"on {say_day(row.starts_at)}" if row.starts_at and row.state == SessionState.SCHEDULED else ""
    return f"{row.organisation.name} · {held or planned or row.get_state_display()}"


def list_actions_here(actor: Actor, text: str, on: str, now: datetime) -> list[Group]:
    """Those of the row or the page one is on that can be pulled now, the likely ones and the nearest first."""
    slug, _, target_id = on.partition(":")
    if slug not in TARGETS or not target_id:
        return []
    try:
        sections = menu.build(actor, slug, target_id, now)
    except NotFound:
        return []
    likely = [entry for section in sections for entry in section.likely]
    entries = [entry for section in sections for entry in section.entries if entry.enabled and entry not in likely]
    near = find([*likely, *entries], text) if text else [*likely, *entries]
    groups: dict[str, list[Hit]] = {}
    for entry in near[: 2 * EACH]:
        hit = Hit(entry.label, "", entry.url, entry.icon, is_dialog=True)
        groups.setdefault(entry.target, []).append(hit)
    return [Group(heading, hits) for heading, hits in groups.items()]


def _levers() -> list[Action]:
    """The kebab's actions on what the palette finds by name."""
    return [made for made in ACTIONS.values() if made.in_menu and made.target_slug in FINDERS]


def list_for_whom(text: str) -> list[Hit]:
    """Actions that are called so, or were: the palette asks on."""
    kinds: dict[str, list[str]] = {}
    icons: dict[str, str] = {}
    for lever in find(_levers(), text) if len(text) >= 2 else []:
        kinds.setdefault(lever.title, []).append(TARGETS[lever.target_slug].label)
        icons.setdefault(lever.title, lever.icon)
    url = reverse("panel:jump")
    return [
        Hit(title, f"for which {' or '.join(names)}?", f"{url}?{urlencode({'act': title})}", icons[title], asks=title)
        for title, names in kinds.items()
    ][:EACH]


def list_candidates(actor: Actor, act: str, asked: str, places: Iterable[str], now: datetime) -> list[Hit]:
    """For whom `act` (an action's name) is: those that are called so; while nothing is typed, the places at hand."""
    levers = [made for made in _levers() if made.title == act]
    slugs = dict.fromkeys(made.target_slug for made in levers)
    if not asked.strip():
        near = [place for place in places if place.partition(":")[0] in slugs]
        things = _things_at(actor, near)
    else:
        things = [thing for slug in slugs for thing in FINDERS[slug](actor, asked, EACH)]
    return _pull(levers, things, now, by_thing=True)


def _things_at(actor: Actor, places: list[str]) -> list[Any]:
    found = []
    for slug in dict.fromkeys(place.partition(":")[0] for place in places):
        ids = [place.partition(":")[2] for place in places if place.startswith(f"{slug}:")]
        found += list(_OF_KIND[slug](actor).filter(public_id__in=ids))
    return sorted(found, key=lambda thing: places.index(f"{_slug(thing)}:{thing.public_id}"))


def list_by_name(actor: Actor, text: str, now: datetime) -> list[Hit]:
    """ "discount haarlem": an action's name, then the name of what it acts on."""
    words = text.split()
    for cut in range(len(words) - 1, 0, -1):
        levers, name = find(_levers(), " ".join(words[:cut])), " ".join(words[cut:])
        if levers and len(name) > 1:
            slugs = dict.fromkeys(lever.target_slug for lever in levers)
            return _pull(levers, [thing for slug in slugs for thing in FINDERS[slug](actor, name, EACH)], now)
    return []


def _pull(levers: list[Action], things: list[Any], now: datetime, *, by_thing: bool = False) -> list[Hit]:
    """The levers' dialogs. `by_thing`: the action is known, and each is called what it would be done to."""
    found = []
    for thing, shown in zip(things, show_things(things, now, with_kind=True), strict=True):
        slug = _slug(thing)
        for lever in (lever for lever in levers if lever.target_slug == slug):
            url = reverse("actions:dialog", args=[slug, thing.public_id, lever.verb_name])
            hint = " · ".join(filter(None, [shown.label, shown.hint]))
            hit = replace(shown, url=url, is_dialog=True)
            found.append(hit if by_thing else replace(hit, label=lever.label, hint=hint, icon=lever.icon))
    return found[: 2 * EACH]
