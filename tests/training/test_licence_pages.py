"""The list of licences, its file, and which organisations are trained."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions import bulk
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.training.licence_rules import Coverage, Shown, say_coverage
from bursar.training.models import Licence, Training
from bursar.training.queries.coverage import calc_coverage, get_coverage
from bursar.training.queries.licences import licences_for
from bursar.training.store import licences as store
from bursar.training.store import rosters
from tests.cast import NOW, Cast, body_of, bring_all, person, seat, shown_by, sign_in
from tests.requests.helpers import customer
from tests.training.held import complete, licensed, one, planned

TODAY = NOW.date()
LIST, COVERAGE = "/panel/training/licences", "/panel/training/licences/coverage"


@pytest.fixture
def several(cast: Cast) -> dict[str, Licence]:
    """Of every state. Ali's ends in 300 days and Maud's in 20, Lotte's is over, Jan's revoked."""
    made = {}
    places = {"ali": cast.haarlem, "maud": cast.haarlem, "lotte": cast.samen, "jan": cast.oost}
    ends = {"ali": 300, "maud": 20, "lotte": -1, "jan": 45}
    for who, account in places.items():
        made[who] = licensed(account.organisation, who, cast.ties)
        store.set_dates(made[who], TODAY - timedelta(days=50), TODAY + timedelta(days=ends[who]))
    run("training.licence.revoke", cast.ties, made["jan"].public_id, reason="x")
    return made


def shown(query: str = "") -> list[str]:
    answer = sign_in("ada@agora.example").get(f"{LIST}?{query}")
    return [row["name"] for row in answer.context["rows"]]


def test_each_tab_holds_its_own_and_says_how_many(several: dict[str, Licence]) -> None:
    found = {tab: shown(f"show={tab}") for tab in Shown}
    assert found == {
        Shown.ACTIVE: ["Maud", "Ali"],
        Shown.ENDS_30: ["Maud"],
        Shown.ENDS_60: ["Maud"],
        Shown.ENDS_90: ["Maud"],
        Shown.EXPIRED: ["Lotte"],
        Shown.REVOKED: ["Jan"],
        Shown.ALL: ["Ali", "Jan", "Maud", "Lotte"],
    }
    tabs = sign_in("ada@agora.example").get(LIST).context["states"]
    assert [tab["count"] for tab in tabs] == [len(names) for names in found.values()]


def test_filters_search_and_sort(cast: Cast, several: dict[str, Licence]) -> None:
    online, in_person = (Training.objects.get(mode=mode).public_id for mode in ("online", "in_person"))
    assert shown(f"organisation={cast.haarlem.organisation.public_id}") == ["Maud", "Ali"]
    assert shown(f"training={in_person}") == [] and len(shown(f"training={in_person}&training={online}")) == 2
    assert shown("sort=name") == ["Ali", "Maud"] and shown("sort=-ends") == ["Ali", "Maud"]
    for asked in ("AL", "haarl", "ali@client.example", several["ali"].public_id, "ali", one("ali").public_id):
        assert "Ali" in shown(f"q={asked}"), asked
    assert shown("q=lotte") == [] and shown("q=lotte&show=all") == ["Lotte"]
    client = sign_in("ada@agora.example")
    for query in ("show=odd", "sort=price", "page=0", "training=1;2", "organisation=../x"):
        assert client.get(f"{LIST}?{query}").status_code == 400, query
    assert client.get(f"{LIST}?page=9")["Location"] == "?page=1"


def test_a_page_takes_as_many_statements_whatever_it_shows(cast: Cast, several: dict[str, Licence]) -> None:
    client = sign_in("ada@agora.example")

    def count(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as few:
            assert client.get(address).status_code == 200
        return len(few)

    addresses = (f"{LIST}?show=all", COVERAGE)
    before = [count(address) for address in addresses]
    bring_all(*[line for n in range(20) for line in person(f"p{n}", f"Person {n}")])
    complete(planned(cast.haarlem.organisation, *[f"p{n}" for n in range(20)]), cast.ties)
    assert [count(address) for address in addresses] == before and max(before) <= 16


def test_customers_reach_their_own_and_those_of_organisations_that_they_run(several: dict[str, Licence]) -> None:
    def reach(who: str) -> set[str]:
        return {row.name for row in licences_for(customer(who), NOW)}

    assert [reach(who) for who in ("maud", "ali", "lotte")] == [{"Maud", "Ali"}, {"Ali"}, {"Lotte"}]


def test_several_are_revoked_at_once(cast: Cast, several: dict[str, Licence]) -> None:
    client = sign_in("ties@agora.example")
    ids = [several[who].public_id for who in ("ali", "maud", "jan")]
    asked = client.get("/panel/actions/bulk/licence/revoke", {"licence": ids})
    assert asked.status_code == 200 and "Revoke licence" in shown_by(asked)
    made = bulk.start("training.licence.revoke", cast.ties, ids, {}, reason="The trainer was none")
    assert [row.status for row in bulk.list_rows(made)] == [200, 200, 409], "Jan's is revoked already"
    assert Licence.objects.filter(revoked_at=None).count() == 1
    assert AuditLine.objects.filter(group=made.public_id).count() == 2


def test_one_has_a_page(several: dict[str, Licence]) -> None:
    page = shown_by(sign_in("ada@agora.example").get(f"{LIST}/{several['jan'].public_id}"))
    assert (
        "revoked" in page
        and "PDF, English" in page
        and f"/certificates/{several['jan'].token}/" in page
        and "its session" in page
    )


def _export(query: str, layout: str = "") -> list[dict[str, str]]:
    client = sign_in("ada@agora.example")
    answer = client.post(f"{LIST}/export", {"query": query, "layout": layout})
    return list(csv.DictReader(io.StringIO(body_of(client.get(answer["Location"])).decode())))


def test_the_file_holds_what_the_list_shows(cast: Cast, several: dict[str, Licence]) -> None:
    """By `training.company.export_licences`."""
    rows = _export("show=all")
    assert [(row["name"], row["state"]) for row in rows] == [
        ("Ali", "active"), ("Jan", "revoked"), ("Maud", "active"), ("Lotte", "expired")
    ]  # fmt: skip
    assert rows[0]["email"] == "ali@client.example" and rows[0]["organisation"] == "Gemeente Haarlem"
    assert rows[0]["last_day"] == (TODAY + timedelta(days=300)).isoformat() and rows[0]["product_id"] == "ali"
    assert rows[0]["session_id"].startswith("ses_") and rows[1]["revoked_at"].startswith("2026-11-24T")
    assert [row["name"] for row in _export("show=active&sort=-ends")] == ["Ali", "Maud"]
    complete(planned(cast.samen.organisation, "=cmd@client.example"), cast.ties)
    assert {row["email"] for row in _export("")} >= {"'=cmd@client.example"}


def test_a_roster_is_a_file_too(cast: Cast) -> None:
    session = planned(cast.haarlem.organisation, "maud", "ali", "new@client.example")
    rosters.mark(session.roster.get(person=one("ali")), is_absent=True)
    complete(session, cast.ties)
    outcome = run("training.session.export_roster", cast.ada, session.public_id)
    text = body_of(sign_in("ada@agora.example").get(outcome.data["path"])).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["name"], row["was_there"], row["last_day"]) for row in rows] == [
        ("Maud", "yes", "2027-11-24"), ("Ali", "no", ""), ("new@client.example", "yes", "2027-11-24"),
    ]  # fmt: skip
    assert outcome.next == outcome.data["path"]


# Coverage


def _of(cast: Cast, name: str = "haarlem", **more: Any) -> Coverage:
    organisation = getattr(cast, name).organisation
    return calc_coverage([organisation.pk], NOW, **more).get(organisation.pk, Coverage())


def test_coverage_counts_a_person_once_by_the_licence_that_ends_last(cast: Cast) -> None:
    """Ali sits in two workspaces, Maud in one."""
    assert _of(cast) == Coverage(2, 0, 0)
    first = licensed(cast.haarlem.organisation, "ali", cast.ties)
    assert _of(cast) == Coverage(2, 1, 0)
    store.set_dates(first, TODAY - timedelta(days=300), TODAY + timedelta(days=30))
    assert _of(cast) == Coverage(2, 1, 1), "the thirtieth day counts"
    licensed(cast.samen.organisation, "ali", cast.ties)
    assert _of(cast) == Coverage(2, 1, 0), "whoever sent them, the later one counts"
    store.set_revoked(Licence.objects.latest("id"), NOW)
    store.set_dates(first, TODAY - timedelta(days=300), TODAY - timedelta(days=1))
    assert _of(cast) == Coverage(2, 0, 0)


def test_coverage_is_of_those_with_a_seat_now(cast: Cast) -> None:
    for who in ("maud", "ali", "jan"):
        licensed(cast.haarlem.organisation, who, cast.ties)
    assert _of(cast) == Coverage(2, 2, 0), "Jan was trained with them and has no seat there"
    old = NOW - timedelta(days=9)
    bring_all(seat("klimaat", "jan", "member", old), {**seat("noord", "lotte", "member", old), "until": NOW})
    assert _of(cast) == Coverage(3, 3, 0), "Lotte's seat is over"
    assert _of(cast, training=Training.objects.get(mode="in_person").public_id) == Coverage(3, 0, 0)
    assert get_coverage(cast.oost.organisation, NOW) == Coverage(1, 1, 0)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Coverage(), "nobody has a seat"),
        (Coverage(12, 7, 2), "7 of 12 trained, 2 expire within 30 days"),
        (Coverage(12, 7, 1), "7 of 12 trained, 1 expires within 30 days"),
        (Coverage(1200, 0, 0), "0 of 1,200 trained"),
    ],
)
def test_coverage_in_words(found: Coverage, words: str) -> None:
    assert say_coverage(found, 30) == words and found.untrained == found.people - found.trained


def test_the_page_of_coverage_lists_organisations_by_name(cast: Cast, several: dict[str, Licence]) -> None:
    client = sign_in("ada@agora.example")

    def look(query: str) -> list[str]:
        rows = client.get(f"{COVERAGE}?{query}").context["rows"]
        return [f"{row['organisation'].name}: {row['words']}" for row in rows]

    assert look("") == [
        "Gemeente Haarlem: 2 of 2 trained, 1 expires within 30 days",
        "Stichting Samen: 0 of 1 trained",
        "Universiteit Oost: 0 of 1 trained",
    ]
    in_person = Training.objects.get(mode="in_person").public_id
    assert look(f"q=haarlem&training={in_person}") == ["Gemeente Haarlem: 0 of 2 trained"]
    assert client.get(f"{COVERAGE}?page=7")["Location"] == "?page=1"
