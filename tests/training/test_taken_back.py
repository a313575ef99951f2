"""What was planned, called off or put on a roster by mistake, taken back; calendars follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from icalendar import Calendar

from bursar.actions.run import run
from bursar.core import clock
from bursar.training.models import TrainingSession
from tests.cast import NOW, Cast, refusal_of
from tests.taken_back import check_way_back
from tests.training.desk import PLAN, asked, letters, person, planned, pull

SESSION = "training.session"
LATER = {**PLAN, "day": "2026-12-09", "mode": "in_person", "place": "Dam 1", "link": ""}


def methods() -> list[str]:
    """What the mails that wait say to calendars; they go."""
    return [str(Calendar.from_ical(one["calendar"])["METHOD"]) for one in letters()]


def check(cast: Cast, verb: str, session: TrainingSession, **data: Any) -> None:
    """Mails raise the revision: that alone is another."""
    session.refresh_from_db()
    TrainingSession.objects.filter(pk=session.pk).update(revision=0)
    check_way_back(cast, f"{SESSION}.{verb}", session.public_id, data, actor=cast.ties)


def test_people_are_taken_off_again(cast: Cast) -> None:
    session = asked(cast)
    check(cast, "add_attendees", session, people=[person("ali").public_id], addresses="eva@client.example")
    pull(cast, "add_attendees", session, people=[person("maud").public_id])
    check(cast, "add_attendees", session, people=[person("ali").public_id])
    assert session.roster.count() == 1 and methods() == []


def test_not_when_the_roster_is_another(cast: Cast) -> None:
    session = asked(cast)
    done = pull(cast, "add_attendees", session, people=[person("ali").public_id])
    with clock.frozen(NOW + timedelta(hours=1)):
        pull(cast, "add_attendees", session, addresses="eva@client.example")
        assert done.undo is not None
        late = refusal_of(done.undo.key, cast.ties, session.public_id, done.undo.data, undoes=done.line_id)
        assert late.status == 409 and session.roster.count() == 2


def test_a_plan_is_taken_back(cast: Cast) -> None:
    check(cast, "schedule", asked(cast), **PLAN)


def test_calendars_are_told_of_a_plan_that_is_none(cast: Cast) -> None:
    session = asked(cast)
    pull(cast, "add_attendees", session, people=[person("ali").public_id])
    done = pull(cast, "schedule", session, **PLAN)
    assert methods() == ["REQUEST"] and done.undo is not None
    with clock.frozen(NOW + timedelta(hours=1)):
        run(done.undo.key, cast.ties, session.public_id, done.undo.data, undoes=done.line_id)
    session.refresh_from_db()
    assert session.state == "requested" and session.starts_at is None and methods() == ["CANCEL"]


def test_a_move_is_taken_back(cast: Cast) -> None:
    check(cast, "reschedule", planned(cast), **LATER)
    session = planned(cast, "ali")
    done = pull(cast, "reschedule", session, **LATER)
    assert methods() == ["REQUEST"] and done.undo is not None
    with clock.frozen(NOW + timedelta(hours=1)):
        run(done.undo.key, cast.ties, session.public_id, done.undo.data, undoes=done.line_id)
    session.refresh_from_db()
    assert session.link == PLAN["link"] and session.revision == 3 and methods() == ["REQUEST"]


def test_a_cancellation_is_taken_back(cast: Cast) -> None:
    check(cast, "cancel", planned(cast))
    check(cast, "cancel", asked(cast))
    session = planned(cast, "ali")
    done = pull(cast, "cancel", session)
    assert methods() == ["CANCEL"] and done.undo is not None
    with clock.frozen(NOW + timedelta(hours=1)):
        run(done.undo.key, cast.ties, session.public_id, done.undo.data, undoes=done.line_id)
    session.refresh_from_db()
    assert session.state == "scheduled" and methods() == ["REQUEST"]


def test_a_reopening_is_taken_back_with_its_day(cast: Cast) -> None:
    session = planned(cast)
    pull(cast, "cancel", session)
    check(cast, "reopen", session)
    session.refresh_from_db()
    assert session.state == "cancelled" and session.starts_at is not None


def test_not_once_it_is_planned_otherwise(cast: Cast) -> None:
    session = planned(cast)
    done = pull(cast, "cancel", session)
    with clock.frozen(NOW + timedelta(hours=1)):
        pull(cast, "reopen", session)
        assert done.undo is not None
        late = refusal_of(done.undo.key, cast.ties, session.public_id, done.undo.data, undoes=done.line_id)
        assert late.status == 409 and "done here since" in late.sentence
