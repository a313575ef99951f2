"""What happens once a session was held: completing it, and putting right what was noted wrongly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Outcome, Reason, Undo
from bursar.billing.seller import seller_day
from bursar.core import naming
from bursar.core.days import say_day
from bursar.training import licence_rules as rules
from bursar.training.actions.roster import AddForm, new_of, why_not_add
from bursar.training.models import Attendee, Licence, SessionState, TrainingSession
from bursar.training.queries.licences import list_of_session, tell
from bursar.training.queries.rosters import list_present
from bursar.training.rules import find_last_day
from bursar.training.store import licences, rosters, sessions

GRANT = "training.attendee.grant_licence"
EDIT = "training.licence.edit"
NAMED = 20
"""At most so many are listed in a preview."""


class HeldForm(ActionForm):
    held_on = forms.DateField(label="Held on", widget=DayInput(), help_text="Licences count from this day.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        session: TrainingSession = self.case.target
        today = seller_day(self.case.now)
        planned = seller_day(session.starts_at) if session.starts_at else today
        self.fields["held_on"].initial = session.held_on or min(planned, today)


def _roster(case: Case) -> list[Attendee]:
    found: list[Attendee] = case.once("roster", lambda: list(case.target.roster.exclude(name="", email="")))
    return found


def _why_not_complete(case: Case) -> str | None:
    people = _roster(case)
    counts = rules.Roster(len(people), sum(one.is_absent for one in people))
    return rules.why_not_complete(case.target.state, case.target.held_on, counts)


def _why_not_held_on(case: Case, data: Cleaned) -> str | None:
    return rules.why_not_held_on(data["held_on"], seller_day(case.now))


def _name_each(names: Iterable[str], words: str) -> list[str]:
    found = list(names)
    said = [f"{name} {words}" for name in found[:NAMED]]
    return said + ([f"And {len(found) - NAMED:,} more."] if len(found) > NAMED else [])


def _foresee_completion(case: Case, data: Cleaned) -> list[str]:
    session: TrainingSession = case.target
    if not session.training.grants_licence:
        return [f"“{session.training}” grants no licence."]
    last_day = say_day(find_last_day(data["held_on"]))
    present = [one.shown_name for one in list_present(session)]
    absent = [one.shown_name for one in _roster(case) if one.is_absent]
    got = _name_each(present, f"gets a licence, valid through {last_day}.")
    return got + _name_each(absent, "was absent, and gets none.")


@action(
    key="training.session.complete",
    on=TrainingSession,
    form=HeldForm,
    label="Complete session…",
    instead="Correct the day, or revoke single licences.",
    done="Session completed",
    icon="certificate",
    code="co",
    formerly=("finish", "hold"),
    group=Group.TRAINING,
    help="Notes on which day the session was held, and grants a licence to everybody on the roster who was there.",
    when="When it was held. Mark first who was absent; whoever is forgotten is added afterwards. A session that was "
    "not held is cancelled.",
    reason=Reason.OPTIONAL,
    customer_visible=True,
    concerns_money=False,
    blocked=_why_not_complete,
    refused=_why_not_held_on,
    preview=_foresee_completion,
    calls=(GRANT,),
)
def complete(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    """Each licence has a line of its own, in one group with this one's."""
    before, held_on = session.get_state_display(), data["held_on"]
    sessions.complete(session, held_on, act.now)
    granted = list(list_present(session)) if session.training.grants_licence else []
    for attendee in granted:
        act.also(GRANT, attendee, {})
    changes = [Change("Session", before, session.get_state_display()), Change("Held on", "", say_day(held_on))]
    words = f"{session} is completed."
    if granted:
        changes.append(Change("Licences", "", f"{len(granted):,}, valid through {say_day(find_last_day(held_on))}"))
        words += f" {len(granted):,} licence{'' if len(granted) == 1 else 's'} granted."
    return Outcome(words, changes, data={"licences": len(granted), "held_on": held_on.isoformat()})


def _why_not_grant(case: Case) -> str | None:
    attendee: Attendee = case.target
    session = attendee.session
    if session.state != SessionState.COMPLETED:
        return f"{rules.why_not_completed(session.state)} Completing it grants the licences."
    if not session.training.grants_licence:
        return f"“{session.training}” grants no licence."
    if not attendee.shown_name:
        return "This person was erased."
    if Licence.objects.filter(attendee=attendee).exists():
        return "They have a licence from this session already."
    return None


