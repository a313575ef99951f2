"""Completing a session: who gets a licence until when, what is refused, and what is put right afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bursar.actions.dialog import foresee
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.tenants.models import Organisation
from bursar.training.models import Attendee, Licence, Training, TrainingSession
from bursar.training.rules import find_last_day, is_valid
from bursar.training.store import rosters, sessions
from tests.cast import NOW, Cast, prove, refusal_of
from tests.training.held import COMPLETE, complete, licensed, one, planned

TODAY = NOW.date()
CORRECT, LATE = "training.session.correct_day", "training.session.add_afterwards"


def haarlem(cast: Cast) -> Organisation:
    return cast.haarlem.organisation


def untouched(session: TrainingSession) -> bool:
    """Neither a licence, nor a day, nor a line."""
    fresh = TrainingSession.objects.get(pk=session.pk)
    same = (fresh.state, fresh.held_on) == (session.state, session.held_on)
    return same and not Licence.objects.exists() and not AuditLine.objects.filter(key=COMPLETE).exists()


# The dates


@given(st.dates(date(2000, 1, 1), date(2199, 12, 31)))
def test_the_last_day_is_the_same_day_of_the_next_year_or_28_february(day: date) -> None:
    last = find_last_day(day)
    assert last.year == day.year + 1
    assert (last.month, last.day) == ((2, 28) if (day.month, day.day) == (2, 29) else (day.month, day.day))
    assert is_valid(day, last, False, last) and not is_valid(day, last, False, last + timedelta(days=1))
    assert not is_valid(day, last, True, last)


def test_a_licence_from_10_march_2027_holds_on_10_march_2028_and_not_on_the_11th(cast: Cast) -> None:
    """By the seller's days: Amsterdam is an hour before UTC then."""
    with clock.frozen(datetime(2027, 3, 10, 15, tzinfo=UTC)):
        licence = licensed(haarlem(cast), "ali", cast.ties, date(2027, 3, 10))
    assert (licence.valid_from, licence.last_day) == (date(2027, 3, 10), date(2028, 3, 10))
    client = Client()
    for at, word in (
        (datetime(2028, 3, 10, 22, 59, tzinfo=UTC), "Valid"),
        (datetime(2028, 3, 10, 23, 0, tzinfo=UTC), "Expired"),
    ):
        with clock.frozen(at):
            assert f"<h1>{word}</h1>" in client.get(f"/certificates/{licence.token}/").content.decode()


def test_29_february_goes_through_28_february(cast: Cast) -> None:
    with clock.frozen(datetime(2028, 2, 29, 15, tzinfo=UTC)):
        assert licensed(haarlem(cast), "ali", cast.ties, date(2028, 2, 29)).last_day == date(2029, 2, 28)


# Completing


def test_everybody_who_was_there_gets_one_in_a_line_of_its_own_and_one_group(cast: Cast) -> None:
    session = planned(haarlem(cast), "maud", "ali", "lotte", "new@client.example")
    rosters.mark(session.roster.get(person=one("lotte")), is_absent=True)
    outcome = complete(session, cast.ties, TODAY - timedelta(days=1))
    session.refresh_from_db()
    assert (session.state, session.held_on) == ("completed", TODAY - timedelta(days=1))
    found = list(Licence.objects.order_by("id"))
    assert [(row.name, row.email) for row in found] == [("Maud", ""), ("Ali", ""), ("", "new@client.example")]
    assert {(row.valid_from, row.last_day) for row in found} == {(date(2026, 11, 23), date(2027, 11, 23))}
    assert len({row.token for row in found}) == 3 and all(len(row.token) == 32 for row in found)
    assert {row.granted_by_id for row in found} == {cast.ties.staff_id}
    lines = list(AuditLine.objects.filter(group=outcome.group).order_by("id"))
    assert [line.key for line in lines] == ["training.attendee.grant_licence"] * 3 + [COMPLETE]
    assert outcome.data == {"licences": 3, "held_on": "2026-11-23"}
    assert found[0].public_id in lines[0].touches and one("maud").public_id in lines[0].touches
    prove()


def test_the_dialog_says_who_gets_one_until_when(cast: Cast) -> None:
    session = planned(haarlem(cast), "maud", "ali")
    rosters.mark(session.roster.get(person=one("ali")), is_absent=True)
    case = Case(cast.ties, session, NOW)
    told = foresee(ACTIONS[COMPLETE], case, {"held_on": TODAY.isoformat()})
    assert "Maud gets a licence, valid through 24 November 2027." in told["will"]
    assert "Ali was absent, and gets none." in told["will"]
    assert untouched(session)


