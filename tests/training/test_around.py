"""Where else staff find trainings: the pages of an organisation, a workspace and a person, and the palette."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from bursar.tenants.models import Person
from bursar.training.models import Licence, Training, TrainingNeed, TrainingSession
from tests.cast import NOW, Cast, bring_all, shown_by, sign_in
from tests.training.lines import licence, session, training


@pytest.fixture
def iris(cast: Cast) -> Client:
    bring_all(
        training(),
        training("Old ways", retired_at="2026-05-01T00:00:00Z"),
        session("s-1", "completed", roster=[{"person": "maud"}], trainer="iris@agora.example"),
        session("s-2", "scheduled", "samen"),
        licence("l-1", session="s-1"),
        licence("l-2", "lotte", "samen", since="2025-01-01"),
    )
    return sign_in("iris@agora.example")


def test_an_organisation_and_its_account_show_sessions_and_coverage(iris: Client, cast: Cast) -> None:
    done = TrainingSession.objects.get(external_id="s-1")
    for kind, thing in (("organisations", cast.haarlem.organisation), ("accounts", cast.haarlem)):
        page = shown_by(iris.get(f"/panel/{kind}/{thing.public_id}"))
        assert "1 of 2 trained" in page and "held on 1 October 2026" in page and done.public_id in page
        assert TrainingSession.objects.get(external_id="s-2").public_id not in page


def test_a_workspace_shows_who_is_trained_and_what_is_missing(iris: Client, cast: Cast) -> None:
    page = shown_by(iris.get(f"/panel/workspaces/{cast.klimaat.public_id}"))
    assert "Trained people" in page and Licence.objects.get(external_id="l-1").public_id in page
    assert "Trained people" not in shown_by(iris.get(f"/panel/workspaces/{cast.panel.public_id}"))
    for one in (cast.panel, cast.klimaat):
        TrainingNeed.objects.create(workspace=one, since=NOW)
    said = "nobody who sits here holds a valid licence"
    assert said in shown_by(iris.get(f"/panel/workspaces/{cast.panel.public_id}")), "Lotte's is over"
    assert said not in shown_by(iris.get(f"/panel/workspaces/{cast.klimaat.public_id}"))


def test_a_person_shows_their_licences_those_that_are_over_too(iris: Client) -> None:
    for who, state in (("maud", "active"), ("lotte", "expired")):
        page = shown_by(iris.get(f"/panel/people/{Person.objects.get(external_id=who).public_id}"))
        assert Licence.objects.get(person__external_id=who).public_id in page and f">{state}</span>" in page
    page = shown_by(iris.get(f"/panel/people/{Person.objects.get(external_id='jan').public_id}"))
    assert "Licences</h2>" not in page


def hits(client: Client, asked: str) -> Any:
    answer = client.get("/panel/jump", {"q": asked})
    found = [hit for group in answer.context["groups"] for hit in group.hits]
    return [(hit.kind.capitalize(), hit.label, hit.hint, hit.url) for hit in found]


def test_the_palette_finds_trainings_and_sessions(iris: Client) -> None:
    done, planned = (TrainingSession.objects.get(external_id=ref) for ref in ("s-1", "s-2"))
    found = hits(iris, "facilitat")
    what = Training.objects.get(title="Facilitating")
    assert ("Training", "Facilitating", "", f"/panel/training/catalogue#{what.public_id}") in found
    sessions = [(hint, url) for kind, _, hint, url in found if kind == "Session"]
    assert sessions == [
        ("Stichting Samen · on 1 December 2026", f"/panel/training/sessions/{planned.public_id}"),
        ("Gemeente Haarlem · held on 1 October 2026", f"/panel/training/sessions/{done.public_id}"),
    ]
    assert ("Training", "Old ways", "retired") in [one[:3] for one in hits(iris, "old ways")]
    assert [one[3] for one in hits(iris, done.public_id) if one[0] == "Session"] == [sessions[1][1]]
    assert [one for one in hits(iris, "samen") if one[0] == "Session"]
