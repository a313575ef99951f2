"""Writes sessions: asked for, planned, cancelled, reopened, invoiced, held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from bursar.billing.models import Invoice
from bursar.staff.models import StaffMember
from bursar.tenants.models import Organisation, Person
from bursar.training.models import SessionState, Training, TrainingPrice, TrainingSession


class Wish(NamedTuple):
    """What is asked for. `participants`: announced. `requested_by`: key of the customer's person, if one asks."""

    participants: int | None = None
    message: str = ""
    requested_by: int | None = None


class Plan(NamedTuple):
    """`mode`: a value of `Mode`. `place` is words, `link` an address; either may be empty."""

    starts_at: datetime
    minutes: int
    mode: str
    trainer: StaffMember | None = None
    place: str = ""
    link: str = ""


def request(training: Training, organisation: Organisation, wish: Wish, now: datetime) -> TrainingSession:
    """At the price that holds now. The training is held."""
    return TrainingSession.objects.create(
        training=training, organisation=organisation, price=TrainingPrice.objects.at(now).get(training=training),
        mode=training.mode, participants=wish.participants, message=wish.message, requested_at=now,
        requested_by_id=wish.requested_by,
    )  # fmt: skip


def plan(row: TrainingSession, plan: Plan) -> None:
    """For the first time, or anew."""
    row.state = SessionState.SCHEDULED
    for name, value in plan._asdict().items():
        setattr(row, name, value)
    row.save()


def cancel(row: TrainingSession, now: datetime) -> None:
    row.state, row.cancelled_at = SessionState.CANCELLED, now
    row.save()


def reopen(row: TrainingSession) -> None:
    """It is asked for again, and waits for a new day; trainer and place stay as a proposal."""
    row.state, row.cancelled_at, row.starts_at, row.minutes = SessionState.REQUESTED, None, None, None
    row.save()


def put_back(row: TrainingSession, columns: Mapping[str, Any]) -> None:
    """As it was planned, asked for or called off before."""
    for name, value in columns.items():
        setattr(row, name, value)
    row.save()


def raise_revision(row: TrainingSession) -> None:
    """Before attendees are mailed what their calendars shall say now."""
    row.revision += 1
    row.save(update_fields=["revision"])


def set_invoice(row: TrainingSession, invoice: Invoice) -> None:
    row.invoice = invoice
    row.save(update_fields=["invoice"])


def complete(row: TrainingSession, held_on: date, now: datetime) -> None:
    """`held_on`: a day of the seller's."""
    row.state, row.held_on, row.completed_at = SessionState.COMPLETED, held_on, now
    row.save()


def move_held(row: TrainingSession, held_on: date) -> None:
    row.held_on = held_on
    row.save(update_fields=["held_on"])


def reword(pk: int, **words: str) -> None:
    """Another `message` or `place`, for a person who was erased."""
    TrainingSession.objects.filter(pk=pk).update(**words)


def forget_wishes(person: Person) -> None:
    """What an erased person wrote when they asked."""
    TrainingSession.objects.filter(requested_by=person).exclude(message="").update(message="")
