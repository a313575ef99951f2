"""What the verbs of trainings act on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bursar.actions.registry import Target, register_target
from bursar.actions.spec import Case
from bursar.core import clock
from bursar.tenants import store as tenants
from bursar.tenants.queries import get_sight, list_account_ids_of, list_account_public_ids_of
from bursar.training.models import Attendee, Training, TrainingSession
from bursar.training.queries.catalogue import get_training
from bursar.training.queries.rosters import get_attendee
from bursar.training.queries.sessions import get_session

register_target(
    Target(
        slug="training",
        model=Training,
        label="training",
        fetch=get_training,
        accounts=lambda training: [],
        stream=lambda training: "staff",
        touches=lambda training: [training.public_id],
    )
)


def touches_of(session: TrainingSession) -> list[str]:
    above = list_account_public_ids_of(session.organisation)
    return [session.public_id, *above, session.organisation.public_id]


def _own_rights(case: Case) -> Collection[str]:
    return get_sight(case.actor.person_id, case.target.organisation_id, None, case.now).rights


register_target(
    Target(
        slug="session",
        model=TrainingSession,
        label="training session",
        fetch=lambda actor, public_id: get_session(actor, public_id, clock.now()),
        accounts=lambda session: list_account_ids_of(session.organisation),
        lock=tenants.lock_accounts,
        stream=lambda session: session.organisation.public_id,
        touches=touches_of,
        parents=lambda session: [session.organisation],
        own_rights=_own_rights,
        page="training:session",
        leads=True,
    )
)


def _parents(attendee: Attendee) -> list[Any]:
    return [attendee.session, attendee.session.organisation]


register_target(
    Target(
        slug="attendee",
        model=Attendee,
        label="attendee",
        name=lambda attendee: attendee.shown_name,
        fetch=get_attendee,
        accounts=lambda attendee: list_account_ids_of(attendee.session.organisation),
        lock=tenants.lock_accounts,
        stream=lambda attendee: attendee.session.organisation.public_id,
        touches=lambda attendee: touches_of(attendee.session),
        parents=_parents,
    )
)
