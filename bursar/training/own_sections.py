"""Trainings as customers see them on their own pages. `who` is their scope."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse

from bursar.billing.seller import seller_day
from bursar.core import naming
from bursar.core.asked import read_page
from bursar.tenants.models import Workspace
from bursar.tenants.scope import Scope
from bursar.training.certificates import LANGUAGES, why_not_draw
from bursar.training.licence_rules import Coverage, LicenceState, say_coverage, state_of
from bursar.training.models import Licence, SessionState, TrainingSession
from bursar.training.queries.coverage import calc_coverage
from bursar.training.queries.licences import licences_for
from bursar.training.queries.needs import list_untrained
from bursar.training.queries.own import list_coming
from bursar.ui.lists import query
from bursar.ui.sections import Look, Section

SHOWN = 50
TONES = {LicenceState.ACTIVE: "good", LicenceState.EXPIRED: "dim", LicenceState.REVOKED: "bad"}


def _needs(look: Look) -> dict[str, Any] | None:
    """Of all their workspaces, or of the one that is looked at; guests are not told."""
    mine: Scope = look.who
    asked = [look.target] if isinstance(look.target, Workspace) else mine.workspaces
    told = [one for one in asked if one.deleted_at is None and mine.sight(one).sees_people]
    untrained = list_untrained([one.pk for one in told], mine.now)
    found = [one for one in told if one.pk in untrained]
    return {"needing": found, "is_one": look.target is not None} if found else None


def _licences(look: Look) -> dict[str, Any] | None:
    mine: Scope = look.who
    page, today = read_page(look.asked.get("licences", "") or "1"), seller_day(mine.now)
    found = licences_for(mine.actor, mine.now).order_by("-last_day", "-id")
    rows = list(found[(page - 1) * SHOWN : page * SHOWN + 1])
    return {
        "licences": [_licence(one, today) for one in rows[:SHOWN]],
        "runs": _runs(mine),
        "previous": "?" + query(look.asked, licences=page - 1) if page > 1 else "",
        "next": "?" + query(look.asked, licences=page + 1) if len(rows) > SHOWN else "",
    }


def _licence(row: Licence, today: date) -> dict[str, Any]:
    state = state_of(row.last_day, row.revoked_at is not None, today)
    address = reverse("certificates:own", args=[row.public_id])
    drawn = state is LicenceState.ACTIVE and not why_not_draw(row)
    return {
        "row": row,
        "name": row.whose or naming.ERASED,
        "state": state.value,
        "tone": TONES[state],
        "files": [{"language": one, "url": f"{address}?language={one}"} for one in LANGUAGES] if drawn else [],
    }


def _runs(mine: Scope) -> bool:
    """Whether they see others' licences too."""
    return any(mine.governs(one) for one in mine.organisations.values())


def _coming(look: Look) -> dict[str, Any]:
    mine: Scope = look.who
    rows = list(list_coming(mine.actor, mine.now)[: SHOWN + 1])
    return {"coming": [_session(one) for one in rows[:SHOWN]], "shown": SHOWN if len(rows) > SHOWN else 0}


def _session(row: TrainingSession) -> dict[str, Any]:
    is_planned = row.state == SessionState.SCHEDULED
    file = reverse("dashboard:training_calendar", args=[row.public_id]) if is_planned else ""
    return {"row": row, "is_planned": is_planned, "calendar_url": file}


def _asking(look: Look) -> dict[str, Any] | None:
    """For each organisation that they run: how many are trained, and the way to ask for more."""
    mine: Scope = look.who
    run = [one for one in mine.organisations.values() if mine.governs(one)]
    covered = calc_coverage([one.pk for one in run], mine.now)
    days = settings.BURSAR_LICENCE_WARNED
    asking = [
        {
            "organisation": one,
            "coverage": say_coverage(covered.get(one.pk, Coverage()), days),
            "url": reverse(
                "actions:dialog", args=["organisation", one.public_id, "ask_training"], current_app="own_actions"
            ),
        }
        for one in sorted(run, key=lambda one: (one.sort_key, one.pk))
    ]
    return {"asking": asking} if asking else None


OWN_NEEDS = Section("needs-training", "", "training/_own_needs.html", _needs)
OWN_LICENCES = Section("licences", "Licences", "training/_own_licences.html", _licences)
OWN_COMING = Section("coming", "Coming trainings", "training/_own_coming.html", _coming)
OWN_ASKING = Section("ask-training", "Your people", "training/_own_asking.html", _asking)
