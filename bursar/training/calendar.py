"""A session as a meeting in somebody's calendar: an iTIP message (RFC 5546). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from icalendar import Calendar, Event, vCalAddress

PRODUCT = "-//Bursar//Training//EN"


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


@dataclass(frozen=True)
class Meeting:
    """`uid` stays the same for good; the highest `revision` holds. `place`: words; `link`: an address."""

    uid: str
    revision: int
    starts_at: datetime
    minutes: int
    title: str
    place: str
    link: str
    host_name: str
    host_mail: str


@dataclass(frozen=True)
class Guest:
    """`recipient`: the public id of whom it is, so that their mail goes with them when they are erased."""

    email: str
    name: str = ""
    recipient: str = ""


def make_calendar(method: Method, meeting: Meeting, guest: Guest | None, now: datetime) -> str:
    """For one guest, who learns of no other; None: for whoever takes the file. Lines end as RFC 5545 wants."""
    event = Event()
    event.add("uid", meeting.uid)
    event.add("sequence", meeting.revision)
    event.add("dtstamp", now)
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.starts_at + timedelta(minutes=meeting.minutes))
    event.add("summary", meeting.title)
    event.add("status", "CANCELLED" if method is Method.CANCEL else "CONFIRMED")
    if meeting.place or meeting.link:
        event.add("location", meeting.place or meeting.link)
    if meeting.link:
        event.add("url", meeting.link)
    event.add("organizer", _address(meeting.host_mail, meeting.host_name))
    if guest is not None:
        attendee = _address(guest.email, guest.name)
        attendee.params["ROLE"], attendee.params["RSVP"] = "REQ-PARTICIPANT", "FALSE"
        event.add("attendee", attendee)
    made = Calendar()
    for name, value in (("prodid", PRODUCT), ("version", "2.0"), ("method", method.value)):
        made.add(name, value)
    made.add_component(event)
    return str(made.to_ical(), "utf-8")


def _address(email: str, name: str) -> vCalAddress:
    made = vCalAddress(f"mailto:{email}")
    if name:
        made.params["CN"] = name
    return made
