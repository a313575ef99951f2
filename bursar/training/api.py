"""Trainings, sessions and licences, for programs: each list by cursor, the newest first. Amounts are text, EUR, net."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from bursar.access.request import actor_of
from bursar.billing.seller import seller_day
from bursar.core import clock, cursors
from bursar.core.api import LIMIT
from bursar.core.money import plain
from bursar.training import licence_filters
from bursar.training.certificates import make_address
from bursar.training.licence_filters import read_id
from bursar.training.licence_rules import Shown, state_of
from bursar.training.models import Attendee, Licence, Training, TrainingPrice, TrainingSession
from bursar.training.queries import catalogue, licences, rosters, sessions

router = Router(tags=["training"])
SHOW: Shown = Query(Shown.ALL, description="The tab of the page. `ends_30`: active, and ends within 30 days.")  # type: ignore[type-arg]  # ninja types
TRAININGS: list[str] = Query([], description="Ids; any of them.")  # type: ignore[type-arg]  # ninja types
M = TypeVar("M", bound=Model)


class NamedOut(Schema):
    id: str
    name: str


class PriceOut(Schema):
    """`price_eur` covers `included` participants; each one more costs `extra_eur`. `until`: null while it holds."""

    since: datetime
    until: datetime | None
    price_eur: str
    included: int
    extra_eur: str


class TrainingOut(Schema):
    id: str
    title: str
    mode: str
    grants_licence: bool
    created_at: datetime
    retired_at: datetime | None
    prices: list[PriceOut] = Field(description="The newest first.")


class TrainingsOut(Schema):
    trainings: list[TrainingOut]
    next_cursor: str


class SessionOut(Schema):
    """`estimate_eur`: at the price of when it was asked for. `held_on`: a day of the seller's."""

    id: str
    external_id: str | None
    training: NamedOut
    organisation: NamedOut
    state: str
    mode: str
    participants: int | None
    message: str
    requested_at: datetime
    requested_by: NamedOut | None
    starts_at: datetime | None
    minutes: int | None
    trainer: str
    place: str
    link: str
    held_on: date | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    attendees: int
    estimate_eur: str
    invoice: str = Field(description="The id of what it was invoiced by; empty while it was not.")


class SessionsOut(Schema):
    sessions: list[SessionOut]
    next_cursor: str


class AttendeeOut(Schema):
    """`person` is null while the product has not named whoever has that address."""

    id: str
    person: str | None
    name: str
    email: str
    is_absent: bool


class OneSessionOut(SessionOut):
    roster: list[AttendeeOut]


class LicenceOut(Schema):
    """`valid_from` and `last_day` are days of the seller's, and both count."""

    id: str
    external_id: str | None
    training: NamedOut
    organisation: NamedOut
    person: str | None
    name: str
    email: str
    state: str = Field(description="active, expired or revoked")
    valid_from: date
    last_day: date
    granted_at: datetime
    revoked_at: datetime | None
    certificate: str = Field(description="Its public page.")


class LicencesOut(Schema):
    licences: list[LicenceOut]
    next_cursor: str


def _page(found: QuerySet[M], cursor: str, limit: int) -> tuple[list[M], str]:
    """The newest first, and the cursor of what follows; empty at the end."""
    ordered = found.order_by("-pk")
    rows = list((ordered.filter(pk__lt=cursors.decode_key(cursor)) if cursor else ordered)[: limit + 1])
    return rows[:limit], cursors.encode([rows[limit - 1].pk]) if len(rows) > limit else ""


def _price(row: TrainingPrice) -> dict[str, Any]:
    return {
        "since": row.valid_from,
        "until": row.valid_until,
        "price_eur": plain(row.price),
        "included": row.included,
        "extra_eur": plain(row.extra),
    }


def _training(row: Training) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "title": row.title,
        "mode": row.mode,
        "grants_licence": row.grants_licence,
        "created_at": row.created_at,
        "retired_at": row.retired_at,
        "prices": [_price(one) for one in row.prices.all()],
    }


@router.get("/trainings", operation_id="trainings_list", summary="The catalogue", response=TrainingsOut)
def list_trainings(
    request: HttpRequest,
    offered: bool | None = Query(None, description="Whether it is offered still; both without a word."),  # type: ignore[type-arg]  # ninja types
    cursor: str = "",
    limit: int = LIMIT,
) -> dict[str, Any]:
    found = catalogue.list_trainings()
    if offered is not None:
        found = found.filter(retired_at__isnull=offered)
    rows, following = _page(found, cursor, limit)
    return {"trainings": [_training(row) for row in rows], "next_cursor": following}


