"""Pages of sessions: tabs, filters, sorting, CSV, the calendar, one session; in a number of statements that stays."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.core import clock
from bursar.training.models import Mode, SessionState, TrainingSession
from bursar.training.queries.sessions import count_waiting
from bursar.ui import navigation
from tests.cast import NOW, Cast, body_of, refusal_of, shown_by, sign_in
from tests.training.desk import PLAN, asked, person, planned, pull

SESSIONS = "/panel/training/"


@pytest.fixture
def desk(cast: Cast) -> Client:
    return sign_in("ties@agora.example")


def one_of_each(cast: Cast) -> dict[str, TrainingSession]:
    """One in every tab."""
    made = {"requested": asked(cast, participants=7), "ahead": planned(cast, "ali", trainer=cast.noor.id)}
    made["to_complete"] = planned(cast, "maud", day="2026-11-20", mode=Mode.IN_PERSON, place="Stadhuis")
    made["completed"], made["cancelled"] = planned(cast, "ali"), asked(cast)
    pull(cast, "cancel", made["cancelled"])
    done = {"state": SessionState.COMPLETED, "held_on": NOW.date(), "completed_at": NOW}
    TrainingSession.objects.filter(pk=made["completed"].pk).update(**done)
    return made


def listed(client: Client, query: str = "") -> set[str]:
    page = shown_by(client.get(f"{SESSIONS}?{query}"))
    return {one.public_id for one in TrainingSession.objects.all() if f"sessions/{one.public_id}" in page}


def test_each_session_stands_in_its_tab(cast: Cast, desk: Client) -> None:
    made = one_of_each(cast)
    for tab, session in made.items():
        assert listed(desk, f"show={tab}") == {session.public_id}
    assert listed(desk) == {made["requested"].public_id}
    assert listed(desk, "show=all") == {one.public_id for one in made.values()}
    page = shown_by(desk.get(SESSIONS))
    assert 'Requests <span class="tag">1</span>' in page and 'All <span class="tag">5</span>' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=stadhuis", {"to_complete"}),
        ("q=haarlem&mode=in_person", {"to_complete"}),
        ("trainer=NOOR", {"ahead"}),
        ("trainer=nobody&mode=in_person", {"to_complete"}),
        ("training=FLEX", set()),
        ("q=samen", set()),
    ],
)
def test_filters(cast: Cast, desk: Client, query: str, found: set[str]) -> None:
    from tests.training.desk import training

    made = one_of_each(cast)
    query = query.replace("NOOR", cast.noor.id).replace("FLEX", training(Mode.FLEX).public_id)
    assert listed(desk, f"show=all&{query}") == {made[tab].public_id for tab in found}


@pytest.mark.parametrize("query", ["show=odd", "sort=odd", "training=odd!", "page=x", "mode=odd", "organisation=a/b"])
def test_what_no_address_can_ask(cast: Cast, desk: Client, query: str) -> None:
    assert desk.get(f"{SESSIONS}?{query}").status_code == 400


def test_who_waits_longest_stands_first(cast: Cast, desk: Client) -> None:
    first = asked(cast)
    with clock.frozen(NOW + timedelta(hours=1)):
        second = asked(cast, Mode.FLEX)
        page = shown_by(desk.get(SESSIONS))
        assert page.index(first.public_id) < page.index(second.public_id)
        page = shown_by(desk.get(f"{SESSIONS}?sort=training"))
        assert page.index(second.public_id) < page.index(first.public_id)


def test_the_csv_holds_what_is_on_screen(cast: Cast, desk: Client) -> None:
    one_of_each(cast)
    assert refusal_of("training.company.export_sessions", cast.maud.as_customer(), "company").status in (403, 404)
    answer = desk.get(desk.post(f"{SESSIONS}export", {"query": "show=ahead"})["Location"])
    [row] = csv.DictReader(io.StringIO(body_of(answer).decode()))
    assert (row["organisation"], row["participants"], row["estimate"]) == ("Gemeente Haarlem", "1", "675.00")
    assert (row["trainer"], row["starts_at"], row["state"]) == ("Noor", "2026-12-02T14:00:00+00:00", "scheduled")


def test_the_bar_counts_requests(cast: Cast, desk: Client) -> None:
    asked(cast)
    asked(cast)
    planned(cast, "ali")
    assert navigation.count(cast.ties)["training"] == 2 and count_waiting(cast.maud.as_customer()) == 0


def test_the_calendar_is_by_the_sellers_days(cast: Cast, desk: Client) -> None:
    """Half past midnight on 1 January in Amsterdam is still December in UTC."""
    late = planned(cast, "ali", day="2027-01-01", at="00:30")
    january, december = (shown_by(desk.get(f"{SESSIONS}calendar?month={month}")) for month in ("2027-01", "2026-12"))
    assert late.public_id in january and "<b>00:30</b> Gemeente Haarlem" in january
    assert late.public_id not in december and "Nothing is planned in December 2026." in december
    assert january.count("<td ") == 35 and "Friday, " in january
    assert desk.get(f"{SESSIONS}calendar?month=2026-13").status_code == 400


def test_the_calendar_leaves_out_what_is_off_and_what_has_no_day(cast: Cast, desk: Client) -> None:
    made = one_of_each(cast)
    page = shown_by(desk.get(f"{SESSIONS}calendar?month=2026-12"))
    assert made["ahead"].public_id in page and made["completed"].public_id in page
    assert made["requested"].public_id not in page and made["cancelled"].public_id not in page


def test_a_session_from_every_side(cast: Cast, desk: Client) -> None:
    session = planned(cast, "ali", place="Stadhuis")
    pull(cast, "add_attendees", session, addresses="eva@client.example")
    page = shown_by(desk.get(f"{SESSIONS}sessions/{session.public_id}"))
    for words in ("Reschedule…", "Stadhuis", "eva@client.example", "waiting", "Price", "675.00", "Not invoiced."):
        assert words in page
    assert "Schedule…</a>" not in page.replace("Reschedule…</a>", "")


def test_people_are_searched_and_taken_into_the_dialog(cast: Cast, desk: Client) -> None:
    session = asked(cast)
    page = shown_by(desk.get(f"{SESSIONS}sessions/{session.public_id}?who=mau"))
    assert f'name="people" value="{person("maud").public_id}"' in page and "ali@client.example" not in page
    dialog = desk.get(
        f"/panel/actions/session/{session.public_id}/add_attendees?people={person('maud').public_id}"
        f"&people={person('ali').public_id}"
    )
    assert shown_by(dialog).count("checked") == 2
    sent = {"people": [person("maud").public_id, person("ali").public_id], "addresses": ""}
    assert desk.post(f"/panel/actions/session/{session.public_id}/add_attendees", sent).status_code == 302
    assert session.roster.count() == 2


def test_an_auditor_reads_and_finds_no_lever(cast: Cast) -> None:
    session = planned(cast, "ali")
    page = shown_by(sign_in("ada@agora.example").get(f"{SESSIONS}sessions/{session.public_id}"))
    assert "Reschedule…" not in page and "Add attendees…" not in page and "Ali" in page


def statements(client: Client, address: str) -> int:
    client.get(address)  # what is loaded once a process
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


@pytest.mark.parametrize("address", [f"{SESSIONS}?show=all", f"{SESSIONS}calendar?month=2026-12", "session"])
def test_how_many_there_are_costs_no_statements(cast: Cast, desk: Client, address: str) -> None:
    session = planned(cast, "ali")
    address = f"{SESSIONS}sessions/{session.public_id}" if address == "session" else address
    before = statements(desk, address)
    pull(
        cast, "add_attendees", session, addresses="a@client.example b@client.example", people=[person("maud").public_id]
    )
    for _ in range(3):
        planned(cast, "ali", trainer=cast.noor.id)
    assert statements(desk, address) == before


def test_unknown_sessions_are_not_found(cast: Cast, desk: Client) -> None:
    assert desk.get(f"{SESSIONS}sessions/ses_0000000000000000").status_code == 404
    assert sign_in("maud@client.example").get(SESSIONS).status_code in (302, 403, 404)


def test_it_works_without_javascript(cast: Cast, desk: Client) -> None:
    session: Any = asked(cast)
    answer = desk.post(f"/panel/actions/session/{session.public_id}/schedule", PLAN)
    assert answer.status_code == 302
    session.refresh_from_db()
    assert session.state == SessionState.SCHEDULED
