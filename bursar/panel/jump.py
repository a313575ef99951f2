"""⌘K: jump to any thing, page, action or line of the book, by name, address or id."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor
from bursar.access.request import actor_of
from bursar.actions import menu
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.spec import Action
from bursar.audit.pages import describe
from bursar.audit.queries import lines
from bursar.core import clock
from bursar.core.days import say_day
from bursar.core.errors import NotFound
from bursar.core.sortkey import sort_key
from bursar.rollup.apart import tell_accounts_apart
from bursar.rollup.refresh import refresh
from bursar.tenants.models import BillingAccount
from bursar.tenants.search import find_accounts, find_organisations, find_people, find_workspaces
from bursar.training.models import SessionState, TrainingSession
from bursar.training.queries.search import find_sessions, find_trainings
from bursar.ui.navigation import list_entries

EACH = 6
FINDERS: dict[str, Callable[[Actor, str, int], list[Any]]] = {
    "account": find_accounts,
    "workspace": find_workspaces,
    "organisation": find_organisations,
}
_OUR_ID = re.compile(r"[a-z]{3}_[0-9a-z]{16}")


@dataclass(frozen=True)
class Hit:
    """`is_dialog`: opens in place instead of leaving the page. `fills`: asks on, with this in the palette's field."""

    kind: str
    label: str
    hint: str
    url: str
    is_dialog: bool = False
    fills: str = ""


@require_GET
def show_jump(request: HttpRequest) -> HttpResponse:
    """Without JavaScript a page of its own; else the list inside the palette."""
    actor, asked, now = actor_of(request), request.GET.get("q", "").strip()[:100], clock.now()
    text = sort_key(asked)
    refresh(now)
    actions = _actions(actor, text, request.GET.get("on", ""), now)
    hits = [*actions, *_pages(actor, text), *_things(actor, asked, now), *_in_book(asked)]
    hits += [] if actions else _for_whom(text)
    template = "panel/_jump.html" if request.headers.get("HX-Request") else "panel/jump.html"
    return render(request, template, {"hits": hits, "q": request.GET.get("q", "")})


def _pages(actor: Actor, text: str) -> list[Hit]:
    return [
        Hit("Page", entry.label, "", reverse(entry.url_name))
        for entry in list_entries()
        if entry.concerns(actor) and text in sort_key(entry.label)
    ]


def _in_book(asked: str) -> list[Hit]:
    """An id of anything leads to its lines; that of a line says which."""
    word = asked.lower()
    if not _OUR_ID.fullmatch(word):
        return []
    line = lines().filter(public_id=word).first()
    url = f"{reverse('panel:book')}?q={word}"
    return [Hit("Book", line.label if line else f"Lines about {word}", describe(line)["target"] if line else "", url)]


def _things(actor: Actor, asked: str, now: datetime) -> list[Hit]:
    if len(sort_key(asked)) < 2:
        return []
    accounts, workspaces = find_accounts(actor, asked, EACH), find_workspaces(actor, asked, EACH)
    hits = [
        Hit("Account", str(account), hint, reverse("panel:account", args=[account.public_id]))
        for account, hint in zip(accounts, _hints(accounts, accounts, now), strict=True)
    ]
    hits += [
        Hit("Workspace", ws.name, hint, reverse("panel:workspace", args=[ws.public_id]))
        for ws, hint in zip(workspaces, _hints(workspaces, [ws.account for ws in workspaces], now), strict=True)
    ]
    hits += [
        Hit("Organisation", org.name, org.country, reverse("panel:organisation", args=[org.public_id]))
        for org in find_organisations(actor, asked, EACH)
    ]
    hits += [
        Hit("Person", person.name, person.email, reverse("panel:person", args=[person.public_id]))
        for person in find_people(actor, asked, EACH)
    ]
    return [*hits, *_trainings(actor, asked)]


