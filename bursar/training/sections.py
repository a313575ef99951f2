"""Trainings on the pages of an organisation, an account, a workspace and a person, for staff."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse

from bursar.billing.seller import seller_day
from bursar.core import naming
from bursar.tenants.models import Organisation
from bursar.training.licence_rules import LicenceState, say_coverage, state_of
from bursar.training.models import Licence, SessionState
from bursar.training.queries.coverage import get_coverage
from bursar.training.queries.licences import list_of_person
from bursar.training.queries.needs import list_untrained
from bursar.training.queries.sessions import sessions_for
from bursar.training.queries.trained import list_trained
from bursar.ui.sections import Look, Section

SHOWN = 10
TONES = {LicenceState.ACTIVE: "good", LicenceState.EXPIRED: "dim", LicenceState.REVOKED: "bad"}
SESSION_TONES = {SessionState.REQUESTED: "warn", SessionState.COMPLETED: "good", SessionState.CANCELLED: "dim"}


def _organisation(look: Look) -> dict[str, Any]:
    """Of an account: of the organisation that it belongs to."""
    organisation = look.target if isinstance(look.target, Organisation) else look.target.organisation
    rows = sessions_for(look.who, look.now).filter(organisation=organisation).order_by("-requested_at", "-id")
    found = list(rows[: SHOWN + 1])
    return {
        "aside": say_coverage(get_coverage(organisation, look.now), settings.BURSAR_LICENCE_WARNED),
        "sessions": [{"row": row, "tone": SESSION_TONES.get(SessionState(row.state), "")} for row in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "sessions_url": f"{reverse('training:sessions')}?show=all&organisation={organisation.public_id}",
        "licences_url": f"{reverse('training:licences')}?show=all&organisation={organisation.public_id}",
    }


def _workspace(look: Look) -> dict[str, Any] | None:
    """Nothing where nobody is trained and nobody has to be."""
    found = list(list_trained(look.target, look.now)[: SHOWN + 1])
    since = list_untrained([look.target.pk], look.now).get(look.target.pk)
    if not found and since is None:
        return None
    today = seller_day(look.now)
    return {
        "licences": [_licence(one, today) for one in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "shown": SHOWN,
        "untrained_since": since,
    }


def _person(look: Look) -> dict[str, Any] | None:
    today = seller_day(look.now)
    found = [_licence(one, today) for one in list_of_person(look.target)]
    return {"licences": found} if found else None


def _licence(row: Licence, today: date) -> dict[str, Any]:
    state = state_of(row.last_day, row.revoked_at is not None, today)
    return {"row": row, "name": row.whose or naming.ERASED, "state": state.value, "tone": TONES[state]}


ORGANISATION_TRAINING = Section("training", "Training", "training/_organisation.html", _organisation)
WORKSPACE_TRAINING = Section("training", "Trained people", "training/_workspace.html", _workspace)
PERSON_LICENCES = Section("licences", "Licences", "training/_person.html", _person)
