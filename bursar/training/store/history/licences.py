"""Licences as files tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bursar.audit.queries import list_settled
from bursar.audit.rules import why_not_overrule
from bursar.core.sortkey import sort_key
from bursar.tenants.models import Person
from bursar.tenants.rules import NOT_ERASED
from bursar.tenants.store.upsert import upsert
from bursar.training.models import Attendee, Licence
from bursar.training.store.history.shared import differ, find_owners
from bursar.training.store.licences import make_token

SAID = ("training_id", "organisation_id", "person_id", "attendee_id", "name", "email", "valid_from", "last_day",
        "granted_at", "granted_by_id", "revoked_at")  # fmt: skip


@dataclass
class _Known:
    """What is stored of the licences that a batch names. `holders`: attendee → whose licence they hold."""

    rows: dict[str, Licence]
    settled: set[str]
    people: dict[int, Person]
    owners: dict[tuple[int, str], Person]
    seats: dict[tuple[str, int], Attendee]
    waiting: dict[tuple[str, str], Attendee]
    holders: dict[int, str]


def take_licences(lines: Sequence[tuple[Licence, str | None]], now: datetime) -> dict[int, str]:
    """`lines`: each with the id of the session it comes from, if the file names one. Somebody's change here stays."""
    known = _load(lines, now)
    refused: dict[int, str] = {}
    fresh = []
    for place, (row, session) in enumerate(lines):
        old = known.rows.get(str(row.external_id))
        why = _fill(row, old, session, known) or (_why_not(row, old, known) if old is not None else None)
        if why is not None:
            refused[place] = why
        elif old is None or old.public_id not in known.settled:
            row.told_ending_at = old.told_ending_at if old is not None and old.last_day == row.last_day else None
            fresh.append(row)
            if row.attendee_id is not None:
                known.holders[row.attendee_id] = str(row.external_id)
    upsert(Licence, fresh, ["external_id"], [*SAID, "sort_key", "told_ending_at"])
    return refused


def _load(lines: Sequence[tuple[Licence, str | None]], now: datetime) -> _Known:
    rows = [row for row, _ in lines]
    by_name = {
        str(row.external_id): row for row in Licence.objects.filter(external_id__in=[row.external_id for row in rows])
    }
    people = Person.objects.in_bulk({row.person_id for row in rows if row.person_id is not None})
    sessions = {session for _, session in lines if session}
    roster = list(Attendee.objects.filter(session__external_id__in=sessions).select_related("session"))
    held = Licence.objects.filter(attendee__in=roster).values_list("attendee_id", "external_id")
    return _Known(
        rows=by_name,
        settled=list_settled(by_name.values()),
        people=people,
        owners=find_owners(((row.organisation_id, row.email) for row in rows if row.email), now),
        seats={(str(one.session.external_id), one.person_id): one for one in roster if one.person_id is not None},
        waiting={(str(one.session.external_id), one.email): one for one in roster if one.email},
        holders={pk: name or "" for pk, name in held if pk is not None},
    )


def _fill(row: Licence, old: Licence | None, session: str | None, known: _Known) -> str | None:
    """Whose it is, what the certificate says, and where they sat. Returns why not.

    Once it is somebody's it stays theirs, under the name that they had then.
    """
    if old is not None and row.person_id is None and old.person_id is None and not old.name:
        return NOT_ERASED
    owner_id = row.person_id
    if row.email:
        owner = known.owners.get((row.organisation_id, row.email))
        owner_id = owner.pk if owner is not None else old.person_id if old is not None else None
    if owner_id is not None:
        if old is not None and old.person_id == owner_id:
            row.name, row.email = old.name, old.email
        else:
            row.name, row.email = _name(row, owner_id, known), ""
        row.person_id = owner_id
    row.sort_key, row.token = sort_key(row.name), make_token()
    return _find_seat(row, session, known) if session else None


def _name(row: Licence, person_id: int, known: _Known) -> str:
    """Of an erased person none is kept."""
    person = known.owners[row.organisation_id, row.email] if row.email else known.people[person_id]
    return "" if person.erased_at is not None else person.name


def _find_seat(row: Licence, session: str, known: _Known) -> str | None:
    seat = known.seats.get((session, row.person_id or 0)) or known.waiting.get((session, row.email))
    if seat is None:
        return f"They are not on the roster of the session “{session}”, or there is no such session."
    if (seat.session.training_id, seat.session.organisation_id) != (row.training_id, row.organisation_id):
        return f"The session “{session}” was of another training, or of another organisation."
    if seat.session.held_on is None:
        return f"The session “{session}” is not completed: nobody holds a licence from it."
    if seat.is_absent:
        return f"They were absent from the session “{session}”."
    if known.holders.get(seat.pk, row.external_id) != row.external_id:
        return f"Whoever sat there holds another licence from the session “{session}” already."
    row.attendee_id = seat.pk
    return None


def _why_not(row: Licence, old: Licence, known: _Known) -> str | None:
    return why_not_overrule(differ(old, row, SAID)) if old.public_id in known.settled else None
