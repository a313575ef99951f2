"""The way back of a plan: a session is planned, asked for or called off as before, and calendars follow."""

from __future__ import annotations

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Change, Cleaned, Group, Outcome, Reason, Topic
from bursar.actions.undo import WayBack, moved_from, offer_of
from bursar.training.actions.mailing import call_off, is_ahead, list_everybody, say_mailed
from bursar.training.actions.planning import TOLD, list_changes, present_of, tell_calendars, told_of
from bursar.training.actions.planning_kept import RESTORE_PLAN, columns_of, load_plans
from bursar.training.models import SessionState, TrainingSession
from bursar.training.store import sessions

EVENTS = {
    SessionState.REQUESTED: "session.reopened",
    SessionState.SCHEDULED: "session.scheduled",
    SessionState.CANCELLED: "session.cancelled",
}


@action(
    key=RESTORE_PLAN,
    on=TrainingSession,
    form=WayBack,
    label="Restore plan",
    done="Plan of a training restored",
    icon="arrow-back",
    group=Group.TRAINING,
    help="Takes the planning of a session, its move, its cancellation or its reopening back: it is planned, asked for "
    "or called off as before. The same meeting comes into everybody's calendar, moves there, or leaves it.",
    when="When the wrong session was planned, moved or cancelled: within 24 hours, while nothing else became of it.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    tell=TOLD,
    topic=Topic.DECISIONS,
    events=("session.rescheduled", *EVENTS.values()),
    way_back=True,
    moved_on=moved_from(load_plans),
    in_menu=False,
)
def restore_plan(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    was_scheduled, columns = session.state == SessionState.SCHEDULED, columns_of(offer_of(act.request).data)
    state, before = session.get_state_display(), present_of(session)
    held = before if was_scheduled and is_ahead(session, act.now) else None
    outgoing = []
    if held and columns["state"] != SessionState.SCHEDULED:  # while it still has the time that calendars hold
        outgoing = call_off(session, list_everybody(session), act.now)
    sessions.put_back(session, columns)
    if session.state == SessionState.SCHEDULED:
        outgoing = tell_calendars(act, session, held)
    changes = [Change("State", state, session.get_state_display())] if state != session.get_state_display() else []
    if after := present_of(session):
        changes += list_changes(before, after)
    is_moved = was_scheduled and session.state == SessionState.SCHEDULED
    return Outcome(
        f"{session} is {session.get_state_display()} as before.{say_mailed(outgoing)}", changes,
        data=told_of(session, outgoing), outgoing=outgoing,
        event="session.rescheduled" if is_moved else EVENTS[SessionState(session.state)],
    )  # fmt: skip