@router.get("/trainings/{training_id}", operation_id="training_get", summary="One training", response=TrainingOut)
def read_training(request: HttpRequest, training_id: str) -> dict[str, Any]:
    row = catalogue.get_training(actor_of(request), training_id)
    return _training(catalogue.list_trainings().get(pk=row.pk))


def _session(row: TrainingSession, attendees: int) -> dict[str, Any]:
    asker = row.requested_by
    names = ("external_id", "state", "mode", "participants", "message", "requested_at", "starts_at", "minutes", "place",
             "link", "held_on", "completed_at", "cancelled_at")  # fmt: skip
    return {
        "id": row.public_id,
        "training": {"id": row.training.public_id, "name": row.training.title},
        "organisation": {"id": row.organisation.public_id, "name": row.organisation.name},
        "requested_by": {"id": asker.public_id, "name": asker.name} if asker else None,
        "trainer": str(row.trainer or ""),
        "attendees": attendees,
        "estimate_eur": plain(sessions.estimate(row, attendees)),
        "invoice": row.invoice.public_id if row.invoice else "",
        **{name: getattr(row, name) for name in names},
    }


@router.get("/sessions", operation_id="sessions_list", summary="Training sessions", response=SessionsOut)
def list_sessions(
    request: HttpRequest,
    state: Literal["requested", "scheduled", "completed", "cancelled", ""] = "",
    organisation: str = Query("", description="The id of one."),  # type: ignore[type-arg]  # ninja types
    training: str = Query("", description="The id of one."),  # type: ignore[type-arg]  # ninja types
    cursor: str = "",
    limit: int = LIMIT,
) -> dict[str, Any]:
    """Every state unless one is named."""
    found = sessions.sessions_for(actor_of(request), clock.now())
    asked = {
        "state": state,
        "organisation__public_id": read_id(organisation),
        "training__public_id": read_id(training),
    }
    rows, following = _page(found.filter(**{name: value for name, value in asked.items() if value}), cursor, limit)
    counts = _count_rosters(rows)
    return {"sessions": [_session(row, counts.get(row.pk, 0)) for row in rows], "next_cursor": following}


def _count_rosters(rows: Sequence[TrainingSession]) -> dict[int, int]:
    every = Attendee.objects.filter(session__in=rows).values("session_id").order_by("session_id")
    return dict(every.annotate(people=Count("pk")).values_list("session_id", "people"))


@router.get("/sessions/{session_id}", operation_id="session_get", summary="One session", response=OneSessionOut)
def read_session(request: HttpRequest, session_id: str) -> dict[str, Any]:
    """With its roster, in the order in which people came on it."""
    row = sessions.get_session(actor_of(request), session_id, clock.now())
    roster = list(rosters.list_roster(row))
    return {**_session(row, len(roster)), "roster": [_attendee(one) for one in roster]}


def _attendee(row: Attendee) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "person": row.person.public_id if row.person else None,
        "name": row.name,
        "email": row.email,
        "is_absent": row.is_absent,
    }


def _licence(row: Licence, today: date) -> dict[str, Any]:
    names = ("external_id", "name", "email", "valid_from", "last_day", "granted_at", "revoked_at")
    return {
        "id": row.public_id,
        "training": {"id": row.training.public_id, "name": row.training.title},
        "organisation": {"id": row.organisation.public_id, "name": row.organisation.name},
        "person": row.person.public_id if row.person else None,
        "state": state_of(row.last_day, row.revoked_at is not None, today).value,
        "certificate": make_address(row),
        **{name: getattr(row, name) for name in names},
    }


@router.get("/licences", operation_id="licences_list", summary="Licences", response=LicencesOut)
def list_licences(
    request: HttpRequest,
    show: Shown = SHOW,
    organisation: str = Query("", description="The id of one."),  # type: ignore[type-arg]  # ninja types
    training: list[str] = TRAININGS,
    q: str = Query("", description="An id, or part of a name, an address or the organisation's name."),  # type: ignore[type-arg]  # ninja types
    cursor: str = "",
    limit: int = LIMIT,
) -> dict[str, Any]:
    """The page's filters, the newest first; every state unless one is named."""
    now = clock.now()
    view = licence_filters.read(request.GET, now)
    found = licences.find(view, actor_of(request)).filter(licences.is_shown(show, view.today))
    rows, following = _page(found, cursor, limit)
    return {"licences": [_licence(row, view.today) for row in rows], "next_cursor": following}


@router.get("/licences/{licence_id}", operation_id="licence_get", summary="One licence", response=LicenceOut)
def read_licence(request: HttpRequest, licence_id: str) -> dict[str, Any]:
    now = clock.now()
    return _licence(licences.get_licence(actor_of(request), licence_id, now), seller_day(now))
