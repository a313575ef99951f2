"""Reads usage events in the shape of CloudEvents, quickly: ten thousand in a batch, each judged by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bursar.core.bounds import read_instant
from bursar.core.errors import BadRequest, Invalid
from bursar.core.text import why_not_name
from bursar.tenants.models import Person, Workspace
from bursar.usage.ingest import Event

EVENTS_AT_MOST = 10_000
SECONDS_AT_MOST = 31 * 24 * 3600
EXAMPLE = {
    "specversion": "1.0",
    "id": "rec-0001",
    "source": "recorder",
    "type": "bursar.usage.recorded",
    "subject": "ws-1",
    "time": "2026-11-24T09:30:00Z",
    "data": {"seconds": 1260, "person": "per-1"},
}
_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["id", "source", "subject", "time", "data"],
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 200},
        "source": {"type": "string", "minLength": 1, "maxLength": 100},
        "type": {"type": "string"},
        "subject": {"type": "string", "description": "The product's id of the workspace."},
        "time": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "required": ["seconds"],
            "properties": {
                "seconds": {"type": "integer", "minimum": 0, "maximum": SECONDS_AT_MOST},
                "person": {
                    "type": ["string", "null"],
                    "description": "The product's id of the person who recorded.",
                },
            },
        },
    },
}
_EVENTS = {"type": "array", "minItems": 1, "maxItems": EVENTS_AT_MOST, "items": _EVENT}
USAGE_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"oneOf": [_EVENTS, _EVENT]}, "example": [EXAMPLE]},
            "application/cloudevents-batch+json": {"schema": _EVENTS, "example": [EXAMPLE]},
            "application/cloudevents+json": {"schema": _EVENT, "example": EXAMPLE},
        },
    }
}


@dataclass
class Read:
    """`places`: where each event stands in the batch as it was sent. `refused`: place → the sentence."""

    total: int
    events: list[Event] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def read_events(raw: Any) -> Read:
    """Raises BadRequest or Invalid for a body that is no batch; a bad event is refused by itself."""
    if isinstance(raw, dict):
        raw = [raw]
    if not isinstance(raw, list):
        raise BadRequest("The body is one event, or a JSON array of events.")
    if not 1 <= len(raw) <= EVENTS_AT_MOST:
        raise Invalid(f"Send between 1 and {EVENTS_AT_MOST:,} events; these are {len(raw):,}.")
    read = Read(len(raw))
    subjects = (one.get("subject") for one in raw if isinstance(one, dict))
    names = {subject for subject in subjects if isinstance(subject, str) and "\0" not in subject}
    known = dict(Workspace.objects.filter(external_id__in=names).values_list("external_id", "id"))
    people = _find_people(raw)
    for place, one in enumerate(raw):
        try:
            event = _read_event(one, known, people)
        except ValueError as error:
            read.refused[place] = str(error)
        else:
            read.events.append(event)
            read.places.append(place)
    return read


def _find_people(raw: list[Any]) -> dict[str, int]:
    """Keys of the people that the batch names, by the product's id; asked for only when it names any."""
    found = (one.get("data") for one in raw if isinstance(one, dict))
    named = (data["person"] for data in found if isinstance(data, dict) and "person" in data)
    names = {name for name in named if isinstance(name, str) and "\0" not in name}
    if not names:
        return {}
    return dict(Person.objects.filter(external_id__in=names).values_list("external_id", "id"))


def _read_event(one: Any, known: dict[str, int], people: dict[str, int]) -> Event:
    if not isinstance(one, dict):
        raise ValueError("An event is a JSON object.")
    if one.get("specversion", "1.0") != "1.0":
        raise ValueError("specversion: only 1.0 is known here.")
    source, event_id = _text(one, "source", 100), _text(one, "id", 200)
    workspace = known.get(one["subject"]) if isinstance(one.get("subject"), str) else None
    if workspace is None:
        raise ValueError(f"subject: there is no workspace {str(one.get('subject'))[:100]!r}.")
    data = one.get("data")
    fields: dict[str, Any] = data if isinstance(data, dict) else {}
    seconds, name = fields.get("seconds"), fields.get("person")
    if type(seconds) is float and seconds.is_integer():
        seconds = int(seconds)
    if type(seconds) is not int or not 0 <= seconds <= SECONDS_AT_MOST:
        raise ValueError("data.seconds: a whole number of seconds, at most a month.")
    person = None if name is None else _known_person(name, people)
    return Event(source, event_id, workspace, _instant(one.get("time")), seconds, person)


def _known_person(name: Any, people: dict[str, int]) -> int:
    if not isinstance(name, str):
        raise ValueError("data.person: the product's id of a person, as a text; leave it out when nobody is known.")
    if name not in people:
        raise ValueError(f"data.person: there is no person {name[:100]!r}.")
    return people[name]


def _text(one: dict[str, Any], name: str, length: int) -> str:
    value = one.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= length or why_not_name(value):
        raise ValueError(f"{name}: a text of 1 to {length} characters that can be read.")
    return value


def _instant(value: Any) -> datetime:
    """Whether it can have happened is asked where events are stored."""
    try:
        return read_instant(value)
    except ValueError as error:
        raise ValueError(f"time: {error}") from None
