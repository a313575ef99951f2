"""A session is planned, moved, called off, asked for again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Loss, Notice, Outcome, Reason, Topic
from bursar.billing.seller import seller_zone
from bursar.core.days import say_local
from bursar.staff.models import StaffMember
from bursar.staff.queries import list_managers
from bursar.training import rules
from bursar.training.actions.mailing import call_off, invite, is_ahead, list_everybody, say_mailed
from bursar.training.actions.planning_kept import RESTORE_PLAN, keep_plan, undo_plan
from bursar.training.letters import Outgoing, trainer_as_guest
from bursar.training.models import PLACE_LENGTH, Mode, SessionState, TrainingSession
from bursar.training.queries.sessions import tell
from bursar.training.store import sessions
from bursar.training.store.sessions import Plan

TOLD = (Notice.REQUESTER,)
LONGEST = 7 * 24 * 60
USUAL_MINUTES = 120


class PlanForm(ActionForm):
    """`at`: by the seller's clock. `trainer`: the public id of a colleague."""

    day = forms.DateField(label="Day", widget=DayInput())
    at = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    minutes = forms.IntegerField(label="Minutes", min_value=5, max_value=LONGEST, initial=USUAL_MINUTES)
    mode = forms.ChoiceField(label="Held", choices=Mode.choices)
    trainer = forms.ChoiceField(label="Trainer", required=False)
    place = forms.CharField(label="Place", required=False, max_length=PLACE_LENGTH)
    link = forms.URLField(label="Link", required=False, max_length=PLACE_LENGTH, assume_scheme="https")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        session: TrainingSession = self.case.target
        trainer = self.fields["trainer"]
        assert isinstance(trainer, forms.ChoiceField)
        known = [session.trainer] if session.trainer else []
        staff = list({one.pk: one for one in [*list_managers(), *known]}.values())
        trainer.choices = [("", "nobody yet"), *[(one.public_id, str(one)) for one in staff]]
        trainer.initial = session.trainer.public_id if session.trainer else ""
        self.fields["at"].help_text = f"By the clock of {seller_zone().key}."
        for name in ("mode", "place", "link"):
            self.fields[name].initial = getattr(session, name)
        if session.starts_at is not None:
            there = session.starts_at.astimezone(seller_zone())
            self.fields["day"].initial, self.fields["at"].initial = there.date(), there.time()
            self.fields["minutes"].initial = session.minutes


def _plan_of(data: Cleaned) -> Plan:
    there = datetime.combine(data["day"], data["at"], tzinfo=seller_zone())
    trainer = StaffMember.objects.select_related("user").filter(public_id=data["trainer"]).first()
    return Plan(there.astimezone(UTC), data["minutes"], data["mode"], trainer, data["place"], data["link"])


def present_of(session: TrainingSession) -> Plan | None:
    if session.starts_at is None or session.minutes is None:
        return None
    return Plan(
        session.starts_at, session.minutes, session.mode, session.trainer, session.place, session.link
    )  # fmt: skip


def say_time(plan: Plan | None) -> str:
    """ "2 December 2026, 15:02 CET, 120 minutes" """
    return f"{say_local(plan.starts_at, seller_zone())}, {plan.minutes} minutes" if plan else ""


def list_changes(before: Plan | None, after: Plan) -> list[Change]:
    was, now = before.trainer if before else None, after.trainer
    pairs = [
        Change("Planned", say_time(before), say_time(after)),
        Change("Held", str(Mode(before.mode).label) if before else "", str(Mode(after.mode).label)),
        Change("Place", before.place if before else "", after.place),
        Change("Link", before.link if before else "", after.link),
        Change(
            "Trainer", str(was or ""), str(now or ""), private=True, before_ref=was.public_id if was else "",
            after_ref=now.public_id if now else "",
        ),
    ]  # fmt: skip
    return [change for change in pairs if change.before != change.after]


def _foresee(case: Case, data: Cleaned) -> list[str]:
    if _plan_of(data).starts_at <= case.now:
        return ["That has begun already, so no calendar is told of it."]
    return []


