"""To whom a document went, how reminding stands, and what holds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Handover, Hold, Invoice, Reminder, Sending
from bursar.billing.models.sending import HandoverState, SendingState
from bursar.billing.obstacles import OBSTACLES
from bursar.billing.rules.reminders import Asked, Reminded, list_bounds
from bursar.billing.seller import seller_day
from bursar.core.days import say_day
from bursar.outbox.models import OutboxRow, OutboxState

MADE_BY = "billing.files"
"""The kind of outbox row that makes a document's files."""


@dataclass(frozen=True)
class Sent:
    """`failed`: the server's words, where it was given up. `at`: when it was handed to the mail server, if it was."""

    sending: Sending
    state: str
    failed: str
    at: datetime | None


def list_sent(invoice_ids: Collection[int]) -> dict[int, list[Sent]]:
    """By invoice, newest first, in two statements."""
    rows = list(Sending.objects.filter(invoice__in=invoice_ids).select_related("reminder").order_by("-at", "-pk"))
    found: dict[int, list[Sent]] = {}
    for one in describe_sent(rows):
        found.setdefault(one.sending.invoice_id, []).append(one)
    return found


def describe_sent(rows: Collection[Sending]) -> list[Sent]:
    """How each stands, in one statement, which is left out where none is under way."""
    waiting = [row.delivery_id for row in rows if row.state == SendingState.UNDER_WAY]
    deliveries = {one.public_id: one for one in OutboxRow.objects.filter(public_id__in=waiting).defer("payload")}
    return [_describe(row, deliveries.get(row.delivery_id)) for row in rows]


def _describe(row: Sending, delivery: OutboxRow | None) -> Sent:
    """As noted; before that, as its delivery stands."""
    if row.state != SendingState.UNDER_WAY:
        return Sent(
            row, str(SendingState(row.state).label), "", row.ended_at if row.state == SendingState.SENT else None
        )
    if delivery is None:
        return Sent(row, str((SendingState.DROPPED if row.email else SendingState.ERASED).label), "", None)
    if delivery.state == OutboxState.FAILED:
        return Sent(row, "failed", delivery.last_error, None)
    is_done = delivery.state == OutboxState.DONE
    state = SendingState.SENT.label if is_done else delivery.get_state_display()
    return Sent(row, state, "", delivery.due_at if is_done else None)


def list_handovers(invoice_ids: Collection[int]) -> dict[int, Handover]:
    return Handover.objects.in_bulk(invoice_ids)


def list_reminded(invoice_ids: Collection[int]) -> dict[int, Reminded]:
    """By invoice, in one statement; those that nobody was reminded of are left out."""
    rows = Reminder.objects.filter(invoice__in=invoice_ids).values("invoice")
    said = rows.annotate(level=Max("level"), asked_on=Max("on")).values_list("invoice", "level", "asked_on")
    return {pk: Reminded(level or 0, on) for pk, level, on in said}


def find_reminded(invoice_id: int) -> Reminded:
    return list_reminded([invoice_id]).get(invoice_id, Reminded())


def list_reminders(invoice_id: int) -> list[Reminder]:
    """Newest first."""
    return list(Reminder.objects.filter(invoice=invoice_id).order_by("-at", "-pk"))


def ask_of(row: Invoice, reminded: Reminded) -> Asked:
    return Asked(row.kind == DocumentKind.CREDIT_NOTE, row.open, row.due_on, reminded)


def list_overdue(now: datetime) -> QuerySet[Invoice]:
    """What is past its due day and still asked for, the longest first, each with `level` and `asked_on`."""
    overdue = Invoice.objects.filter(kind=DocumentKind.INVOICE.value, open__gt=0, due_on__lt=seller_day(now))
    asked = overdue.annotate(level=Coalesce(Max("reminders__level"), 0), asked_on=Max("reminders__on"))
    return asked.order_by("due_on", "pk")


def list_due(now: datetime) -> QuerySet[Invoice]:
    """Of those, whose next level may go today; what speaks against it is not looked at."""
    wanted = Q(pk__in=[])
    for bound in list_bounds(settings.BURSAR_REMINDER_DAYS, seller_day(now)):
        asked = Q(asked_on=None) | Q(asked_on__lte=bound.asked_by)
        wanted |= asked & Q(level=bound.level, due_on__lte=bound.due_by)
    return list_overdue(now).filter(wanted)


def find_hold(row: Invoice, today: date) -> Hold | None:
    return Hold.objects.filter(pk=row.pk, last_day__gte=today).first()


def say_hold(note: str, last_day: date) -> str:
    return f"On hold through {say_day(last_day)}: {note.rstrip('.')}."


def _list_held(invoice_ids: Collection[int], now: datetime) -> Mapping[int, str]:
    rows = Hold.objects.filter(pk__in=invoice_ids, last_day__gte=seller_day(now))
    return {pk: say_hold(note, last_day) for pk, note, last_day in rows.values_list("pk", "note", "last_day")}


OBSTACLES.add("hold", _list_held)


def list_undelivered() -> QuerySet[Invoice]:
    """Documents that could not be made, of which a mail failed, or that the network refused; the oldest first. Each by
    an index of what is wrong alone, since the bar counts them on every page.
    """
    refused = Handover.objects.filter(state=HandoverState.REFUSED).values_list("invoice")
    stopped = OutboxRow.objects.filter(kind=MADE_BY, state=OutboxState.FAILED).annotate(one=KT("payload__invoice"))
    unmade = Invoice.objects.filter(pdf=None, public_id__in=stopped.values("one")).values_list("pk")
    return Invoice.objects.filter(pk__in=refused.union(_failed(), unmade)).order_by("issued_at", "pk")


def count_undelivered() -> int:
    return list_undelivered().order_by().count()


def _failed() -> QuerySet[Sending, tuple[int]]:
    """Keys of documents of which a mail failed and none was sent since."""
    failed = OutboxRow.objects.filter(kind="mail", state=OutboxState.FAILED).values("public_id")
    later = Sending.objects.filter(invoice=OuterRef("invoice"), at__gt=OuterRef("at"))
    lost = Sending.objects.filter(~Exists(later), state=SendingState.UNDER_WAY, delivery_id__in=failed)
    return lost.values_list("invoice")


def list_to_hand_in() -> QuerySet[Invoice]:
    """Those whose e-invoice nobody handed in yet, the oldest first."""
    waiting = Handover.objects.filter(state=HandoverState.TO_HAND_IN).values("invoice")
    return Invoice.objects.filter(pk__in=waiting).order_by("issued_at", "pk")
