"""Overdue invoices are asked for: by mail, level by level, or by somebody who called; or nobody asks for a while."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Outcome, Reason, Topic, Undo
from bursar.actions.undo import WayBack, moved_from, offer_of
from bursar.billing.actions.sending import ToForm, say_letter, say_many, say_to, to_of, why_no_files, why_nobody
from bursar.billing.documents.letters import Letter, write_reminder
from bursar.billing.models import Invoice, Reminder
from bursar.billing.models.sending import ReminderWay, SendingKind
from bursar.billing.obstacles import list_obstacles
from bursar.billing.queries.sending import ask_of, find_hold, find_reminded
from bursar.billing.rules.reminders import Reminded, find_day, why_not_overdue, why_not_remind
from bursar.billing.seller import seller_day
from bursar.billing.store import sending as store
from bursar.billing.store.sending import Post
from bursar.core.days import say_day
from bursar.core.money import euros

WITHDRAW_REMINDER = "billing.invoice.withdraw_reminder"
HELD_FOR = timedelta(days=14)
HELD_AT_MOST = timedelta(days=366)


def reminded_of(case: Case) -> Reminded:
    found: Reminded = case.once("reminded", lambda: find_reminded(case.target.pk))
    return found


def _why_not(case: Case) -> str | None:
    row: Invoice = case.target
    rule = why_not_remind(ask_of(row, reminded_of(case)), settings.BURSAR_REMINDER_DAYS, seller_day(case.now))
    return rule or why_no_files(case) or list_obstacles([row.pk], case.now).get(row.pk)


def _letter(case: Case) -> Letter:
    """Of the next level."""
    row: Invoice = case.target
    document = row.document
    texts = settings.BURSAR_REMINDER_TEXTS[document.language]
    return write_reminder(document, row.open, texts[reminded_of(case).level])


def _foresee(case: Case, data: Cleaned) -> list[str]:
    return [
        f"Level {reminded_of(case).level + 1} of {len(settings.BURSAR_REMINDER_DAYS)}; {euros(case.target.open)} "
        "are open.",
        *say_letter(_letter(case)),
    ]


def _reminder(act: Act, level: int | None, way: str, on: date, note: str = "") -> Reminder:
    row: Invoice = act.case.target
    return store.note_reminder(Reminder(invoice=row, level=level, way=way, on=on, at=act.now, open=row.open, note=note))


@action(
    key="billing.invoice.remind",
    on=Invoice,
    form=ToForm,
    label="Remind…",
    instead="What was sent is sent; hold further reminders.",
    done="Reminder sent",
    icon="mail-exclamation",
    code="ri",
    formerly=("dunning", "reminder"),
    group=Group.DELIVERY,
    help="Mails the next reminder with the document; the preview shows its text and what is open. Each level "
    "goes once.",
    when="When an invoice is overdue and nothing speaks for waiting. Before a contract is at stake, call and record "
    "that instead.",
    customer_visible=True,
    concerns_money=True,
    reason=Reason.OPTIONAL,
    blocked=_why_not,
    refused=why_nobody,
    preview=_foresee,
    topic=Topic.MONEY,
    bulk=True,
)
def remind(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    level, to = reminded_of(act.case).level + 1, to_of(act.case, data)
    letter = _letter(act.case)
    reminder = _reminder(act, level, ReminderWay.MAIL, seller_day(act.now))
    store.send(row, Post(letter, SendingKind.REMINDER, reminder), to, act.now)
    changes = [Change("Reminder", "", f"level {level}, {euros(row.open)} open", concerns_money=True), *say_to(to)]
    return Outcome(f"Reminder {level} of {row.number} goes to {say_many(to)}.", changes)


def _why_not_overdue(case: Case) -> str | None:
    return why_not_overdue(ask_of(case.target, reminded_of(case)), seller_day(case.now))


class RecordForm(ActionForm):
    way = forms.ChoiceField(
        label="How", choices=[pair for pair in ReminderWay.choices if pair[0] != ReminderWay.MAIL.value]
    )
    on = forms.DateField(label="On", widget=DayInput())
    note = forms.CharField(
        label="What came of it", max_length=200, required=False, help_text="In the book too, so without names."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leave_open("way")
        self.fields["on"].initial = seller_day(self.case.now)

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > seller_day(self.case.now):
            raise forms.ValidationError("It happened today at the latest.")
        if on < self.case.target.issued_on:
            raise forms.ValidationError("The invoice was issued later.")
        return on


@action(
    key="billing.invoice.record_reminder",
    on=Invoice,
    form=RecordForm,
    label="Record reminder…",
    inverse=(WITHDRAW_REMINDER,),
    done="Reminder recorded",
    icon="phone-check",
    code="rr",
    formerly=("called", "phone"),
    group=Group.DELIVERY,
    help="Notes that somebody asked for it by phone, by letter or in person; nothing is sent. It counts as the next "
    "level.",
    when="After a call or a letter, so that nobody asks for the same again by mail the next day.",
    reason=Reason.NONE,
    blocked=_why_not_overdue,
)
def record_reminder(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    last = reminded_of(act.case).level
    level = last + 1 if last < len(settings.BURSAR_REMINDER_DAYS) else None
    made = _reminder(act, level, data["way"], data["on"], data["note"])
    said = f"{made.get_way_display()} on {say_day(made.on)}" + (f", as level {level}" if level else "")
    changes = [Change("Reminder", "", said, private=True)]
    changes += [Change("What came of it", "", data["note"], private=True)] if data["note"] else []
    undo = Undo(WITHDRAW_REMINDER, {"reminder": made.pk}, left={"newest": made.pk})
    return Outcome(f"{row.number}: asked for {said}.", changes, undo=undo)


def _load_newest(ids: Collection[str]) -> dict[str, dict[str, int]]:
    rows = Reminder.objects.filter(invoice__public_id__in=ids).order_by("invoice__public_id", "-pk")
    found = rows.distinct("invoice__public_id").values_list("invoice__public_id", "pk")
    return {public_id: {"newest": pk} for public_id, pk in found}


@action(
    key=WITHDRAW_REMINDER,
    on=Invoice,
    form=WayBack,
    label="Withdraw reminder",
    done="Reminder withdrawn",
    icon="arrow-back",
    group=Group.DELIVERY,
    help="Takes a recorded reminder back: it counts no more, and the next level is as before.",
    when="When a call or letter was recorded at the wrong invoice: within 24 hours, and while nobody reminded of it "
    "since.",
    reason=Reason.NONE,
    way_back=True,
    moved_on=moved_from(_load_newest),
    in_menu=False,
)
def withdraw_reminder(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    store.forget_reminder(row, offer_of(act.request).data["reminder"])
    change = Change("Reminder", "recorded", "withdrawn", private=True)
    return Outcome(f"The recorded reminder of {row.number} counts no more.", [change])


class HoldForm(ActionForm):
    note = forms.CharField(label="Why", max_length=200, help_text="Colleagues read it at the invoice.")
    last_day = forms.DateField(label="Through", widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = seller_day(self.case.now)
        held = None if self.case.is_one_of_several else find_hold(self.case.target, today)
        self.fields["note"].initial = held.note if held else ""
        self.fields["last_day"].initial = held.last_day if held else today + HELD_FOR

    def clean_last_day(self) -> date:
        last_day: date = self.cleaned_data["last_day"]
        today = seller_day(self.case.now)
        if not today <= last_day <= today + HELD_AT_MOST:
            raise forms.ValidationError("From today on, for a year at most.")
        return last_day


def _why_not_hold(case: Case) -> str | None:
    row: Invoice = case.target
    if row.corrects_id is not None:
        return "This is a credit note: nothing is asked for."
    return None if row.open > 0 else "Nothing of it is open."


def _next_reminder(case: Case) -> date | None:
    """From when on the next one may go; None where all have gone, or it is due on no day."""
    due_on = ask_of(case.target, reminded := reminded_of(case)).due_on
    return find_day(due_on, reminded, settings.BURSAR_REMINDER_DAYS) if due_on else None


def _why_hold_idle(case: Case, data: Cleaned) -> str | None:
    day = _next_reminder(case)
    if day is None:
        return "All reminders of it have gone already, so none waits."
    if day > data["last_day"]:
        return f"The next reminder goes on {say_day(day)} at the earliest, which is after that."
    return None


def _why_release_idle(case: Case, data: Cleaned) -> str | None:
    day = _next_reminder(case)
    if day is None:
        return "All reminders of it have gone already, so none goes on."
    if day > seller_day(case.now):
        return f"No reminder waits: the next one goes on {say_day(day)} at the earliest."
    return None


@action(
    key="billing.invoice.hold",
    on=Invoice,
    form=HoldForm,
    label="Hold…",
    done="Invoice put on hold",
    icon="player-pause",
    code="ho",
    formerly=("pause reminders", "dispute"),
    group=Group.DELIVERY,
    help="Holds its reminders back through that day; then they go on by themselves. What is due stays due.",
    when="When something about it is being cleared up, or payment is promised for a day. Where it is wrong, credit it.",
    reason=Reason.NONE,
    blocked=_why_not_hold,
    idle=_why_hold_idle,
    inverse=("billing.invoice.hold", "billing.invoice.release"),
    bulk=True,
)
def hold(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    before = find_hold(row, seller_day(act.now))
    store.hold(row, data["note"], data["last_day"], act.now)
    changes = [
        Change("On hold through", say_day(before.last_day) if before else "", say_day(data["last_day"]), private=True),
        Change("Why", before.note if before else "", data["note"], private=True),
    ]
    undo = Undo("billing.invoice.release", {})
    if before:
        undo = Undo("billing.invoice.hold", {"note": before.note, "last_day": before.last_day.isoformat()})
    return Outcome(f"Nobody is reminded of {row.number} through {say_day(data['last_day'])}.", changes, undo=undo)


@action(
    key="billing.invoice.release",
    on=Invoice,
    label="Release",
    done="Invoice released",
    icon="player-play",
    code="re",
    formerly=("resume reminders",),
    group=Group.DELIVERY,
    help="Ends the hold: it is reminded of again, when it is due.",
    when="When what it waited for is cleared up before the day.",
    reason=Reason.NONE,
    blocked=lambda case: None if find_hold(case.target, seller_day(case.now)) else "It is not on hold.",
    idle=_why_release_idle,
    inverse=("billing.invoice.hold",),
    bulk=True,
)
def release(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    held = find_hold(row, seller_day(act.now))
    assert held is not None
    store.release(row)
    changes = [Change("On hold through", say_day(held.last_day), "", private=True)]
    undo = Undo("billing.invoice.hold", {"note": held.note, "last_day": held.last_day.isoformat()})
    return Outcome(f"{row.number} is on hold no more.", changes, undo=undo)
