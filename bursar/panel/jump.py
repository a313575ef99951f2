"""⌘K: jump to any thing, page, action or line of the book; while nothing is typed, to what is at hand."""

from __future__ import annotations

import re
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor
from bursar.access.request import actor_of
from bursar.audit.pages import describe
from bursar.audit.queries import lines
from bursar.core import clock
from bursar.core.sortkey import sort_key
from bursar.panel import hits
from bursar.panel.hits import Group, Hit
from bursar.rollup.refresh import refresh
from bursar.ui.navigation import list_entries

RECENT = 6
_OUR_ID = re.compile(r"[a-z]{3}_[0-9a-z]{16}")
_PLACE = re.compile(r"[a-z_]{1,20}:[a-z]{3}_[0-9a-z]{16}")


@require_GET
def show_jump(request: HttpRequest) -> HttpResponse:
    """Without JavaScript a page of its own; else the list inside the palette.

    `on`: what one stands on. `recent`: what was opened last, as this browser remembers it. `act`: an action that was
    named alone, and for whom is asked.
    """
    actor, asked, now = actor_of(request), request.GET.get("q", "").strip()[:100], clock.now()
    on, act = request.GET.get("on", ""), request.GET.get("act", "")[:80]
    recent = [place for place in request.GET.get("recent", "")[:400].split(",") if _PLACE.fullmatch(place)]
    refresh(now)
    places = list(dict.fromkeys([*([on] if _PLACE.fullmatch(on) else []), *recent]))
    if act:
        groups = [Group(f"{act}, for whom?", hits.list_candidates(actor, act, asked, places, now))]
    elif asked:
        groups = _find(actor, asked, on, now)
    else:
        groups = _at_hand(actor, on, [place for place in recent if place != on][:RECENT], now)
    context = {"groups": [group for group in groups if group.hits], "q": asked, "act": act}
    template = "panel/_jump.html" if request.headers.get("HX-Request") else "panel/jump.html"
    return render(request, template, context)


def _at_hand(actor: Actor, on: str, recent: list[str], now: datetime) -> list[Group]:
    """While nothing is typed: where one was, what can be done here, the pages."""
    here = hits.list_actions_here(actor, "", on, now)
    lately = Group("Recent", hits.list_by_id(actor, recent, now), is_recent=True)
    return [lately, *here, Group("Pages", _pages(actor, ""))]


def _find(actor: Actor, asked: str, on: str, now: datetime) -> list[Group]:
    """What is done here comes first, then what is called so, then actions that ask for whom."""
    text = sort_key(asked)
    return [
        *hits.list_actions_here(actor, text, on, now),
        Group("Actions", hits.list_by_name(actor, text, now)),
        *hits.list_things(actor, asked, now),
        Group("Pages", _pages(actor, text)),
        Group("Actions, for whom you say", hits.list_for_whom(text)),
        Group("The book", _in_book(asked)),
    ]


def _pages(actor: Actor, text: str) -> list[Hit]:
    return [
        Hit(entry.label, "", reverse(entry.url_name), entry.icon or "file")
        for entry in list_entries()
        if entry.concerns(actor) and text in sort_key(entry.label)
    ]


def _in_book(asked: str) -> list[Hit]:
    """An id of anything leads to its lines; that of a line says which."""
    word = asked.lower()
    if not _OUR_ID.fullmatch(word):
        return []
    line = lines().filter(public_id=word).first()
    hint = describe(line)["target"] if line else ""
    return [Hit(line.label if line else f"Lines about {word}", hint, f"{reverse('panel:book')}?q={word}", "book-2")]