def test_the_day_that_was_planned_is_offered_but_never_one_to_come(cast: Cast) -> None:
    form = ACTIONS[COMPLETE].form
    past = planned(haarlem(cast), "ali", at=NOW - timedelta(days=3))
    ahead = planned(haarlem(cast), "ali", at=NOW + timedelta(days=3))
    offered = [form(case=Case(cast.ties, one_, NOW)).fields["held_on"].initial for one_ in (past, ahead)]
    assert offered == [TODAY - timedelta(days=3), TODAY]


def test_a_training_that_grants_none_is_completed_without(cast: Cast) -> None:
    Training.objects.filter(mode="flex").update(grants_licence=False)
    session = planned(haarlem(cast), "maud", mode="flex")
    outcome = complete(session, cast.ties)
    session.refresh_from_db()
    assert session.state == "completed" and not Licence.objects.exists()
    assert outcome.data["licences"] == 0
    assert AuditLine.objects.filter(group=outcome.group).count() == 1


def test_a_second_time_it_is_refused_and_nothing_is_granted_again(cast: Cast) -> None:
    session = planned(haarlem(cast), "maud")
    complete(session, cast.ties, idempotency_key="once")
    lines = AuditLine.objects.count()
    refusal = refusal_of(COMPLETE, cast.ties, session.public_id, {"held_on": TODAY.isoformat()})
    assert refusal.sentence == "This session was completed already: it was held on 24 November 2026."
    again = complete(session, cast.ties, idempotency_key="once")
    assert again.data == {"licences": 1, "held_on": "2026-11-24"}, "the same request hears the first outcome"
    assert Licence.objects.count() == 1 and AuditLine.objects.count() == lines


def _cancel(session: TrainingSession) -> None:
    sessions.cancel(session, NOW)


def _reopen(session: TrainingSession) -> None:
    sessions.cancel(session, NOW)
    sessions.reopen(session)


def _empty(session: TrainingSession) -> None:
    rosters.remove(session.roster.get())


def _absent(session: TrainingSession) -> None:
    rosters.mark(session.roster.get(), is_absent=True)


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (_cancel, "This session was cancelled. Reopen it first, if it was held after all."),
        (_reopen, "This session has no date yet. Schedule it first."),
        (_empty, "Nobody is on the roster. Add whoever was there first."),
        (_absent, "Everybody on the roster is marked absent, so nobody was trained. Cancel the session instead."),
    ],
)
def test_what_cannot_be_completed_says_why_and_stays(cast: Cast, prepare: Any, sentence: str) -> None:
    session = planned(haarlem(cast), "ali")
    prepare(session)
    session.refresh_from_db()
    assert refusal_of(COMPLETE, cast.ties, session.public_id, {"held_on": TODAY.isoformat()}).sentence == sentence
    assert untouched(session)


def test_a_day_to_come_is_refused_by_the_sellers_days(cast: Cast) -> None:
    session = planned(haarlem(cast), "ali")
    tomorrow = {"held_on": (TODAY + timedelta(days=1)).isoformat()}
    refusal = refusal_of(COMPLETE, cast.ties, session.public_id, tomorrow)
    assert refusal.sentence == "25 November 2026 has not come yet. A session is held today or before."
    assert untouched(session)
    with clock.frozen(datetime(2026, 11, 24, 23, 30, tzinfo=UTC)):
        run(COMPLETE, cast.ties, session.public_id, tomorrow)
    assert Licence.objects.get().valid_from == TODAY + timedelta(days=1), "for the seller it is that day already"


def test_strangers_and_colleagues_who_only_read_complete_nothing(cast: Cast) -> None:
    session = planned(haarlem(cast), "ali")
    for who, status in ((cast.ada, 403), (cast.lotte, 404), (cast.maud, 403)):
        assert refusal_of(COMPLETE, who, session.public_id, {"held_on": TODAY.isoformat()}).status == status
    assert untouched(session)


def test_whoever_was_erased_since_gets_none(cast: Cast) -> None:
    session = planned(haarlem(cast), "ali", "maud")
    run("product.person.erase", cast.iris, one("ali").public_id, {"typed": "Ali"}, reason="Asked")
    complete(session, cast.ties)
    assert Licence.objects.get().name == "Maud"


# Putting right


