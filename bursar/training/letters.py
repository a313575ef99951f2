"""What whoever takes part is mailed, with the file for their calendar: when it is planned, moves, or is off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings

from bursar.billing.seller import seller_zone
from bursar.core.days import say_local
from bursar.staff.models import StaffMember
from bursar.training.calendar import Guest, Meeting, Method, make_calendar
from bursar.training.models import Attendee, TrainingSession

Outgoing = tuple[str, dict[str, Any]]


def list_guests(roster: Iterable[Attendee]) -> list[Guest]:
    """Whoever can be mailed."""
    return [guest for one in roster if (guest := _guest_of(one)).email]


def _guest_of(attendee: Attendee) -> Guest:
    if attendee.person is None:
        return Guest(attendee.email, attendee.name)
    return Guest(attendee.person.email, attendee.person.name, attendee.person.public_id)


def trainer_as_guest(trainer: StaffMember | None) -> list[Guest]:
    return [Guest(trainer.user.email, str(trainer), trainer.public_id)] if trainer else []


def write(session: TrainingSession, method: Method, guests: Sequence[Guest], now: datetime) -> list[Outgoing]:
    """A mail to each address once, for the outbox; of what `session` says by now."""
    meeting = _meeting_of(session)
    once = {guest.email.lower(): guest for guest in guests}
    return [("mail", _letter(session, meeting, method, guest, now)) for guest in once.values()]


def publish(session: TrainingSession, now: datetime) -> str:
    """The file for whoever takes it from a page, naming nobody else. The session is planned."""
    return make_calendar(Method.PUBLISH, _meeting_of(session), None, now)


def _meeting_of(session: TrainingSession) -> Meeting:
    assert session.starts_at is not None and session.minutes is not None
    host = settings.BURSAR_SELLER_MAIL or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return Meeting(
        uid=f"{session.public_id}@{settings.BURSAR_MAIL_DOMAIN}", revision=session.revision,
        starts_at=session.starts_at, minutes=session.minutes, title=session.training.title, place=session.place,
        link=session.link, host_name=settings.BURSAR_COMPANY_NAME, host_mail=host,
    )  # fmt: skip


def _letter(session: TrainingSession, meeting: Meeting, method: Method, guest: Guest, now: datetime) -> dict[str, Any]:
    when = say_local(meeting.starts_at, seller_zone())
    is_off = method is Method.CANCEL
    lead = "You need not come any more to" if is_off else "You take part in"
    parts = [
        f"{lead} “{meeting.title}” of {session.organisation.name}.",
        f"When: {when}, {meeting.minutes} minutes",
        *([f"Where: {meeting.place}"] if meeting.place and not is_off else []),
        *([f"Link: {meeting.link}"] if meeting.link and not is_off else []),
        "The file that goes with this mail takes it out of your calendar."
        if is_off
        else "The file that goes with this mail puts it into your calendar, or moves it there.",
        settings.BURSAR_COMPANY_NAME,
    ]
    return {
        "recipient": guest.recipient, "to": guest.email, "name": guest.name,
        "subject": f"{'Cancelled: ' if is_off else ''}{meeting.title}, {when}", "text": "\n\n".join(parts),
        "reply_to": settings.BURSAR_SELLER_MAIL, "calendar": make_calendar(method, meeting, guest, now),
    }  # fmt: skip
