"""What programs read of trainings, by cursor; and what the product asks of one person."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.product.models import Scope
from bursar.tenants.models import Person
from bursar.training.models import Licence, Training, TrainingSession
from tests.cast import NOW, Cast, bring_all, sign_in
from tests.product.test_door import call, make_key
from tests.training.lines import licence, session, training


@pytest.fixture
def iris(cast: Cast) -> Client:
    roster = [{"person": "maud"}, {"email": "noa@new.example", "name": "Noa"}]
    bring_all(
        training(),
        training("Old", retired_at="2026-05-01T00:00:00Z"),
        session("s-1", "completed", roster=roster, trainer="iris@agora.example", participants=7),
        session("s-2", org="samen"),
        session("s-3", "scheduled", participants=7),
        licence("l-1", session="s-1"),
        licence("l-2", "noa@new.example", session="s-1"),
        licence("l-3", "lotte", "samen", revoked_at="2026-11-01T00:00:00Z"),
        licence("l-4", "jan", "oost", since="2025-10-01"),
    )
    return sign_in("iris@agora.example")


def walk(client: Client, path: str, **more: Any) -> list[Any]:
    """Every row, two at a time."""
    rows, cursor = [], ""
    while True:
        answer = client.get(f"/api/v1/{path}", {**more, "cursor": cursor, "limit": 2})
        assert answer.status_code == 200, answer.content
        rows += answer.json()[path]
        cursor = answer.json()["next_cursor"]
        if not cursor:
            return rows


def test_each_list_by_cursor_and_one_of_each(iris: Client) -> None:
    for path, model in (("trainings", Training), ("sessions", TrainingSession), ("licences", Licence)):
        rows = walk(iris, path)
        assert [row["id"] for row in rows] == list(model.objects.order_by("-pk").values_list("public_id", flat=True))
        one = iris.get(f"/api/v1/{path}/{rows[0]['id']}").json()
        assert {name: one[name] for name in rows[0]} == rows[0]
        assert iris.get(f"/api/v1/{path}/nothing").status_code == 404
        assert iris.get(f"/api/v1/{path}", {"cursor": "x"}).status_code == 400


def test_what_a_session_and_its_roster_say(iris: Client) -> None:
    row = next(one for one in walk(iris, "sessions", state="completed"))
    assert (row["external_id"], row["attendees"], row["estimate_eur"], row["trainer"]) == ("s-1", 2, "675.00", "Iris")
    assert (row["training"]["name"], row["organisation"]["name"]) == ("Facilitating", "Gemeente Haarlem")
    found = iris.get(f"/api/v1/sessions/{row['id']}").json()["roster"]
    assert [(one["name"], one["person"] is None) for one in found] == [("Maud", False), ("Noa", True)]
    (planned,) = walk(iris, "sessions", state="scheduled")
    assert planned["estimate_eur"] == "795.00", "seven were announced: two more than the price covers"


def test_filters(iris: Client, cast: Cast) -> None:
    samen, old = cast.samen.organisation.public_id, Training.objects.get(title="Old").public_id
    assert [row["external_id"] for row in walk(iris, "sessions", organisation=samen)] == ["s-2"]
    assert walk(iris, "sessions", training=old) == walk(iris, "licences", training=old) == []
    assert [row["external_id"] for row in walk(iris, "licences", show="active")] == ["l-2", "l-1"]
    assert [row["external_id"] for row in walk(iris, "licences", show="expired")] == ["l-4"]
    assert [row["state"] for row in walk(iris, "licences", q="lotte")] == ["revoked"]
    assert "Old" not in [row["title"] for row in walk(iris, "trainings", offered="true")]
    assert [row["title"] for row in walk(iris, "trainings", offered="false")] == ["Old"]
    assert iris.get("/api/v1/licences", {"show": "stale"}).status_code == 422
    assert iris.get("/api/v1/sessions", {"organisation": "no id"}).status_code == 400


@pytest.mark.parametrize("path", ["trainings", "sessions", "licences"])
def test_a_list_asks_as_much_for_one_row_as_for_many(iris: Client, path: str) -> None:
    asked = []
    iris.get(f"/api/v1/{path}")  # who came is noted the first time
    for limit in (1, 50):
        with CaptureQueriesContext(connection) as queries:
            iris.get(f"/api/v1/{path}", {"limit": limit})
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 9


def test_the_product_asks_what_somebody_may_work_by(iris: Client) -> None:
    bring_all(licence("l-5", since="2024-02-29"))
    answer = call("GET", "/licences/maud", secret=make_key(Scope.LICENCES)).json()
    assert answer["person"] == "maud"
    assert [(one["state"], one["last_day"]) for one in answer["licences"]] == [
        ("active", "2027-10-01"),
        ("expired", "2025-02-28"),
    ]
    first = answer["licences"][0]
    assert (first["organisation"], first["title"]) == ("haarlem", "Facilitating")
    assert Licence.objects.get(external_id="l-1").token in first["certificate"]
    assert "Maud" not in str(answer)


def test_of_whom_it_does_not_answer(iris: Client) -> None:
    key = make_key(Scope.LICENCES)
    assert call("GET", "/licences/ali", secret=key).json() == {"person": "ali", "licences": []}
    unknown = call("GET", "/licences/nobody", secret=key)
    assert (unknown.status_code, unknown.json()["sentence"]) == (404, "There is no person “nobody”.")
    Person.objects.filter(external_id="maud").update(erased_at=NOW)
    assert call("GET", "/licences/maud", secret=key).status_code == 404
    assert call("GET", "/licences/ali", secret=make_key(Scope.ENTITLEMENTS, name="e")).status_code == 403
