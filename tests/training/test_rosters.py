"""Rosters: people of the organisation, pasted addresses, who waits to be named, absent and present."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.actions.run import run
from bursar.training.models import Attendee, Licence
from bursar.training.queries.rosters import list_addable
from tests.cast import NOW, Cast, bring_all, prove, refusal_of
from tests.cast import person as a_person
from tests.product.test_door import call
from tests.training.desk import asked, on_roster, person, planned, pull

ADD = "training.session.add_attendees"


def push_person(ref: str, name: str, email: str) -> None:
    body = {"name": name, "email": email, "changed_at": NOW}
    assert call("PUT", f"/people/{ref}", body).status_code in (200, 201)


def names(session: Any) -> list[str]:
    return [row.shown_name for row in session.roster.order_by("id")]


def test_people_of_the_organisation_are_found_and_added(cast: Cast) -> None:
    session = asked(cast)
    assert [one.name for one in list_addable(session, "", NOW)] == ["Ali", "Maud"]
    assert [one.name for one in list_addable(session, "MAUD@client", NOW)] == ["Maud"]
    outcome = pull(cast, "add_attendees", session, people=[person("ali").public_id])
    assert outcome.sentence.startswith("1 is new on the roster") and names(session) == ["Ali"]
    assert [one.name for one in list_addable(session, "", NOW)] == ["Maud"]


def test_a_list_is_pasted_as_it_is(cast: Cast) -> None:
    session = asked(cast)
    pasted = 'Ali A. <ALI@client.example>; "Vries, Jan de" <jan.de.vries@client.example>\n<eva@client.example>'
    outcome = pull(cast, "add_attendees", session, addresses=pasted)
    assert names(session) == ["Ali", "Vries, Jan de", "eva@client.example"]
    assert on_roster(session, "ali").email == "ali@client.example"
    assert "2 of them to be named by the product" in outcome.sentence
    pull(
        cast, "add_attendees", session, addresses="a@client.example b@client.example,c@client.example\nA@client.example"
    )
    assert session.roster.count() == 6
    prove()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 422),
        ({"addresses": "no address"}, 422),
        ({"addresses": "ali@client.example"}, 409),
        ({"addresses": f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.example"}, 422),
        ({"people": ["per_0000000000000000"]}, 422),
        ({"people": ["per_\x00"]}, 422),
    ],
)
def test_what_cannot_be_put_on_it(cast: Cast, data: dict[str, Any], status: int) -> None:
    session = planned(cast, "ali")
    assert refusal_of(ADD, cast.ties, session.public_id, data).status == status
    assert names(session) == ["Ali"]


def test_nobody_of_another_organisation_is_chosen(cast: Cast) -> None:
    session = asked(cast)
    refusal = refusal_of(ADD, cast.ties, session.public_id, {"people": [person("lotte").public_id]})
    assert refusal.status == 422 and not session.roster.exists()


def test_an_address_waits_for_the_product_to_name_it(cast: Cast) -> None:
    session = planned(cast, "ali")
    pull(cast, "add_attendees", session, addresses="eva@client.example, tom@client.example")
    row = session.roster.get(email="eva@client.example")
    licence = Licence.objects.create(
        token="t", training=session.training, organisation=session.organisation, attendee=row, email=row.email,
        valid_from=NOW.date(), last_day=NOW.date(), granted_at=NOW,
    )  # fmt: skip
    push_person("eva", "Eva", "Eva@client.example")
    row.refresh_from_db()
    licence.refresh_from_db()
    assert row.person == licence.person == person("eva") and (row.name, licence.name) == ("Eva", "Eva")
    bring_all(*a_person("tom", "Tom"))
    assert names(session) == ["Ali", "Eva", "Tom"] and session.roster.filter(person=None).count() == 0


def test_whom_the_roster_knows_already_is_not_on_it_twice(cast: Cast) -> None:
    session = planned(cast, "ali")
    pull(cast, "add_attendees", session, addresses="ali@elsewhere.example")
    push_person("ali", "Ali", "ali@elsewhere.example")
    assert [row.person_id for row in session.roster.order_by("id")] == [person("ali").pk, None]


def test_of_two_with_one_address_the_one_of_the_organisation_is_meant(cast: Cast) -> None:
    bring_all({"kind": "person", "external_id": "twin", "name": "Twin", "email": "ali@client.example"})
    session = asked(cast)
    pull(cast, "add_attendees", session, addresses="ali@client.example")
    assert names(session) == ["Ali"] and on_roster(session, "ali")


def test_absent_and_present_again(cast: Cast) -> None:
    session = planned(cast, "ali")
    row = on_roster(session, "ali")
    outcome = pull(cast, "mark_absent", row, "attendee")
    assert row.is_absent and outcome.undo is not None
    assert refusal_of("training.attendee.mark_absent", cast.ties, row.public_id).status == 409
    run(outcome.undo.key, cast.ties, row.public_id, outcome.undo.data, undoes=outcome.line_id)
    row.refresh_from_db()
    assert not row.is_absent
    assert refusal_of("training.attendee.mark_present", cast.ties, row.public_id).status == 409
    prove()


def test_before_it_is_planned_nobody_is_absent(cast: Cast) -> None:
    session = asked(cast)
    pull(cast, "add_attendees", session, people=[person("ali").public_id])
    row = on_roster(session, "ali")
    assert refusal_of("training.attendee.mark_absent", cast.ties, row.public_id).status == 409
    assert not Attendee.objects.get().is_absent


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_what_is_over_keeps_its_roster(cast: Cast, state: str) -> None:
    from tests.training.test_sessions import in_state

    session = in_state(cast, "scheduled" if state == "cancelled" else state)
    if state == "cancelled":
        pull(cast, "cancel", session)
    row = on_roster(session, "ali")
    for verb in ("remove", "mark_absent"):
        assert refusal_of(f"training.attendee.{verb}", cast.ties, row.public_id).status == 409
    assert names(session) == ["Ali"] and not on_roster(session, "ali").is_absent


def test_nobody_but_staff_finds_an_attendee(cast: Cast) -> None:
    row = on_roster(planned(cast, "ali"), "ali")
    assert refusal_of("training.attendee.remove", cast.maud.as_customer(), row.public_id).status == 404
    assert refusal_of("training.attendee.remove", cast.ada, row.public_id).status == 403
    assert Attendee.objects.count() == 1
