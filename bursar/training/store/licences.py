"""The pen of licences."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Q

from bursar.tenants.models import Person
from bursar.training.models import Attendee, Licence
from bursar.training.rules import find_last_day

TOKEN_BYTES = 24
"""Of a certificate's public address: 192 random bits, which nobody finds by trying."""


def make_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def grant(attendee: Attendee, held_on: date, at: datetime, granted_by_id: int | None) -> Licence:
    """To somebody on the roster, for what their session was about. Named as they are called now."""
    session, person = attendee.session, attendee.person
    return Licence.objects.create(
        token=make_token(), training=session.training, organisation=session.organisation, attendee=attendee,
        person=person, name=person.name if person else attendee.name, email="" if person else attendee.email,
        valid_from=held_on, last_day=find_last_day(held_on), granted_at=at, granted_by_id=granted_by_id,
    )  # fmt: skip


def set_dates(licence: Licence, valid_from: date, last_day: date) -> None:
    """Another end is announced anew."""
    if last_day != licence.last_day:
        licence.told_ending_at = None
    licence.valid_from, licence.last_day = valid_from, last_day
    licence.save(update_fields=["valid_from", "last_day", "told_ending_at"])


def set_revoked(licence: Licence, at: datetime | None) -> None:
    """None: it holds again."""
    licence.revoked_at = at
    licence.save(update_fields=["revoked_at"])


def note_announced(licence: Licence, at: datetime) -> None:
    licence.told_ending_at = at
    licence.save(update_fields=["told_ending_at"])


def give_to(licence: Licence, person: Person) -> None:
    """The product named whose the address is: it stands under the name that they have there."""
    licence.person, licence.name, licence.email = person, person.name, ""
    licence.save(update_fields=["person", "name", "sort_key", "email"])


def _of(person: Person, emails: Collection[str]) -> Q:
    """What is theirs, and what waits at one of their addresses (in small letters)."""
    return Q(person=person) | Q(person=None, email__in=emails) & ~Q(email="")


def list_references(person: Person, emails: Collection[str]) -> list[str]:
    """The public ids, beside the person's own, under which the book may name them."""
    licences = Licence.objects.filter(_of(person, emails)).values_list("public_id", flat=True)
    attendees = Attendee.objects.filter(_of(person, emails)).values_list("public_id", flat=True)
    return [*licences, *attendees]


def forget(person: Person, emails: Collection[str]) -> None:
    """Blanks name and address, so on certificates too; that there is a licence stays."""
    Licence.objects.filter(_of(person, emails)).update(name="", sort_key="", email="")
