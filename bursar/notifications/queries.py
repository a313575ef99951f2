"""Every read of notices, mail and deliveries, scoped by actor."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from bursar.access.actor import Actor
from bursar.access.rights import By
from bursar.audit.models import AuditLine
from bursar.core import naming
from bursar.core.errors import NotFound
from bursar.core.retention import no_longer_kept
from bursar.notifications.models import Inbox, Mail, Notification
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.staff.models import StaffMember
from bursar.tenants.models import Person

NAMESAKES = 50
SHOWN = Q(state=OutboxState.FAILED) | ~Q(kind="notice")
"""What stands among the deliveries: whatever leaves the house; notices are told within, so only when they failed."""
TABS = {
    "failed": (OutboxState.FAILED,),
    "waiting": (OutboxState.WAITING, OutboxState.SENDING),
    "done": (OutboxState.DONE,),
    "dropped": (OutboxState.DROPPED,),
}


def notices_of(recipient_id: str) -> QuerySet[Notification]:
    """Newest first, with the lines and their names at hand."""
    rows = Notification.objects.filter(recipient_id=recipient_id).order_by("-id")
    return rows.select_related("line").prefetch_related("line__name_rows")


def count_unread(recipient_id: str) -> int:
    return Notification.objects.filter(recipient_id=recipient_id, read_at=None).count()


def get_inbox(actor: Actor, public_id: str) -> Inbox:
    """One's own and nobody else's; unsaved where nothing was chosen yet."""
    if not public_id or public_id != actor.id:
        raise NotFound
    return Inbox.objects.filter(pk=public_id).first() or Inbox(recipient_id=public_id)


def deliveries_for(actor: Actor) -> QuerySet[OutboxRow]:
    return OutboxRow.objects.filter(SHOWN) if actor.all_accounts else OutboxRow.objects.none()


def get_delivery(actor: Actor, public_id: str) -> OutboxRow:
    """Bursar itself reaches notices too."""
    reach = OutboxRow.objects if actor.can(By.CLOCK) else deliveries_for(actor)
    found = reach.filter(public_id=public_id).first()
    if found is None:
        raise no_longer_kept()
    return found


def count_deliveries(actor: Actor) -> dict[tuple[str, str], int]:
    """By state and kind, in one statement."""
    rows = deliveries_for(actor).order_by().values_list("state", "kind").annotate(count=Count("id"))
    return {(state, kind): count for state, kind, count in rows}


def count_failed(actor: Actor) -> int:
    return deliveries_for(actor).filter(state=OutboxState.FAILED).count()


def mails_of(rows: Iterable[OutboxRow]) -> dict[str, Mail]:
    """The mails that outbox rows point to, by public id."""
    ids = [row.payload["mail"] for row in rows if row.kind == "mail" and "mail" in row.payload]
    return {mail.public_id: mail for mail in Mail.objects.filter(public_id__in=ids).defer("text", "html")}


def lines_of(rows: Iterable[OutboxRow]) -> dict[str, AuditLine]:
    """The book lines that outbox rows came from, by public id."""
    ids = [row.payload["line"] for row in rows if "line" in row.payload]
    found = AuditLine.objects.filter(public_id__in=ids).prefetch_related("name_rows")
    return {line.public_id: line for line in found}


def mails_for(actor: Actor, text: str = "") -> QuerySet[Mail]:
    """Newest first. `text`: part of the address, name or subject, where people stand by reference."""
    rows = Mail.objects.order_by("-id") if actor.all_accounts else Mail.objects.none()
    if not text:
        return rows
    fits = Q(email__icontains=text) | Q(name__icontains=text) | Q(subject__icontains=text)
    called = StaffMember.objects.filter(user__name__icontains=text).values_list("public_id", flat=True)
    people = Person.objects.filter(name__icontains=text).values_list("public_id", flat=True)
    for reference in (*called[:NAMESAKES], *people[:NAMESAKES]):
        fits |= Q(subject__contains=naming.mark(reference))
    return rows.filter(fits)


def get_mail(actor: Actor, public_id: str) -> Mail:
    found = mails_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise no_longer_kept()
    return found


def rows_of(mails: Iterable[Mail]) -> dict[str, OutboxRow]:
    """The outbox rows that carry these mails, by the mails' public ids."""
    rows = OutboxRow.objects.filter(public_id__in=[mail.delivery_id for mail in mails])
    return {str(row.payload["mail"]): row for row in rows}