def _trainings(actor: Actor, asked: str) -> list[Hit]:
    catalogue = reverse("training:catalogue")
    hits = [
        Hit("Training", row.title, "retired" if row.retired_at else "", f"{catalogue}#{row.public_id}")
        for row in find_trainings(actor, asked, EACH)
    ]
    return hits + [
        Hit("Session", str(row.training), _say_session(row), reverse("training:session", args=[row.public_id]))
        for row in find_sessions(actor, asked, EACH)
    ]


def _say_session(row: TrainingSession) -> str:
    """ "Gemeente Haarlem · held on 1 October 2026" """
    held = f"held on {say_day(row.held_on)}" if row.held_on else ""
    planned = f"on {say_day(row.starts_at)}" if row.starts_at and row.state == SessionState.SCHEDULED else ""
    return f"{row.organisation.name} · {held or planned or row.get_state_display()}"


def _hints(things: Sequence[object], accounts: Sequence[BillingAccount], now: datetime) -> list[str]:
    """Beside each thing: its organisation and account where they are called otherwise; class, MRR and contact."""
    worth = tell_accounts_apart([account.pk for account in accounts], now)
    hints = []
    for thing, account in zip(things, accounts, strict=True):
        names = dict.fromkeys([account.organisation.name, str(account)])
        hints.append(" · ".join(filter(None, [*(name for name in names if name != str(thing)), worth.get(account.pk)])))
    return hints


def _actions(actor: Actor, text: str, on: str, now: datetime) -> list[Hit]:
    """Those of the row one is on; else “discount haarlem”: an action's name, then the name of what it acts on."""
    slug, _, target_id = on.partition(":")
    here = _on_subject(actor, text, slug, target_id, now) if slug in TARGETS and target_id else []
    return here or _by_name(actor, text, now)


def _levers(text: str) -> list[Action]:
    """The kebab's actions that are called so, on what the palette finds by name."""
    return [a for a in ACTIONS.values() if a.in_menu and a.target_slug in FINDERS and text in sort_key(a.title)]


def _by_name(actor: Actor, text: str, now: datetime) -> list[Hit]:
    words = text.split()
    for cut in range(len(words) - 1, 0, -1):
        levers, name = _levers(" ".join(words[:cut])), " ".join(words[cut:])
        if levers:
            slugs = dict.fromkeys(lever.target_slug for lever in levers)
            found = {slug: FINDERS[slug](actor, name, EACH) for slug in slugs}
            return _pull(levers, found, now)[: 2 * EACH]
    return []


def _pull(levers: list[Action], found: dict[str, list[Any]], now: datetime) -> list[Hit]:
    hits = []
    for slug, things in found.items():
        accounts = [thing if slug == "account" else thing.account for thing in things if slug != "organisation"]
        hints = _hints(things, accounts, now) if accounts else [""] * len(things)
        for thing, more in zip(things, hints, strict=True):
            hint = " · ".join(filter(None, [str(thing), more]))
            for lever in (lever for lever in levers if lever.target_slug == slug):
                url = reverse("actions:dialog", args=[slug, thing.public_id, lever.verb_name])
                hits.append(Hit("Action", lever.label, hint, url, is_dialog=True))
    return hits


def _for_whom(text: str) -> list[Hit]:
    """An action that was named without a name: the palette asks on."""
    if len(text) < 3:
        return []
    kinds: dict[str, list[str]] = {}
    for lever in _levers(text):
        kinds.setdefault(lever.title, []).append(TARGETS[lever.target_slug].label)
    return [
        Hit("Action", title, f"for which {' or '.join(names)}? Type its name", _ask_on(title), fills=f"{title} ")
        for title, names in kinds.items()
    ][:EACH]


def _ask_on(title: str) -> str:
    return f"{reverse('panel:jump')}?{urlencode({'q': title + ' '})}"


def _on_subject(actor: Actor, text: str, slug: str, target_id: str, now: datetime) -> list[Hit]:
    try:
        sections = menu.build(actor, slug, target_id, now)
    except NotFound:
        return []
    entries = [(section, entry) for section in sections for entry in section.entries if entry.enabled]
    return [
        Hit("Action", entry.label, section.title, entry.url, is_dialog=True)
        for section, entry in entries
        if text in sort_key(entry.label)
    ][: 2 * EACH]
