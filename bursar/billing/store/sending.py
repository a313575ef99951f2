"""Writes to whom documents are sent, how reminding stands, what holds it, and how the network took an e-invoice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from procrastinate.contrib.django import app

from bursar.billing.documents.letters import Letter
from bursar.billing.models import Handover, Hold, Invoice, Reminder, Sending
from bursar.billing.models.sending import HandoverState, SendingKind, SendingState
from bursar.files.models import File
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.tenants.queries import find_addressee

AT_ONCE = 500


@dataclass(frozen=True)
class Post:
    """A letter, and why it goes. `reminder`: the one that it is."""

    letter: Letter
    kind: SendingKind
    reminder: Reminder | None = None


def send(row: Invoice, post: Post, to: Sequence[str], now: datetime) -> list[Sending]:
    """One mail an address with the files attached, in the caller's transaction."""
    about, made = [row.account.public_id, row.account.organisation.public_id], []
    for email in to:
        sending = Sending(invoice=row, kind=post.kind, reminder=post.reminder, email=email, at=now)
        parcel = Parcel(post.letter, (row.pdf, row.e_invoice), about)
        sending.delivery_id = put_mail(parcel, email, sending.public_id, now).public_id
        sending.save(force_insert=True)
        made.append(sending)
    if made:
        deliver_soon()
    return made


@dataclass(frozen=True)
class Parcel:
    """A letter with its files, None among them where there is none. `about`: public ids of whose it is."""

    letter: Letter
    files: Sequence[File | None]
    about: Sequence[str]


def put_mail(parcel: Parcel, email: str, key: str, now: datetime) -> OutboxRow:
    """In the outbox, in the caller's transaction. The files are named and not copied; they are read when it leaves."""
    letter = parcel.letter
    payload = {
        "recipient": find_addressee(email), "to": email, "name": "", "subject": letter.subject, "text": letter.text,
        "language": letter.language, "files": [one.public_id for one in parcel.files if one is not None],
        "reply_to": settings.BURSAR_SELLER_MAIL, "about": list(parcel.about),
    }  # fmt: skip
    return outbox.put("mail", key, payload, now)


def deliver_soon() -> None:
    """In the caller's transaction: it starts right after commit."""
    app.configure_task("outbox.deliver").defer()


def note_ended(now: datetime) -> int:
    """Keeps what became of mails before the outbox forgets it: sent, once that is so; dropped, or taken back with an
    erased person, once their delivery is gone. Returns how many.
    """
    may_go = OutboxRow.objects.filter(public_id=OuterRef("delivery_id")).exclude(state=OutboxState.DONE)
    rows = list(Sending.objects.filter(~Exists(may_go), state=SendingState.UNDER_WAY).order_by("pk")[:AT_ONCE])
    done = OutboxRow.objects.filter(public_id__in=[row.delivery_id for row in rows], tries__is_done=True)
    sent_at = dict(done.values_list("public_id", "tries__at"))
    for row in rows:
        row.ended_at = sent_at.get(row.delivery_id, now)
        gone = SendingState.DROPPED if row.email else SendingState.ERASED
        row.state = SendingState.SENT if row.delivery_id in sent_at else gone
    return Sending.objects.bulk_update(rows, ["state", "ended_at"]) if rows else 0


def forget_addresses(emails: Collection[str]) -> None:
    """Of an erased person, in small letters. That something was sent, and when, stays."""
    wanted = Q(pk__in=[])
    for email in emails:
        wanted |= Q(email__iexact=email)
    Sending.objects.filter(wanted).update(email="")


def reword_hold(pk: int, **words: str) -> None:
    """Another `note`, for a person who was erased."""
    Hold.objects.filter(pk=pk).update(**words)


def reword_reminder(pk: int, **words: str) -> None:
    Reminder.objects.filter(pk=pk).update(**words)


def reword_handover(pk: int, **words: str) -> None:
    Handover.objects.filter(pk=pk).update(**words)


def note_reminder(reminder: Reminder) -> Reminder:
    """Once a level: the database holds a second one back."""
    reminder.save(force_insert=True)
    return reminder


def forget_reminder(row: Invoice, reminder_id: int) -> None:
    """It was recorded by mistake, and nobody was asked."""
    Reminder.objects.filter(pk=reminder_id, invoice=row).delete()


def hold(row: Invoice, note: str, last_day: date, now: datetime) -> None:
    Hold.objects.update_or_create(pk=row.pk, defaults={"note": note, "last_day": last_day, "at": now})


def release(row: Invoice) -> None:
    Hold.objects.filter(pk=row.pk).delete()


def note_handover(row: Invoice, state: HandoverState, why: str, now: datetime) -> None:
    Handover.objects.update_or_create(pk=row.pk, defaults={"state": state, "why": why, "at": now})
