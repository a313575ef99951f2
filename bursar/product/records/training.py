"""Lines about the catalogue of trainings, sessions that were held or planned, and licences."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bursar.core.fields import End, EndDay, Happened, HappenedDay, Id, Mail, MailOrNone, Name, Text, Tick, Whole
from bursar.product.records.shared import Line, Money, Record
from bursar.training.models import NOTE_LENGTH, PLACE_LENGTH, TITLE_LENGTH

Title = Annotated[Name, Field(max_length=TITLE_LENGTH)]
Mode = Literal["online", "in_person", "flex"]
Heads = Annotated[Whole, Field(ge=1, le=10_000)]
Place = Annotated[Text, Field(max_length=PLACE_LENGTH)]


class TrainingRecord(Record):
    """Known by its title; several lines with their own `from` are its prices, one after the other."""

    kind: Literal["training"]
    title: Title
    mode: Mode
    price: Annotated[Money, Field(lt=100_000_000)]
    included: Heads
    extra: Annotated[Money, Field(lt=100_000_000)]
    start: Happened = Field(alias="from")
    grants_licence: Tick = True
    retired_at: Happened | None = None


class AttendeeLine(BaseModel):
    """Somebody whom the product knows, or an address that waits for its person."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    person: Id | None = None
    name: Line = ""
    email: MailOrNone = ""
    is_absent: Tick = False

    @model_validator(mode="after")
    def is_somebody(self) -> AttendeeLine:
        if (self.person is None) == (self.email == ""):
            raise ValueError("an attendee is either a person or an address (email)")
        if self.person is not None and self.name:
            raise ValueError("an attendee who is a person has the name that person has")
        return self


class SessionRecord(Record):
    kind: Literal["training_session"]
    external_id: Id
    training: Title
    organisation: Id
    state: Literal["requested", "scheduled", "completed", "cancelled"]
    requested_at: Happened
    mode: Mode | None = None
    participants: Heads | None = None
    message: Annotated[Text, Field(max_length=NOTE_LENGTH)] = ""
    starts_at: End | None = None
    minutes: Annotated[Whole, Field(ge=1, le=24 * 60)] | None = None
    trainer: Mail | None = None
    place: Place = ""
    link: Annotated[Text, Field(max_length=PLACE_LENGTH, pattern=r"^(https?://\S+)?$")] = ""
    held_on: HappenedDay | None = None
    completed_at: Happened | None = None
    cancelled_at: Happened | None = None
    roster: Annotated[list[AttendeeLine], Field(max_length=1000)] = []

    @model_validator(mode="after")
    def is_whole(self) -> SessionRecord:
        if (self.starts_at is None) != (self.minutes is None):
            raise ValueError("“starts_at” and “minutes” go together")
        if self.state == "requested" and self.starts_at is not None:
            raise ValueError("a session that is only requested has no “starts_at” yet")
        if self.state == "scheduled" and self.starts_at is None:
            raise ValueError("a scheduled session has “starts_at” and “minutes”")
        if (self.state == "completed") != (self.held_on is not None):
            raise ValueError("a session has “held_on” once it is completed, and only then")
        if self.completed_at is not None and self.state != "completed":
            raise ValueError("a session has “completed_at” once it is completed, and only then")
        if (self.state == "cancelled") != (self.cancelled_at is not None):
            raise ValueError("a session has “cancelled_at” once it is cancelled, and only then")
        if self.state == "completed" and not self.roster:
            raise ValueError("a session that was completed has a roster")
        return self

    @model_validator(mode="after")
    def has_each_once(self) -> SessionRecord:
        for names in ([one.person for one in self.roster], [one.email.lower() for one in self.roster]):
            known = [name for name in names if name]
            twice = next((name for place, name in enumerate(known) if name in known[:place]), None)
            if twice is not None:
                raise ValueError(f"“{twice}” stands twice on the roster")
        return self


class LicenceRecord(Record):
    """`last_day` without a word: the same day of the next year, as licences that are granted here."""

    kind: Literal["licence"]
    external_id: Id
    training: Title
    organisation: Id
    person: Id | None = None
    name: Line = ""
    email: MailOrNone = ""
    session: Id | None = None
    valid_from: HappenedDay
    last_day: EndDay | None = None
    granted_at: Happened | None = None
    granted_by: Mail | None = None
    revoked_at: Happened | None = None

    @model_validator(mode="after")
    def is_whole(self) -> LicenceRecord:
        if (self.person is None) == (self.email == ""):
            raise ValueError("a licence is of either a person or an address (email)")
        if (self.person is None) != bool(self.name):
            raise ValueError("a licence of an address has the name that the certificate says, one of a person theirs")
        if self.last_day is not None and self.last_day < self.valid_from:
            raise ValueError("“last_day” is before “valid_from”")
        return self
