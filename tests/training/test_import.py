"""Trainings, sessions and licences from files: what comes in, what is refused, and that nothing is taken twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bursar.actions.run import run
from bursar.tenants.models import Person
from bursar.training.models import Attendee, Licence, Training, TrainingPrice, TrainingSession
from tests.cast import Cast, bring, bring_all, prove
from tests.product.histories import in_an_empty_database
from tests.training.lines import licence, session, training


def stored() -> dict[str, list[str]]:
    """All rows of the room, whatever their keys are."""
    found = {}
    for model in apps.get_app_config("training").get_models():
        names = [f.attname for f in model._meta.concrete_fields if f.name not in ("id", "public_id", "token")]
        rows = model._default_manager.order_by("id").values_list(*names)
        found[model.__name__] = sorted(map(repr, rows))
    return found


def test_a_history_comes_in_whole(cast: Cast) -> None:
    roster = [{"person": "maud"}, {"person": "ali", "is_absent": True}, {"email": "Noa@new.example", "name": "Noa"}]
    bring_all(
        training(),
        training(price="700.00", **{"from": "2026-10-15T00:00:00Z"}),
        session("s-1", "completed", roster=roster, participants=4, trainer="iris@agora.example", mode="in_person",
                starts_at="2026-10-01T09:00:00Z", minutes=180, place="Town hall", message="Please bring a projector"),
        session("s-2", requested_at="2026-11-01T08:00:00Z"),
        session("s-3", "scheduled", "samen", link="https://meet.example/x"),
        session("s-4", "cancelled", "oost"),
        licence("l-1", session="s-1"),
        licence("l-2", "noa@new.example", session="s-1", granted_by="iris@agora.example"),
        licence("l-3", "jan", "oost", since="2024-02-29", revoked_at="2024-06-01T00:00:00Z"),
    )  # fmt: skip
    one, two = (TrainingSession.objects.get(external_id=ref) for ref in ("s-1", "s-2"))
    assert (one.price.price, two.price.price) == (675, 700), "each has the price of when it was asked for"
    assert (one.mode, two.mode, str(one.trainer)) == ("in_person", "online", "Iris")
    waiting = one.roster.get(person=None)
    assert (waiting.name, waiting.email) == ("Noa", "noa@new.example")
    assert list(one.roster.filter(is_absent=True).values_list("person__name", flat=True)) == ["Ali"]
    first, second, third = Licence.objects.order_by("external_id")
    assert (first.name, first.attendee, str(first.last_day)) == (
        "Maud",
        one.roster.get(person=first.person),
        "2027-10-01",
    )
    assert (second.attendee, second.person, second.name) == (waiting, None, "Noa")
    assert (str(third.last_day), third.revoked_at is None, third.attendee) == ("2025-02-28", False, None)
    assert len({row.token for row in Licence.objects.all()}) == 3
    prove()


def test_an_address_that_belongs_to_somebody_is_that_person(cast: Cast) -> None:
    bring_all(training(), session("s-1", "completed", roster=[{"email": "MAUD@client.example", "name": "M."}]),
              licence("l-1", "maud@client.example", session="s-1"))  # fmt: skip
    maud = Person.objects.get(external_id="maud")
    assert (Attendee.objects.get().person, Licence.objects.get().person) == (maud, maud)
    assert Licence.objects.get().attendee == Attendee.objects.get()


BAD: list[tuple[dict[str, Any], str]] = [
    (training(mode="by post"), "mode"),
    (training(price="-1"), "price"),
    (training(included=0), "included"),
    (session("s", training="Nothing"), "there is no training “Nothing”"),
    (session("s", org="nowhere"), "there is no organisation “nowhere”"),
    (session("s", trainer="x@y.example"), "nobody on the staff has the address “x@y.example”"),
    (session("s", roster=[{"person": "nobody"}]), "there is no person “nobody”"),
    (session("s", roster=[{"name": "Noa"}]), "either a person or an address"),
    (session("s", roster=[{"email": "a@b.example"}, {"email": "A@b.example"}]), "stands twice on the roster"),
    (session("s", roster=[{"person": "maud"}, {"email": "maud@client.example"}]), "stands twice on the roster"),
    (session("s", "completed", roster=[]), "has a roster"),
    (session("s", "completed", held_on="2026-12-24"), "future"),
    (session("s", "scheduled", starts_at=None, minutes=None), "a scheduled session has “starts_at”"),
    (session("s", held_on="2026-10-01"), "has “held_on” once it is completed"),
    (session("s", "cancelled", cancelled_at=None), "has “cancelled_at” once it is cancelled"),
    (session("s", minutes=60), "go together"),
    (licence("l", training="Nothing"), "there is no training “Nothing”"),
    (licence("l", last_day="2026-09-30"), "before “valid_from”"),
    (licence("l", email="a@b.example"), "either a person or an address"),
    (licence("l", "a@b.example", name=""), "the name that the certificate says"),
    (licence("l", session="s-9"), "or there is no such session"),
    (licence("l", "ali", session="s-1"), "not on the roster"),
    (licence("l", "lotte", session="s-1"), "absent"),
    (licence("l", "maud", "oost", session="s-1"), "of another organisation"),
    (licence("l", session="s-1"), "holds another licence from the session “s-1” already"),
    (licence("l", session="s-2"), "is not completed"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "why"), BAD)
def test_a_bad_line_is_a_sentence_and_changes_nothing(cast: Cast, line: dict[str, Any], why: str) -> None:
    roster = [{"person": "maud"}, {"person": "lotte", "is_absent": True}]
    bring_all(training(), session("s-1", "completed", roster=roster), session("s-2", roster=roster),
              licence("l-1", session="s-1"))  # fmt: skip
    before = stored()
    report = bring(line)
    assert why in report.bad[1], report.bad
    assert stored() == before


def test_a_corrected_line_rules_over_the_old_one(cast: Cast) -> None:
    roster = [{"person": "maud"}, {"email": "noa@new.example", "name": "Noa"}]
    bring_all(training(), session("s-1", "completed", roster=roster), licence("l-1", session="s-1"))
    bring_all(training(price="650.00", grants_licence=False),
              session("s-1", "completed", held_on="2026-10-02", roster=[*roster[:1], {"person": "ali"}]),
              licence("l-1", since="2026-10-02", session="s-1"))  # fmt: skip
    row = TrainingSession.objects.get()
    assert (str(row.held_on), row.price.price, row.training.grants_licence) == ("2026-10-02", 650, False)
    assert set(row.roster.values_list("person__name", flat=True)) == {"Maud", "Ali"}
    assert str(Licence.objects.get().last_day) == "2027-10-02"
    before = stored()
    report = bring(session("s-1", "completed", held_on="2026-10-02", roster=[{"person": "ali"}]),
                   session("s-1", held_on=None, roster=[{"person": "maud"}]),
                   session("s-1", "completed", "oost", roster=roster))  # fmt: skip
    assert "holds a licence from it" in report.bad[1] and "holds a licence from it" in report.bad[2]
    assert "another one under another id" in report.bad[3] and stored() == before


def test_what_staff_changed_here_stays(cast: Cast) -> None:
    lines = [training(), session("s-1")]
    bring_all(*lines)
    row, what = TrainingSession.objects.get(), Training.objects.get(title="Facilitating")
    run("training.session.cancel", cast.ties, row.public_id, {}, reason="They asked for it")
    terms = {"title": "Facilitating", "mode": "flex", "grants_licence": True}
    run("training.training.update", cast.iris, what.public_id, terms)
    before = stored()
    report = bring(*lines)
    assert "It was changed here since" in report.bad[1] and "(mode)" in report.bad[1]
    assert "It was changed here since" in report.bad[2] and "(state" in report.bad[2]
    assert stored() == before


def test_who_was_erased_stays_so(cast: Cast) -> None:
    roster = [{"person": "lotte"}, {"email": "noa@new.example", "name": "Noa"}]
    lines = [training(), session("s-1", "completed", "samen", roster=roster), licence("l-1", "lotte", "samen", session="s-1"),
             licence("l-2", "noa@new.example", "samen", session="s-1")]  # fmt: skip
    bring_all(*lines)
    lotte = Person.objects.get(external_id="lotte")
    run("product.person.erase", cast.iris, lotte.public_id, {"typed": "Lotte"}, reason="She asked")
    Attendee.objects.filter(person=None).update(name="", email="")
    Licence.objects.filter(person=None).update(name="", email="")
    before = stored()
    assert Licence.objects.get(person=lotte).name == "" == Attendee.objects.get(person=lotte).name
    report = bring(*lines)
    assert set(report.bad) == {2, 4} and all("erased here" in why for why in report.bad.values())
    assert stored() == before


@st.composite
def files(draw: Any) -> list[list[dict[str, Any]]]:
    """Three files about two sessions and three licences, each line perhaps told again, perhaps corrected."""
    roster = st.lists(st.sampled_from(["maud", "ali", "jan", "noa@new.example"]), min_size=1, max_size=3, unique=True)

    def one() -> dict[str, Any]:
        kind = draw(st.sampled_from(["training", "session", "session", "licence"]))
        if kind == "training":
            start = draw(st.sampled_from(["2026-01-01T00:00:00Z", "2026-08-20T00:00:00Z", "2026-10-01T00:00:00Z"]))
            return training(price=draw(st.sampled_from(["650.00", "675.00"])), **{"from": start})
        if kind == "session":
            people = [{"email": who, "name": "Noa"} if "@" in who else {"person": who} for who in draw(roster)]
            state = draw(st.sampled_from(["requested", "scheduled", "completed", "cancelled"]))
            return session(draw(st.sampled_from(["s-1", "s-2"])), state, roster=people)
        who = draw(st.sampled_from(["maud", "ali", "noa@new.example"]))
        since = draw(st.sampled_from(["2026-10-01", "2026-10-02"]))
        return licence(f"l-{who}", who, since=since)

    return [[training(), *(one() for _ in range(draw(st.integers(0, 4))))] for _ in range(3)]


@given(files())
@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
def test_nothing_is_taken_twice(db: None, now: Any, told: list[list[dict[str, Any]]]) -> None:
    """A file again changes nothing, neither at once nor as one with the others; parts end where the whole ends."""
    people = [{"kind": "person", "external_id": who, "name": who.capitalize()} for who in ("maud", "ali", "jan")]
    since = "2026-01-01T00:00:00Z"
    known = [*people, {"kind": "organisation", "external_id": "haarlem", "name": "Haarlem", "created_at": since}]

    def in_parts() -> Any:
        for lines in told:
            bring_all(*known, *lines)
            once = stored()
            bring_all(*lines)
            assert stored() == once
        return in_words()

    def at_once() -> Any:
        bring_all(*known, *[line for lines in told for line in lines])
        return in_words()

    assert in_an_empty_database(in_parts) == in_an_empty_database(at_once)


def in_words() -> list[list[tuple[Any, ...]]]:
    """What is stored, by names instead of keys."""
    return [
        list(Training.objects.values_list("title", "mode", "grants_licence", "created_at").order_by("title")),
        list(
            TrainingPrice.objects.values_list("training__title", "valid_from", "valid_until", "price").order_by(
                "valid_from"
            )
        ),
        list(
            TrainingSession.objects.values_list("external_id", "state", "price__valid_from", "held_on").order_by(
                "external_id"
            )
        ),
        sorted(
            Attendee.objects.values_list("session__external_id", "person__external_id", "email", "name", "is_absent"),
            key=str,
        ),
        list(
            Licence.objects.values_list(
                "external_id", "person__external_id", "name", "valid_from", "last_day"
            ).order_by("external_id")
        ),
    ]


def test_a_price_between_two_others_holds_between_them(cast: Cast) -> None:
    bring_all(training(price="1.00", **{"from": "2026-03-01T00:00:00Z"}), training(price="2.00"))
    bring_all(training(price="3.00", **{"from": "2026-02-01T00:00:00Z"}))
    rows = TrainingPrice.objects.filter(training__title="Facilitating").order_by("valid_from")
    assert [(row.price, row.valid_until is None) for row in rows] == [(2, False), (3, False), (1, True)]
    assert rows[0].valid_until == rows[1].valid_from and rows[1].valid_until == rows[2].valid_from
