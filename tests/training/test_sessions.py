"""Sessions: asked for by customers and staff, planned, moved, called off, reopened; who hears of it, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from bursar.actions.menu import build
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.notifications.models import Mail, Notification
from bursar.training.models import SessionState, TrainingSession
from tests.cast import NOW, Cast, prove, refusal_of
from tests.training.desk import PLAN, asked, deliver, letters, on_roster, person, planned, pull, training

ASK = "training.organisation.ask_training"


def ask(cast: Cast, **data: Any) -> TrainingSession:
    """By Maud, who owns the organisation."""
    data = {"training": training().public_id, **data}
    made = run(ASK, cast.maud.as_customer(), cast.haarlem.organisation.public_id, data)
    return TrainingSession.objects.get(public_id=made.data["session"])


def event_of(letter: dict[str, Any]) -> dict[str, Any]:
    calendar = Calendar.from_ical(letter["calendar"])
    [event] = calendar.walk("VEVENT")
    return {"method": str(calendar["METHOD"]), **{name.lower(): event[name] for name in event}}


def test_an_owner_asks_and_staff_hear_of_it(cast: Cast) -> None:
    session = ask(cast, participants=7, message="In January, please")
    assert (session.state, session.participants, session.message) == ("requested", 7, "In January, please")
    assert session.requested_by == person("maud") and session.requested_at == NOW
    deliver()
    assert Notification.objects.filter(line__key="training.organisation.ask_training").count() == 3
    prove()


def test_who_may_not_ask(cast: Cast) -> None:
    data = {"training": training().public_id}
    place = cast.haarlem.organisation.public_id
    assert refusal_of(ASK, cast.lotte.as_customer(), place, data).status == 404
    assert refusal_of(ASK, cast.lotte.as_customer(), cast.samen.organisation.public_id, data).status == 403
    assert refusal_of(ASK, cast.ties, place, data).status == 403
    assert refusal_of("training.organisation.request_session", cast.ada, place, data).status == 403
    assert not TrainingSession.objects.exists()


def test_from_request_to_calendar(cast: Cast) -> None:
    session = asked(cast)
    pull(cast, "add_attendees", session, people=[person("ali").public_id, person("maud").public_id])
    assert letters() == []  # nothing is planned yet
    outcome = pull(cast, "schedule", session, **PLAN, trainer=cast.noor.id, place="Stadhuis")
    assert (session.state, session.minutes, session.trainer_id) == ("scheduled", 120, cast.noor.staff_id)
    assert session.starts_at == datetime(2026, 12, 2, 14, tzinfo=UTC)  # 15:00 in Amsterdam
    assert outcome.sentence.endswith("is on 2 December 2026, 15:00 CET, 120 minutes. 3 calendars are told.")
    sent = letters()
    assert [letter["to"] for letter in sent] == ["noor@agora.example", "ali@client.example", "maud@client.example"]
    event = event_of(sent[1])
    assert (event["method"], event["uid"], int(event["sequence"])) == (
        "REQUEST", f"{session.public_id}@agora.example", 1,
    )  # fmt: skip
    assert event["dtstart"].dt == session.starts_at and event["dtend"].dt - event["dtstart"].dt == timedelta(hours=2)
    assert str(event["attendee"]) == "mailto:ali@client.example" and str(event["location"]) == "Stadhuis"
    assert "maud" not in sent[1]["calendar"] and str(event["status"]) == "CONFIRMED"
    prove()


def test_the_same_meeting_moves(cast: Cast) -> None:
    session = planned(cast, "ali")
    pull(cast, "reschedule", session, **{**PLAN, "at": "09:30"})
    [letter] = letters()
    event = event_of(letter)
    assert (str(event["uid"]), int(event["sequence"])) == (f"{session.public_id}@agora.example", 2)
    assert event["dtstart"].dt == datetime(2026, 12, 2, 8, 30, tzinfo=UTC)
    assert "2 December 2026, 09:30 CET" in letter["subject"]


def test_what_is_as_it_was_mails_nobody(cast: Cast) -> None:
    session = planned(cast, "ali")
    refusal = refusal_of("training.session.reschedule", cast.ties, session.public_id, PLAN)
    assert (refusal.status, refusal.sentence) == (409, "This is how it is planned already.")
    assert letters() == [] and TrainingSession.objects.get().revision == 1


def test_of_another_trainer_only_trainers_hear(cast: Cast) -> None:
    session = planned(cast, "ali", trainer=cast.noor.id)
    pull(cast, "reschedule", session, **PLAN, trainer=cast.iris.id)
    told = {letter["to"]: event_of(letter)["method"] for letter in letters()}
    assert told == {"noor@agora.example": "CANCEL", "iris@agora.example": "REQUEST"}


def test_it_is_called_off_and_asked_for_again(cast: Cast) -> None:
    session = planned(cast, "ali")
    pull(cast, "cancel", session)
    [letter] = letters()
    event = event_of(letter)
    assert (event["method"], str(event["status"]), int(event["sequence"])) == ("CANCEL", "CANCELLED", 2)
    assert letter["subject"].startswith("Cancelled: ") and session.cancelled_at == NOW
    pull(cast, "reopen", session)
    assert (session.state, session.starts_at, session.cancelled_at) == ("requested", None, None)
    assert session.roster.count() == 1 and session.price.price == 675 and letters() == []
    pull(cast, "schedule", session, **PLAN)
    assert int(event_of(letters()[0])["sequence"]) == 3
    prove()


def test_roster_changes_reach_whom_they_concern_alone(cast: Cast) -> None:
    session = planned(cast, "ali")
    pull(cast, "add_attendees", session, people=[person("maud").public_id])
    assert [letter["to"] for letter in letters()] == ["maud@client.example"]
    row = on_roster(session, "ali")
    pull(cast, "remove", row, "attendee")
    [letter] = letters()
    assert (letter["to"], event_of(letter)["method"]) == ("ali@client.example", "CANCEL")
    session.refresh_from_db()
    pull(cast, "reschedule", session, **{**PLAN, "minutes": 90})
    assert [letter["to"] for letter in letters()] == ["maud@client.example"]
    pull(cast, "add_attendees", session, people=[person("ali").public_id])
    assert int(event_of(letters()[0])["sequence"]) == 5  # above what took it out of their calendar


def test_what_has_begun_is_written_down_and_mailed_to_nobody(cast: Cast) -> None:
    session = asked(cast)
    pull(cast, "add_attendees", session, people=[person("ali").public_id])
    pull(cast, "schedule", session, **{**PLAN, "day": "2026-11-20"})
    assert letters() == [] and session.state == SessionState.SCHEDULED


def test_the_mail_goes_out_with_its_file(cast: Cast, mailoutbox: list[Any]) -> None:
    session = asked(cast)
    pull(cast, "add_attendees", session, people=[person("ali").public_id])
    pull(cast, "schedule", session, **PLAN)
    deliver()
    [message] = [one for one in mailoutbox if one.to == ["Ali <ali@client.example>"]]
    [part] = [one for one in message.message().walk() if one.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "REQUEST" and part.get_filename() == "session.ics"
    assert Calendar.from_ical(part.get_payload(decode=True))["METHOD"] == "REQUEST"
    kept = Mail.objects.get(email="ali@client.example")
    assert kept.calendar.startswith("BEGIN:VCALENDAR") and kept.recipient_id == person("ali").public_id
    deliver()
    assert len([one for one in mailoutbox if one.to == ["Ali <ali@client.example>"]]) == 1


def test_whoever_asked_hears_of_each_turn(cast: Cast) -> None:
    session = ask(cast)
    pull(cast, "schedule", session, **PLAN)
    pull(cast, "reschedule", session, **{**PLAN, "at": "16:00"})
    pull(cast, "cancel", session)
    pull(cast, "reopen", session)
    deliver()
    told = Notification.objects.filter(recipient_id=person("maud").public_id).order_by("id")
    assert [one.line.key.rpartition(".")[2] for one in told] == ["schedule", "reschedule", "cancel", "reopen"]


def test_whoever_asked_and_takes_part_gets_one_mail(cast: Cast, mailoutbox: list[Any]) -> None:
    session = ask(cast)
    pull(cast, "add_attendees", session, people=[person("maud").public_id])
    pull(cast, "schedule", session, **PLAN)
    deliver()
    assert [one.subject for one in mailoutbox if "maud@client.example" in one.to[0]] == [
        "Online training, 2 December 2026, 15:00 CET"
    ]


def test_erased_their_words_and_mails_go(cast: Cast) -> None:
    session = ask(cast, message="Call Maud about it")
    pull(cast, "add_attendees", session, people=[person("maud").public_id, person("ali").public_id])
    pull(cast, "schedule", session, **{**PLAN, "place": "with Maud"})
    deliver()
    maud = person("maud")
    run("product.person.erase", cast.iris, maud.public_id, {"typed": "Maud", "all_lines": True}, reason="They asked")
    session.refresh_from_db()
    assert session.message == "" and "Maud" not in session.place
    assert not Mail.objects.filter(recipient_id=maud.public_id).exists()
    assert not any("Maud" in one.calendar + one.text for one in Mail.objects.all())
    assert {(row.name, row.email) for row in session.roster.all()} == {("", ""), ("Ali", "ali@client.example")}


STATES = {
    "schedule": ["requested"],
    "reschedule": ["scheduled"],
    "cancel": ["requested", "scheduled"],
    "reopen": ["cancelled"],
    "add_attendees": ["requested", "scheduled"],
}


def in_state(cast: Cast, state: str) -> TrainingSession:
    session = planned(cast, "ali") if state in ("scheduled", "completed") else asked(cast)
    if state == "completed":
        now = {"held_on": NOW.date(), "completed_at": NOW, "state": state}
        TrainingSession.objects.filter(pk=session.pk).update(**now)
    if state == "cancelled":
        pull(cast, "cancel", session)
    session.refresh_from_db()
    return session


@pytest.mark.parametrize("state", SessionState.values)
def test_what_can_be_done_follows_from_the_state(cast: Cast, state: str) -> None:
    session = in_state(cast, state)
    [section, *_] = build(cast.ties, "session", session.public_id, NOW)
    open_levers = {entry.url.rpartition("/")[2] for entry in section.entries if entry.enabled}
    assert open_levers & set(STATES) == {verb for verb, states in STATES.items() if state in states}
    before = (session.state, session.revision, AuditLine.objects.count())
    for verb, states in STATES.items():
        if state not in states:
            data = PLAN if "schedule" in verb else {"addresses": "new@client.example"} if "add" in verb else {}
            refusal = refusal_of(f"training.session.{verb}", cast.ties, session.public_id, data, reason="Agreed")
            assert refusal.status == 409 and refusal.sentence.endswith((".", "it."))
    session.refresh_from_db()
    assert (session.state, session.revision, AuditLine.objects.count()) == before


def test_a_day_that_does_not_exist_is_named_beside_its_field(cast: Cast) -> None:
    session = asked(cast)
    for odd in (
        {"day": "2026-02-30"},
        {"at": "25:00"},
        {"minutes": 0},
        {"link": "not an address"},
        {"trainer": "stf_x"},
    ):
        assert refusal_of("training.session.schedule", cast.ties, session.public_id, {**PLAN, **odd}).status == 422
    assert TrainingSession.objects.get().state == SessionState.REQUESTED


def test_by_the_sellers_clock_in_summer_too(cast: Cast) -> None:
    session = asked(cast)
    with clock.frozen(NOW):
        pull(cast, "schedule", session, **{**PLAN, "day": "2027-07-01"})
    assert session.starts_at == datetime(2027, 7, 1, 13, tzinfo=UTC)