@action(
    key=GRANT,
    on=Attendee,
    label="Grant licence…",
    opposite="training.licence.revoke",
    done="Licence granted",
    icon="certificate",
    code="gl",
    formerly=("certificate",),
    group=Group.TRAINING,
    help="Grants a licence to somebody on the roster of a completed session, for a year from the day held.",
    when="Seldom by hand: completing a session does it. By hand for somebody who was marked absent and was there.",
    reason=Reason.OPTIONAL,
    customer_visible=True,
    concerns_money=False,
    blocked=_why_not_grant,
    event="licence.granted",
)
def grant_licence(act: Act, attendee: Attendee, data: Cleaned) -> Outcome:
    attendee.refresh_from_db(fields=["person", "name", "email"])  # the product may have named them before the lock
    held_on = attendee.session.held_on
    assert held_on is not None
    if attendee.is_absent:
        rosters.mark(attendee, is_absent=False)
    made = licences.grant(attendee, held_on, act.now, act.actor.staff_id)
    change = say_change(made, "", f"{made.training}, valid {rules.say_span(made.valid_from, made.last_day)}")
    sentence = f"{naming.say(made.named_by, made.whose)} has a licence, valid through {say_day(made.last_day)}."
    return Outcome(sentence, [change], data=tell(made), touches=shown_at(made))


def say_change(licence: Licence, before: str, after: str) -> Change:
    """Of one person's licence: the book keeps the name by reference."""
    return Change("Licence", before, after, who=licence.whose, who_ref=licence.named_by if licence.whose else "")


def shown_at(licence: Licence) -> list[str]:
    """What shows the line beside the organisation."""
    return [licence.public_id, *([licence.person.public_id] if licence.person else [])]


def _why_not_correct(case: Case) -> str | None:
    return rules.why_not_completed(case.target.state)


def _why_not_correct_to(case: Case, data: Cleaned) -> str | None:
    if data["held_on"] == case.target.held_on:
        return f"{say_day(data['held_on'])} is the day that is noted already."
    return _why_not_held_on(case, data)


def _moving(session: TrainingSession) -> tuple[list[Licence], list[Licence]]:
    """Those that still run by the day held, and those whose dates somebody edited since."""
    assert session.held_on is not None
    dates, found = (session.held_on, find_last_day(session.held_on)), list(list_of_session(session))
    moving = [one for one in found if (one.valid_from, one.last_day) == dates]
    return moving, [one for one in found if one not in moving]


def _foresee_correction(case: Case, data: Cleaned) -> list[str]:
    moving, staying = _moving(case.target)
    words = f"has a licence valid {rules.say_span(data['held_on'], find_last_day(data['held_on']))} then."
    said = _name_each((one.whose or naming.ERASED for one in moving), words)
    return said + _name_each((one.whose or naming.ERASED for one in staying), "keeps the dates that were edited.")


@action(
    key="training.session.correct_day",
    on=TrainingSession,
    form=HeldForm,
    label="Correct day held…",
    done="Day held corrected",
    icon="calendar-event",
    code="cd",
    formerly=("change date",),
    group=Group.TRAINING,
    help="Changes the day on which a completed session was held, and moves its licences with it. Those whose dates "
    "were edited by hand stay.",
    when="When the wrong day was noted. For one person alone edit their licence.",
    customer_visible=True,
    concerns_money=False,
    blocked=_why_not_correct,
    refused=_why_not_correct_to,
    preview=_foresee_correction,
    calls=(EDIT,),
    inverse=("training.session.correct_day",),
)
def correct_day(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    before, held_on = session.held_on, data["held_on"]
    assert before is not None
    moving, _ = _moving(session)
    sessions.move_held(session, held_on)
    dates = {"valid_from": held_on, "last_day": find_last_day(held_on)}
    for licence in moving:
        act.also(EDIT, licence, dates)
    undo = Undo("training.session.correct_day", {"held_on": before.isoformat()})
    return Outcome(
        f"{session} was held on {say_day(held_on)}.", [Change("Held on", say_day(before), say_day(held_on))], undo=undo
    )


def _foresee_late(case: Case, data: Cleaned) -> list[str]:
    session, new = case.target, new_of(case, data)
    assert session.held_on is not None
    names = [*[one.name for one in new.people], *[name or email for email, name in new.waiting.items()]]
    if not session.training.grants_licence:
        return _name_each(names, f"was there. “{session.training}” grants no licence.")
    return _name_each(names, f"gets a licence, valid through {say_day(find_last_day(session.held_on))}.")


@action(
    key="training.session.add_afterwards",
    on=TrainingSession,
    form=AddForm,
    label="Add attendees afterwards…",
    opposite="training.licence.revoke",
    done="Attendees added afterwards",
    icon="users-plus",
    code="af",
    formerly=("late attendees",),
    group=Group.TRAINING,
    help="Puts people on the roster of a completed session, and grants them the licence that the others got.",
    when="When somebody was there and was forgotten. Before the session is completed, change its roster.",
    customer_visible=True,
    concerns_money=False,
    blocked=_why_not_correct,
    refused=why_not_add,
    preview=_foresee_late,
    calls=(GRANT,),
)
def add_afterwards(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    new, before = new_of(act.case, data), session.roster.count()
    made = rosters.add_people(session, new.people, act.now) + rosters.add_addresses(session, new.waiting, act.now)
    for attendee in made if session.training.grants_licence else []:
        act.also(GRANT, attendee, {})
    change = Change("On the roster", str(before), str(before + len(made)))
    told = {"attendees": [one.public_id for one in made]}
    words = "1 is new" if len(made) == 1 else f"{len(made)} are new"
    return Outcome(f"{words} on the roster of {session}.", [change], data=told)
