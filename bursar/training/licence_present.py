"""Licences as pages show them: words and links, no queries."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.urls import reverse

from bursar.actions.registry import ACTIONS
from bursar.core import naming
from bursar.tenants.models import Organisation
from bursar.training.certificates import LANGUAGES, why_not_draw
from bursar.training.licence_filters import SORTS, View
from bursar.training.licence_rules import SHOWN, Coverage, LicenceState, Shown, say_coverage, state_of
from bursar.training.models import Licence
from bursar.ui import lists
from bursar.ui.lists import Column

HEADINGS = (
    Column("name", "Name"),
    Column("organisation", "Organisation"),
    Column("training", "Training"),
    Column("granted", "From"),
    Column("ends", "Last day"),
    Column("state", "State"),
)
IN_WORDS = {"en": "English", "nl": "Dutch"}
TONES = {LicenceState.ACTIVE: "good", LicenceState.EXPIRED: "dim", LicenceState.REVOKED: "bad"}


def row(licence: Licence, view: View) -> dict[str, Any]:
    state = state_of(licence.last_day, licence.revoked_at is not None, view.today)
    left = (licence.last_day - view.today).days
    return {
        "row": licence,
        "name": licence.whose or naming.ERASED,
        "state": state.value,
        "tone": TONES[state],
        "days_left": left if state is LicenceState.ACTIVE and left <= 90 else None,
        "url": reverse("training:licence", args=[licence.public_id]),
        "menu_url": reverse("actions:menu", args=["licence", licence.public_id]),
    }


def tabs(view: View, counts: dict[Shown, int], given: QueryDict) -> list[dict[str, Any]]:
    """Each with its count under the present filters."""
    return [
        {
            "label": tab.label,
            "count": counts[shown],
            "is_here": shown is view.shown,
            "url": "?" + lists.query(given, show=shown.value, sort=None, page=None),
        }
        for shown, tab in SHOWN.items()
    ]


def menus(view: View, trainings: list[tuple[str, str]], given: QueryDict) -> list[dict[str, Any]]:
    return [lists.menu("training", "Training", trainings, view.trainings, given)]


def headers(view: View, given: QueryDict) -> list[dict[str, Any]]:
    return lists.headers(HEADINGS, SORTS, view.sort, SHOWN[view.shown].sort, given)


def bulk_tools() -> list[dict[str, str]]:
    """The actions that several picked licences can have at once."""
    return [
        {"label": one.label, "url": reverse("actions:bulk", args=["licence", one.verb_name])}
        for one in ACTIONS.values()
        if one.bulk and one.target_slug == "licence"
    ]


def certificate(licence: Licence, url_name: str) -> dict[str, Any]:
    """Where it is fetched, by language; or why there is none."""
    address = reverse(url_name, args=[licence.public_id])
    why_not = why_not_draw(licence)
    links = [{"language": IN_WORDS[one], "url": f"{address}?language={one}"} for one in LANGUAGES]
    return {"why_not": why_not, "links": [] if why_not else links}


def coverage_row(organisation: Organisation, found: Coverage, days: int) -> dict[str, Any]:
    return {
        "organisation": organisation,
        "coverage": found,
        "words": say_coverage(found, days),
        "url": f"{reverse('training:licences')}?organisation={organisation.public_id}",
    }
