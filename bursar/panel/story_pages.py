"""The story beside a page, and its parts: what is fetched when a kind is picked, when older entries are asked for, and
when something changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.panel.story import chosen, kinds_of, read_story
from bursar.tenants.queries import get_account, get_organisation, get_person, get_workspace
from bursar.ui.sections import Look
from bursar.ui.story import Told, read_place

SHOWN = 25
MOST = 300
"""How many are fetched again at once when something changed; whoever read further goes on from there."""
FOLDED_TO = 5
"""How many a phone shows until one asks for all."""
KIND, AT, BEFORE, ORIGIN, DOWN_TO, WHOLE, PART = "kind", "at", "before", "origin", "down", "whole", "part"


def show(look: Look, slug: str) -> dict[str, Any]:
    """For `panel/_story.html`: the newest, or what the address asks for. `kind`: which. `before`: those after that one.
    `at`: from that one on. `down`: no further than that one, and `whole`: to the end, for what is read already. `part`:
    what follows `before`, to be added to a story that began after `origin`.
    """
    asked, kinds = look.asked, chosen(look, look.asked.getlist(KIND))
    at, before, down_to = (read_place(asked.get(name, ""), kinds) for name in (AT, BEFORE, DOWN_TO))
    start = before or (at and at._replace(key=at.key + 1))
    origin = asked.get(ORIGIN if asked.get(PART) else BEFORE, "")
    most = MOST if down_to or asked.get(WHOLE) else SHOWN
    part = read_story(look, kinds, most, before=start, down_to=down_to)
    picked = [kind.key for kind in kinds] if len(kinds) < len(chosen(look, ())) else []
    addresses, last = Addresses(look, slug, picked), part.told[-1].cursor if part.told else ""
    goes_on = part.has_more and bool(last)
    kept = {AT: asked.get(AT, ""), BEFORE: origin} | ({DOWN_TO: last} if goes_on else {WHOLE: "1"})
    return {
        "groups": group(part.told, before.at if before and asked.get(PART) else None),
        "chips": _chips(look, addresses, picked),
        "empty": kinds[0].empty if len(picked) == 1 else "Nothing happened here yet.",
        "older_url": addresses.page({BEFORE: last}) if goes_on else "",
        "older_part": addresses.part({AT: kept[AT], ORIGIN: origin, BEFORE: last, PART: "older"}) if goes_on else "",
        "refresh_url": addresses.part(kept),
        "newest_url": addresses.page({}) if start and not asked.get(PART) else "",
        "entry_url": addresses.page({AT: ""}) + ("&" if picked else "?") + f"{AT}=",
    }


class Addresses:
    """Of one thing's page and of the story's part of it, with the picked kinds."""

    def __init__(self, look: Look, slug: str, picked: Sequence[str]) -> None:
        self.whole = reverse(f"panel:{slug}", args=[look.target.public_id])
        self.own = reverse(f"panel:{slug}_story", args=[look.target.public_id])
        self.picked = picked

    def _query(self, more: dict[str, str], picked: Sequence[str] | None = None) -> str:
        kinds = self.picked if picked is None else picked
        said = urlencode([*((KIND, kind) for kind in kinds), *(pair for pair in more.items() if pair[1])])
        return f"?{said}" if said else ""

    def page(self, more: dict[str, str], picked: Sequence[str] | None = None) -> str:
        return f"{self.whole}{self._query(more, picked)}"

    def part(self, more: dict[str, str], picked: Sequence[str] | None = None) -> str:
        return f"{self.own}{self._query(more, picked)}"


def _chips(look: Look, addresses: Addresses, picked: Sequence[str]) -> list[dict[str, Any]]:
    """All, and each kind, which comes in beside those that are picked, or goes."""
    made = [_chip("All", "", addresses, [], not picked)]
    for kind in kinds_of(look.target):
        if not kind.is_for(look):
            continue
        there = kind.key in picked
        others = [key for key in picked if key != kind.key]
        made.append(_chip(kind.label, kind.icon, addresses, others if there else [*picked, kind.key], there))
    return made


def _chip(label: str, icon: str, addresses: Addresses, picked: Sequence[str], is_on: bool) -> dict[str, Any]:
    return {
        "label": label,
        "key": label.lower(),
        "icon": icon,
        "url": addresses.page({}, picked),
        "part": addresses.part({}, picked),
        "is_on": is_on,
    }


def group(told: Sequence[Told], after: datetime | None = None) -> list[dict[str, Any]]:
    """By UTC month, each under its name; but where a month goes on that stands above (`after`), without.

    `late`: entries that a phone folds away.
    """
    made, place = [], 0
    above = Month.of(after) if after else None
    for month, entries in groupby(told, key=lambda one: Month.of(one.entry.at)):
        rows = [{"told": one, "late": bool(above) or place + n >= FOLDED_TO} for n, one in enumerate(entries)]
        made.append({"label": "" if month == above else month.label, "rows": rows, "late": rows[0]["late"]})
        place += len(rows)
    return made


def _answer(request: HttpRequest, slug: str, thing: Any) -> HttpResponse:
    story = show(Look(actor_of(request), thing, clock.now(), request.GET), slug)
    template = "panel/_story_part.html" if request.GET.get(PART) else "panel/_story.html"
    return render(request, template, {"story": story, "thing": thing})


@require_GET
def show_account_story(request: HttpRequest, account_id: str) -> HttpResponse:
    return _answer(request, "account", get_account(actor_of(request), account_id))


@require_GET
def show_workspace_story(request: HttpRequest, workspace_id: str) -> HttpResponse:
    return _answer(request, "workspace", get_workspace(actor_of(request), workspace_id))


@require_GET
def show_organisation_story(request: HttpRequest, organisation_id: str) -> HttpResponse:
    return _answer(request, "organisation", get_organisation(actor_of(request), organisation_id))


@require_GET
def show_person_story(request: HttpRequest, person_id: str) -> HttpResponse:
    return _answer(request, "person", get_person(actor_of(request), person_id))