def _plan(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    before, after, was = present_of(session), _plan_of(data), keep_plan(session)
    was_ahead = is_ahead(session, act.now)
    sessions.plan(session, after)
    outgoing = tell_calendars(act, session, before if was_ahead else None)
    sentence = f"{session} is on {say_time(after)}.{say_mailed(outgoing)}"
    told, undo = told_of(session, outgoing), undo_plan(was, session)
    return Outcome(sentence, list_changes(before, after), data=told, outgoing=outgoing, undo=undo)


def told_of(session: TrainingSession, outgoing: list[Outgoing]) -> dict[str, Any]:
    """Whoever asked and takes part hears of it by the mail for their calendar, and by no second one."""
    told = tell(session)
    mailed = {payload["recipient"] for _, payload in outgoing}
    return {**told, "requester": "" if told["requester"] in mailed else told["requester"]}


def tell_calendars(act: Act, session: TrainingSession, before: Plan | None) -> list[Outgoing]:
    """`before`: what calendars hold, if anything. Of another trainer alone only the two trainers hear."""
    after = present_of(session)
    assert after is not None
    former = before.trainer if before and before.trainer != after.trainer else None
    off = call_off(session, trainer_as_guest(former), act.now)
    if before is None and not is_ahead(session, act.now):
        return off
    if before is not None and before._replace(trainer=after.trainer) == after:
        return off + invite(session, trainer_as_guest(after.trainer), act.now)
    return off + invite(session, list_everybody(session), act.now)


@action(
    key="training.session.schedule",
    on=TrainingSession,
    form=PlanForm,
    label="Schedule…",
    inverse=(RESTORE_PLAN,),
    opposite="training.session.cancel",
    group=Group.TRAINING,
    done="Training scheduled",
    icon="calendar-plus",
    code="sc",
    formerly=("plan", "book"),
    help="Plans it: day and time, how and where it is held, and who teaches. Whoever is on the roster gets a mail that "
    "puts it into their calendar, and so does the trainer.",
    when="When a day is agreed. The roster may be filled before or after.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    blocked=lambda case: rules.why_not_schedule(case.target.state),
    preview=_foresee,
    tell=TOLD,
    topic=Topic.DECISIONS,
    event="session.scheduled",
)
def schedule(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    return _plan(act, session, data)


def _why_same(case: Case, data: Cleaned) -> str | None:
    return "This is how it is planned already." if _plan_of(data) == present_of(case.target) else None


@action(
    key="training.session.reschedule",
    on=TrainingSession,
    form=PlanForm,
    label="Reschedule…",
    inverse=(RESTORE_PLAN,),
    group=Group.TRAINING,
    done="Training rescheduled",
    icon="calendar-repeat",
    code="rs",
    formerly=("move", "postpone"),
    help="Plans it anew: another time, place or trainer. The same meeting moves in everybody's calendar.",
    when="When something of the plan changes. Of another trainer only the trainers hear.",
    reason=Reason.OPTIONAL,
    customer_visible=True,
    concerns_money=False,
    blocked=lambda case: rules.why_not_reschedule(case.target.state),
    refused=_why_same,
    preview=_foresee,
    tell=TOLD,
    topic=Topic.DECISIONS,
    event="session.rescheduled",
)
def reschedule(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    return _plan(act, session, data)


def _foresee_cancel(case: Case, data: Cleaned) -> list[str]:
    return [Loss("It is not held. Whoever has it in their calendar is told that it is off.")]


@action(
    key="training.session.cancel",
    on=TrainingSession,
    label="Cancel…",
    inverse=(RESTORE_PLAN,),
    opposite="training.session.reopen",
    group=Group.TRAINING,
    done="Training cancelled",
    icon="calendar-off",
    code="ca",
    formerly=("call off",),
    help="Calls it off. The same meeting leaves everybody's calendar; nobody gets a licence.",
    when="When it is not held at all. An invoice that asks for it stands until you credit it. For another day: "
    "“Reschedule”.",
    customer_visible=True,
    concerns_money=False,
    takes_away=True,
    blocked=lambda case: rules.why_not_cancel(case.target.state),
    preview=_foresee_cancel,
    tell=TOLD,
    topic=Topic.DECISIONS,
    event="session.cancelled",
)
def cancel(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    was, kept = session.get_state_display(), keep_plan(session)
    is_told = session.state == SessionState.SCHEDULED and is_ahead(session, act.now)
    sessions.cancel(session, act.now)
    outgoing = call_off(session, list_everybody(session), act.now) if is_told else []
    change = Change("State", was, session.get_state_display())
    told = told_of(session, outgoing)
    sentence = f"{session} is off.{say_mailed(outgoing)}"
    return Outcome(sentence, [change], data=told, outgoing=outgoing, undo=undo_plan(kept, session))


@action(
    key="training.session.reopen",
    on=TrainingSession,
    label="Reopen…",
    inverse=(RESTORE_PLAN,),
    opposite="training.session.cancel",
    group=Group.TRAINING,
    done="Training reopened",
    icon="calendar-up",
    code="ro",
    formerly=("undo complete",),
    help="Makes a cancelled session a request again, with its roster and its price. It waits for a new day.",
    when="When it is to be held after all. What is completed is not reopened: its licences are corrected.",
    customer_visible=True,
    concerns_money=False,
    blocked=lambda case: rules.why_not_reopen(case.target.state),
    tell=TOLD,
    topic=Topic.DECISIONS,
    event="session.reopened",
)
def reopen(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    kept = keep_plan(session)
    sessions.reopen(session)
    change = Change("State", "cancelled", session.get_state_display())
    undo = undo_plan(kept, session)
    return Outcome(f"{session} waits to be scheduled.", [change], data=tell(session), undo=undo)