def test_the_day_held_is_corrected_and_moves_its_licences_but_edited_ones(cast: Cast) -> None:
    session = planned(haarlem(cast), "maud", "ali")
    complete(session, cast.ties)
    alis = Licence.objects.get(name="Ali")
    dates = {"valid_from": "2026-11-24", "last_day": "2027-06-30"}
    run("training.licence.edit", cast.ties, alis.public_id, dates, reason="Agreed")
    session.refresh_from_db()
    told = foresee(ACTIONS[CORRECT], Case(cast.ties, session, NOW), {"held_on": "2026-11-20"})
    assert "Maud has a licence valid 20 November 2026 through 20 November 2027 then." in told["will"]
    assert "Ali keeps the dates that were edited." in told["will"]
    outcome = run(CORRECT, cast.ties, session.public_id, {"held_on": "2026-11-20"}, reason="The list says so")
    spans = dict(Licence.objects.values_list("name", "last_day"))
    assert spans == {"Maud": date(2027, 11, 20), "Ali": date(2027, 6, 30)}
    assert AuditLine.objects.filter(group=outcome.group).count() == 2
    assert outcome.undo is not None
    run(outcome.undo.key, cast.ties, session.public_id, outcome.undo.data, reason="Back")
    session.refresh_from_db()
    assert session.held_on == TODAY and Licence.objects.get(name="Maud").last_day == date(2027, 11, 24)
    prove()


def test_a_day_is_corrected_only_where_there_is_one_to_another_that_has_come(cast: Cast) -> None:
    session = planned(haarlem(cast), "maud")
    not_yet = refusal_of(CORRECT, cast.ties, session.public_id, {"held_on": "2026-11-20"}, reason="x")
    assert not_yet.sentence == "This session is not completed yet."
    complete(session, cast.ties)
    for day, words in (("2026-11-24", "noted already"), ("2026-11-25", "has not come yet")):
        assert words in refusal_of(CORRECT, cast.ties, session.public_id, {"held_on": day}, reason="x").sentence
    assert Licence.objects.get().last_day == date(2027, 11, 24)


def test_whoever_was_forgotten_is_added_with_the_licence_of_the_others(cast: Cast) -> None:
    session = planned(haarlem(cast), "maud")
    ali = {"people": [one("ali").public_id]}
    early = refusal_of(LATE, cast.ties, session.public_id, ali, reason="x")
    assert early.sentence == "This session is not completed yet." and session.roster.count() == 1
    complete(session, cast.ties, TODAY - timedelta(days=5))
    session.refresh_from_db()
    more = {**ali, "addresses": "New Hand <New@Client.example>, jan@client.example"}
    told = foresee(ACTIONS[LATE], Case(cast.ties, session, NOW), more)
    assert "Ali gets a licence, valid through 19 November 2027." in told["will"]
    assert "New Hand gets a licence, valid through 19 November 2027." in told["will"]
    assert Licence.objects.count() == 1, "a preview grants nothing"
    run(LATE, cast.ties, session.public_id, more, reason="Were there")
    found = set(Licence.objects.values_list("name", "email", "valid_from"))
    day = TODAY - timedelta(days=5)
    waits = ("New Hand", "new@client.example", day)
    assert found == {("Maud", "", day), ("Ali", "", day), waits, ("Jan", "", day)}
    for data in ({}, {"people": [one("lotte").public_id]}, {"addresses": "no address"}):
        assert refusal_of(LATE, cast.ties, session.public_id, data, reason="x").status == 422
    twice = refusal_of(LATE, cast.ties, session.public_id, {"addresses": "new@client.example"}, reason="x")
    assert twice.sentence == "Whoever that is stands on the roster already." and Licence.objects.count() == 4
    prove()


def test_somebody_marked_absent_who_was_there_is_granted_theirs_by_hand(cast: Cast) -> None:
    session = planned(haarlem(cast), "maud", "ali")
    attendee = session.roster.get(person=one("ali"))
    rosters.mark(attendee, is_absent=True)
    key = "training.attendee.grant_licence"
    assert "Completing it grants the licences." in refusal_of(key, cast.ties, attendee.public_id).sentence
    complete(session, cast.ties)
    run(key, cast.ties, attendee.public_id)
    assert Licence.objects.filter(name="Ali").count() == 1 and not Attendee.objects.get(pk=attendee.pk).is_absent
    assert refusal_of(key, cast.ties, attendee.public_id).sentence == "They have a licence from this session already."
