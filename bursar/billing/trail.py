"""What happened to a document after it was issued, for staff: sent to whom and when, reminded of, held, handed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.billing.models import Handover, Invoice, Reminder
from bursar.billing.models.sending import HandoverState, ReminderWay, SendingKind
from bursar.billing.obstacles import list_obstacles
from bursar.billing.queries.addresses import list_addresses
from bursar.billing.queries.sending import (
    Sent,
    list_reminders,
    list_sent,
)
from bursar.core.days import say_day

TONES = {"failed": "bad", "sent": "good"}
HANDOVER_TONES = {HandoverState.REFUSED: "bad", HandoverState.HANDED_IN: "good", HandoverState.TO_HAND_IN: "warn"}


@dataclass(frozen=True)
class Entry:
    """`more`: the server's words, or what came of a call. `delivery_id`: of the log, while that is kept."""

    at: datetime
    what: str
    who: str
    state: str = ""
    tone: str = ""
    more: str = ""
    delivery_id: str = ""


def describe_trail(row: Invoice, now: datetime) -> dict[str, Any]:
    """For `billing/_trail.html`. In five statements and one an obstacle; in three more where nobody got it."""
    entries = [*_mails(list_sent([row.pk]).get(row.pk, [])), *_calls(list_reminders(row.pk))]
    handover = Handover.objects.filter(pk=row.pk).first()
    return {
        "row": row,
        "has_address": not entries and bool(list_addresses(row.account, now)),
        "entries": sorted(entries, key=lambda one: one.at, reverse=True),
        "held": list_obstacles([row.pk], now).get(row.pk, "") if row.open > 0 else "",
        "handover": handover,
        "handover_tone": HANDOVER_TONES[HandoverState(handover.state)] if handover else "",
    }


def _mails(sent: Sequence[Sent]) -> Iterator[Entry]:
    for one in sent:
        row = one.sending
        what = f"Reminder {row.reminder.level}" if row.reminder else SendingKind(row.kind).label.capitalize()
        to = row.email or "a person who was erased"
        tone = TONES.get(one.state, "")
        yield Entry(one.at or row.at, what, to, one.state, tone, one.failed, row.delivery_id if one.failed else "")


def _calls(reminders: Sequence[Reminder]) -> Iterator[Entry]:
    for one in reminders:
        if one.way != ReminderWay.MAIL:
            level = f"Reminder {one.level}" if one.level else "Reminder"
            yield Entry(one.at, level, f"{one.get_way_display()} on {say_day(one.on)}", more=one.note)
