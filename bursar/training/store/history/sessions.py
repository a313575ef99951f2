"""Sessions and their rosters as files tell them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bursar.audit.queries import list_settled
from bursar.audit.rules import why_not_overrule
from bursar.tenants.models import Person
from bursar.tenants.store.upsert import upsert
from bursar.training.models import Attendee, Licence, SessionState, TrainingPrice, TrainingSession
from bursar.training.store.history.shared import differ, find_owners

SAID = ("state", "mode", "participants", "message", "requested_at", "starts_at", "minutes", "trainer_id", "place",
        "link", "held_on", "completed_at", "cancelled_at")  # fmt: skip
STAYS = "A session stays of its training and its organisation: tell of another one under another id."
ERASED_HERE = "Somebody on this roster was erased here, and stays so: leave out whom it does not show."


class Entry(NamedTuple):
    """One of a line's roster: a person, or an address in small letters that waits for one."""

    person: Person | None
    name: str
    email: str
    is_absent: bool


@dataclass
class _Known:
    """What is stored of the sessions that a batch names."""

    rows: dict[str, TrainingSession]
    rosters: dict[int, list[Attendee]]
    licensed: set[int]  # attendees
    settled: set[str]


def take_sessions(lines: Sequence[tuple[TrainingSession, Sequence[Entry]]], now: datetime) -> dict[int, str]:
    """`lines`: each row without its price, which is the one of its `requested_at`. Somebody's change here stays."""
    known = _load([row for row, _ in lines])
    prices = _load_prices({row.training_id for row, _ in lines})
    owners = find_owners(
        ((row.organisation_id, one.email) for row, roster in lines for one in roster if one.email), now
    )
    refused: dict[int, str] = {}
    fresh: dict[str, tuple[TrainingSession, list[Entry]]] = {}
    for place, (row, said) in enumerate(lines):
        roster = [_with_owner(entry, owners.get((row.organisation_id, entry.email))) for entry in said]
        old = known.rows.get(str(row.external_id))
        why = _why_twice(roster) or (_why_not(row, roster, old, known) if old is not None else None)
        if why is not None:
            refused[place] = why
        elif old is None or old.public_id not in known.settled:
            row.price_id = _find_price(prices[row.training_id], row.requested_at).pk
            fresh[str(row.external_id)] = (row, roster)
    upsert(TrainingSession, [row for row, _ in fresh.values()], ["external_id"], [*SAID, *_FIXED])
    keys = dict(TrainingSession.objects.filter(external_id__in=fresh).values_list("external_id", "pk"))
    _write_rosters([(keys[name], row, roster) for name, (row, roster) in fresh.items()], known, now)
    return refused


_FIXED = ("training_id", "organisation_id", "price_id")


def _load(rows: Sequence[TrainingSession]) -> _Known:
    found = TrainingSession.objects.filter(external_id__in=[row.external_id for row in rows])
    by_name = {str(row.external_id): row for row in found}
    rosters: dict[int, list[Attendee]] = defaultdict(list)
    keys = [row.pk for row in by_name.values()]
    for attendee in Attendee.objects.filter(session_id__in=keys).order_by("id"):
        rosters[attendee.session_id].append(attendee)
    licensed = set(Licence.objects.filter(attendee__session_id__in=keys).values_list("attendee_id", flat=True))
    return _Known(by_name, rosters, licensed, list_settled(by_name.values()))


def _load_prices(training_ids: Iterable[int]) -> dict[int, list[TrainingPrice]]:
    found: dict[int, list[TrainingPrice]] = defaultdict(list)
    for price in TrainingPrice.objects.filter(training_id__in=training_ids).order_by("valid_from"):
        found[price.training_id].append(price)
    return found


def _find_price(prices: Sequence[TrainingPrice], at: datetime) -> TrainingPrice:
    """Before the first one holds the first one."""
    return next((one for one in reversed(prices) if one.valid_from <= at), prices[0])


