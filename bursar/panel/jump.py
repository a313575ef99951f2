"""⌘K: jump to any thing, page, action or line of the book, by name, address or id."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
from bursar.core.errors import NotFound
from bursar.core.sortkey import sort_key
from bursar.tenants.models import BillingAccount
from bursar.tenants.search import find_accounts, find_organisations, find_people, find_workspaces
from bursar.ui.navigation import list_entries

EACH = 6
_OUR_ID = re.compile(r"[a-z]{3}_[0-9a-z]{16}")


@dataclass(frozen=True)
class Hit:
    """`is_dialog`: opens in place instead of leaving the page."""

    kind: str
    label: str
    hint: str
    url: str
    is_dialog: bool = False


@require_GET
def show_jump(request: HttpRequest) -> HttpResponse:
    """Without JavaScript a page of its own; else the list inside the palette."""
    actor, asked = actor_of(request), request.GET.get("q", "").strip()[:100]
    text = sort_key(asked)
    hits = [*_actions(actor, text, request.GET.get("on", "")), *_pages(actor, text)]
    hits += [*_things(actor, asked), *_in_book(asked)]
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


def _things(actor: Actor, asked: str) -> list[Hit]:
    if len(sort_key(asked)) < 2:
        return []
    hits = [
        Hit("Account", str(account), account.organisation.name, reverse("panel:account", args=[account.public_id]))
        for account in find_accounts(actor, asked, EACH)
    ]
    hits += [
        Hit("Workspace", ws.name, str(ws.account), reverse("panel:workspace", args=[ws.public_id]))
        for ws in find_workspaces(actor, asked, EACH)
    ]
    hits += [
        Hit("Organisation", org.name, org.country, reverse("panel:organisation", args=[org.public_id]))
        for org in find_organisations(actor, asked, EACH)
    ]
    hits += [
        Hit("Person", person.name, person.email, reverse("panel:person", args=[person.public_id]))
        for person in find_people(actor, asked, EACH)
    ]
    return hits


def _actions(actor: Actor, text: str, on: str) -> list[Hit]:
    """Those of the row one is on; else “discount haarlem”: an action's name, then an account's."""
    slug, _, target_id = on.partition(":")
    here = _on_subject(actor, text, slug, target_id) if slug in TARGETS and target_id else []
    return here or _by_name(actor, text)


def _by_name(actor: Actor, text: str) -> list[Hit]:
    words = text.split()
    for cut in range(len(words) - 1, 0, -1):
        verb, name = " ".join(words[:cut]), " ".join(words[cut:])
        found = [a for a in ACTIONS.values() if a.target_slug == "account" and a.in_menu and verb in sort_key(a.title)]
        if found:
            accounts = find_accounts(actor, name, EACH)
            return [_hit(action, account) for account in accounts for action in found][: 2 * EACH]
    return []


def _on_subject(actor: Actor, text: str, slug: str, target_id: str) -> list[Hit]:
    try:
        sections = menu.build(actor, slug, target_id, clock.now())
    except NotFound:
        return []
    entries = [(section, entry) for section in sections for entry in section.entries if entry.enabled]
    return [
        Hit("Action", entry.label, section.title, entry.url, True)
        for section, entry in entries
        if text in sort_key(entry.label)
    ][: 2 * EACH]


def _hit(action: Action, account: BillingAccount) -> Hit:
    url = reverse("actions:dialog", args=["account", account.public_id, action.verb_name])
    return Hit("Action", action.label, str(account), url, True)
