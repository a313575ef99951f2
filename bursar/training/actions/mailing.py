"""Which calendars a change reaches, and the mails that it sends them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bursar.training import letters
from bursar.training.calendar import Guest, Method
from bursar.training.letters import Outgoing
from bursar.training.models import Attendee, TrainingSession
from bursar.training.queries.rosters import list_roster
from bursar.training.store import sessions


def list_everybody(session: TrainingSession) -> list[Guest]:
    """Who takes part, and who teaches."""
    return [*letters.trainer_as_guest(session.trainer), *letters.list_guests(list_roster(session))]


def invite(session: TrainingSession, guests: list[Guest], now: datetime) -> list[Outgoing]:
    return _write(session, Method.REQUEST, guests, now)


def call_off(session: TrainingSession, guests: list[Guest], now: datetime) -> list[Outgoing]:
    return _write(session, Method.CANCEL, guests, now)


def _write(session: TrainingSession, method: Method, guests: list[Guest], now: datetime) -> list[Outgoing]:
    """Nothing where nobody can be mailed. Each time calendars hear of it, it is a revision of its own."""
    if not guests:
        return []
    sessions.raise_revision(session)
    return letters.write(session, method, guests, now)


def is_ahead(session: TrainingSession, now: datetime) -> bool:
    """Whether calendars are told of it at all."""
    return session.starts_at is not None and session.starts_at > now


def guests_of(roster: Iterable[Attendee]) -> list[Guest]:
    return letters.list_guests(roster)


def say_mailed(outgoing: list[Outgoing]) -> str:
    """For the end of a sentence."""
    if not outgoing:
        return ""
    return " 1 calendar is told." if len(outgoing) == 1 else f" {len(outgoing)} calendars are told."