def _with_owner(entry: Entry, owner: Person | None) -> Entry:
    """An address that belongs to somebody is that person; what an erased person was called is not kept."""
    person = entry.person or owner
    if person is None:
        return entry
    is_erased = person.erased_at is not None
    name, email = ("", "") if is_erased else (person.name, person.email.lower())
    return Entry(person, name, email, entry.is_absent)


def _why_twice(roster: Sequence[Entry]) -> str | None:
    people = [entry.person.pk for entry in roster if entry.person is not None]
    if len(people) != len(set(people)):
        return "Somebody stands twice on the roster: by their id, and by their address."
    emails = [entry.email for entry in roster if entry.email]
    return None if len(emails) == len(set(emails)) else "Two people on the roster have one address."


def _why_not(row: TrainingSession, roster: Sequence[Entry], old: TrainingSession, known: _Known) -> str | None:
    if differ(old, row, ["training_id", "organisation_id"]):
        return STAYS
    stored = known.rosters[old.pk]
    fresh, gone = _match(stored, roster)
    if old.public_id in known.settled:
        moved = any(one.is_absent != entry.is_absent for one, entry in _pairs(stored, roster))
        return why_not_overrule([*differ(old, row, SAID), *(["roster"] if fresh or gone or moved else [])])
    if any(one.person_id is None and not one.email for one in stored) and any(one.person is None for one in fresh):
        return ERASED_HERE
    holders = [one for one in stored if one.pk in known.licensed]
    if any(one in gone for one in holders) or (holders and row.state != SessionState.COMPLETED):
        return "Somebody holds a licence from it: it stays completed, and they stay on its roster."
    return None


def _pairs(stored: Sequence[Attendee], roster: Sequence[Entry]) -> list[tuple[Attendee, Entry]]:
    people = {one.person_id: one for one in stored if one.person_id is not None}
    emails = {one.email: one for one in stored if one.email}
    found = [(people.get(entry.person.pk) if entry.person else emails.get(entry.email), entry) for entry in roster]
    found = [(one or emails.get(entry.email), entry) for one, entry in found]
    return [(one, entry) for one, entry in found if one is not None]


def _match(stored: Sequence[Attendee], roster: Sequence[Entry]) -> tuple[list[Entry], list[Attendee]]:
    """Who is new on it, and who is no more. Whoever was erased stays where they stood."""
    pairs = _pairs(stored, roster)
    kept, placed = {one.pk for one, _ in pairs}, [entry for _, entry in pairs]
    fresh = [entry for entry in roster if entry not in placed]
    return fresh, [one for one in stored if one.pk not in kept and (one.email or one.person_id)]


def _write_rosters(sessions: Sequence[tuple[int, TrainingSession, list[Entry]]], known: _Known, now: datetime) -> None:
    made, moved, gone = [], [], []
    for session_id, row, roster in sessions:
        stored = known.rosters[session_id]
        fresh, left = _match(stored, roster)
        gone += [one.pk for one in left]
        for one, entry in _pairs(stored, roster):
            wanted = _values(one, entry)
            if any(getattr(one, name) != value for name, value in wanted.items()):
                for name, value in wanted.items():
                    setattr(one, name, value)
                moved.append(one)
        added_at = min(row.completed_at or now, now)
        made += [
            Attendee(
                session_id=session_id, person=entry.person, name=entry.name, email=entry.email,
                is_absent=entry.is_absent, added_at=added_at,
            )
            for entry in fresh
        ]  # fmt: skip
    Attendee.objects.filter(pk__in=gone).delete()
    Attendee.objects.bulk_update(moved, ["person", "name", "is_absent"], batch_size=1000)
    Attendee.objects.bulk_create(made, batch_size=1000)


def _values(one: Attendee, entry: Entry) -> dict[str, object]:
    """A person keeps the name under which they came on it; one who waits has the name that the file says."""
    if one.person_id is not None:
        return {"is_absent": entry.is_absent}
    if entry.person is None:
        return {"name": entry.name, "is_absent": entry.is_absent}
    return {"person_id": entry.person.pk, "name": entry.name, "is_absent": entry.is_absent}
