"""Mail in the story of whom it is about, or of who got it: what colleagues' inboxes hold is none of it."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse

from bursar.billing.models import Sending
from bursar.core import naming
from bursar.notifications import queries
from bursar.notifications.deliveries import STATES
from bursar.notifications.models import Mail, MailKind
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.tenants.models import Person, Workspace
from bursar.tenants.story import of_account
from bursar.ui.story import Ask, Bound, Entry, Kind, Source

DOCUMENTS = "invoices"
"""The kind that tells of mail which carries a document."""


def _rows(ask: Ask) -> QuerySet[Mail]:
    target = ask.look.target
    if isinstance(target, Person):
        return Mail.objects.filter(recipient_id=target.public_id)
    rows = Mail.objects.filter(about__contains=[target.public_id])
    if DOCUMENTS in ask.kinds and not isinstance(target, Workspace):
        carried = Sending.objects.filter(of_account(target, "invoice__account")).values("delivery_id")
        rows = rows.exclude(Q(kind=MailKind.LETTER) & Q(delivery_id__in=carried))
    return rows


def _mails(ask: Ask, bound: Bound) -> Iterator[Entry]:
    """In two statements, and one a kind of people named in subjects."""
    mails = list(bound.cut(_rows(ask).defer("text", "html", "calendar"), "created_at"))
    rows, subjects = queries.rows_of(mails), naming.read([mail.subject for mail in mails])
    for mail, subject in zip(mails, subjects, strict=True):
        state, tone = _standing(mail, rows.get(mail.public_id))
        yield Entry(
            mail.created_at,
            mail.pk,
            f"“{subject}” to {mail.name or mail.email or 'a person who was erased'}",
            url=reverse("notifications:mail", args=[mail.public_id]),
            state=state,
            tone=tone,
        )


def _standing(mail: Mail, row: OutboxRow | None) -> tuple[str, str]:
    """By its delivery, which is kept for a while; after that it was sent, or it was not (without a server: kept)."""
    if row is not None and row.state != OutboxState.DONE:
        return STATES[OutboxState(row.state)]
    if not mail.sent_at:
        return "not sent", "warn"
    return ("sent", "good") if settings.BURSAR_MAIL_LEAVES else ("kept here", "")


MAILS = Kind("mails", "Mails", "mail", "No mail was sent yet.", (Source("mail", _mails),))
