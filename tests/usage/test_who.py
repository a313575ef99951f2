"""Who recorded it: the list beside the figure, as each reader sees it, and its sums."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from bursar.access.models import User
from bursar.actions.run import run
from bursar.rollup.models import WorkspaceMonth
from bursar.tenants.models import Person, Workspace, WorkspaceMembership
from bursar.usage.queries import Recorded, get_recorded, get_standing
from bursar.usage.rules import NAMED_AT_MOST, Recorder, Share
from tests.cast import NOW, Cast, bring_all, let_observe, person, prove, seat, sign_in, usage

OLD = NOW - timedelta(days=100)
COMPANY = settings.BURSAR_COMPANY_NAME


def who_on(client: Client, workspace: Workspace, path: str = "/workspaces/") -> list[tuple[str, ...]]:
    """The cells of the list's lines, its sum last."""
    page = client.get(path + workspace.public_id).content.decode()
    found = re.search(r'id="who">.*?</section>', page, re.S)
    assert found
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", found.group(), re.S)]
    return [tuple(" ".join(re.sub(r"<[^>]+>", "", row[at]).split()) for at in (0, 2)) for row in rows if row]


def user_of(ref: str) -> Client:
    user = User.objects.create_user(f"{ref}@client.example", ref.capitalize(), None)
    Person.objects.filter(external_id=ref).update(user=user)
    return sign_in(user.email)


@pytest.fixture
def recorded(cast: Cast) -> Cast:
    """At the Jeugdpanel: Lotte, Piet the member, Els the guest, a colleague on a visit, a stranger, and a device."""
    bring_all(
        *[line for who in ("piet", "els", "sanne", "zoe") for line in person(who, who.capitalize())],
        seat("panel", "piet", "member", OLD),
        seat("panel", "els", "external", OLD),
        {**seat("panel", "sanne", "admin", OLD), "is_support": True, "until": OLD + timedelta(days=1)},
        usage("panel", "w-1", NOW - timedelta(days=2), 7200, "piet"),
        usage("panel", "w-2", NOW - timedelta(days=2), 600, "els"),
        usage("panel", "w-3", NOW - timedelta(days=2), 300, "sanne"),
        usage("panel", "w-4", NOW - timedelta(days=2), 240, "zoe"),
        usage("panel", "w-5", NOW - timedelta(days=2), 900),
    )
    return cast


def test_the_owner_and_the_member_read_names(recorded: Cast) -> None:
    lines = [
        ("Piet", "2 h 00"), ("Lotte", "1 h 02"), ("Els", "0 h 10"), (f"{COMPANY} support", "0 h 05"),
        ("Without a role here", "0 h 04"), ("Without a name", "0 h 15"), ("Together", "3 h 36"),
    ]  # fmt: skip
    own = {"Lotte": "Lotte (you)"}
    lotte = sign_in("lotte@client.example")
    assert who_on(lotte, recorded.panel) == [(own.get(name, name), hours) for name, hours in lines]
    own = {"Piet": "Piet (you)"}
    assert who_on(user_of("piet"), recorded.panel) == [(own.get(name, name), hours) for name, hours in lines]
    page = lotte.get(f"/workspaces/{recorded.panel.public_id}").content.decode()
    assert "3 h 36 <span" in page and "Zoe" not in page and "Sanne" not in page
    prove()


def test_a_guest_reads_their_own_share_and_the_others_as_one(recorded: Cast) -> None:
    els = user_of("els")
    assert who_on(els, recorded.panel) == [("You", "0 h 10"), ("Others", "3 h 26"), ("Together", "3 h 36")]
    page = els.get(f"/workspaces/{recorded.panel.public_id}").content.decode()
    assert "Piet" not in page and "Zoe" not in page and "Sanne" not in page
    bring_all(*person("otto", "Otto"))
    let_observe(recorded.panel, "otto", OLD)
    assert who_on(user_of("otto"), recorded.panel) == [("You", "0 h 00"), ("Others", "3 h 36"), ("Together", "3 h 36")]


def test_a_stranger_finds_no_list(recorded: Cast) -> None:
    address = f"/workspaces/{recorded.panel.public_id}"
    assert sign_in("maud@client.example").get(address).status_code == 404
    assert user_of("zoe").get(address).status_code == 404  # who recorded there has no role there
    assert Client().get(address).status_code == 302


def test_staff_read_every_name_with_the_way_to_the_person(recorded: Cast) -> None:
    iris = sign_in("iris@agora.example")
    lines = who_on(iris, recorded.panel, "/panel/workspaces/")
    assert lines == [
        ("Piet", "2 h 00"), ("Lotte", "1 h 02"), ("Els", "0 h 10"), ("Sanne", "0 h 05"), ("Zoe", "0 h 04"),
        ("Without a name", "0 h 15"), ("Together", "3 h 36"),
    ]  # fmt: skip
    zoe = Person.objects.get(external_id="zoe").public_id
    assert f"/panel/people/{zoe}" in iris.get(f"/panel/workspaces/{recorded.panel.public_id}").content.decode()
    told = iris.get(f"/api/v1/workspaces/{recorded.panel.public_id}").json()
    by = told["recorded_by"]
    assert (by["period"], by["since"], by["seconds"]) == ("cap", None, told["counted_seconds"])
    assert [(line["kind"], line["name"], line["seconds"]) for line in by["lines"]][-2:] == [
        ("person", "Zoe", 240),
        ("unnamed", "Without a name", 900),
    ]
    assert by["lines"][4]["id"] == zoe and by["lines"][5]["id"] is None
    assert sum(line["seconds"] for line in by["lines"]) == by["seconds"]


def test_recordings_name_who_made_them(recorded: Cast) -> None:
    page = sign_in("lotte@client.example").get(f"/workspaces/{recorded.panel.public_id}").content.decode()
    table = page[page.index('id="recordings"') : page.index('id="people"')]
    names = re.findall(r'<td data-head="Who">(.*?)</td>', table)
    assert sorted(names) == sorted(["Piet", "Els", f"{COMPANY} support", "Without a role here", "–", "Lotte"])


def test_after_a_reset_the_list_starts_anew(recorded: Cast) -> None:
    recorded.reset_panel()
    page = sign_in("lotte@client.example").get(f"/workspaces/{recorded.panel.public_id}").content.decode()
    assert "Nothing yet." in page[page.index('id="who"') : page.index("Usage by month")]
    bring_all(usage("panel", "r-1", NOW + timedelta(minutes=5), 119, "piet"), usage("panel", "r-0", OLD, 60, "lotte"))
    made = get_recorded(recorded.panel, get_standing(recorded.panel, NOW), NOW)
    assert (made.since, made.total, len(made.recorders)) == (NOW, 119, 1)
    assert who_on(sign_in("lotte@client.example"), recorded.panel) == [("Piet", "0 h 01"), ("Together", "0 h 01")]
    prove()


def test_hours_on_another_tier_are_not_in_the_list(recorded: Cast) -> None:
    bring_all({"kind": "tier", "workspace": "panel", "tier": "pilot", "from": NOW - timedelta(days=1)})
    bring_all(usage("panel", "p-1", NOW - timedelta(hours=1), 1800, "els"))
    lines = who_on(sign_in("lotte@client.example"), recorded.panel)
    assert lines == [("Els", "0 h 30"), ("Together", "0 h 30")]


def test_without_a_cap_it_is_the_month(cast: Cast) -> None:
    bring_all(
        usage("klimaat", "m-1", NOW - timedelta(days=1), 5400, "ali"),
        usage("klimaat", "m-2", NOW - timedelta(days=2), 1830),
        usage("klimaat", "m-0", NOW - timedelta(days=40), 9000, "maud"),
    )
    lines = who_on(sign_in("ali@client.example"), cast.klimaat)
    assert lines == [("Ali (you)", "1 h 30"), ("Without a name", "0 h 30"), ("Together", "2 h 00")]
    made = get_recorded(cast.klimaat, get_standing(cast.klimaat, NOW), NOW)
    month = WorkspaceMonth.objects.get(workspace=cast.klimaat, month="2026-11-01")
    assert not made.is_counted and made.total == month.recorded_seconds == 7230
    prove()


def test_an_erased_person_keeps_their_hours_and_loses_their_name(recorded: Cast) -> None:
    piet = Person.objects.get(external_id="piet")
    run("product.person.erase", recorded.iris, piet.public_id, {"typed": "Piet"}, reason="Asked for it")
    for client, path in (
        (sign_in("lotte@client.example"), "/workspaces/"),
        (sign_in("iris@agora.example"), "/panel/workspaces/"),
    ):
        assert who_on(client, recorded.panel, path)[0] == ("Erased person", "2 h 00")
        assert "Piet" not in client.get(path + recorded.panel.public_id).content.decode().split('id="who"')[1]
    prove()


def test_a_removed_member_stays_in_the_list(recorded: Cast) -> None:
    WorkspaceMembership.objects.filter(person__external_id="piet").update(valid_until=NOW - timedelta(hours=1))
    assert who_on(sign_in("lotte@client.example"), recorded.panel)[0] == ("Piet", "2 h 00")


def test_the_first_ten_and_the_rest_in_a_constant_number_of_statements(cast: Cast) -> None:
    def statements() -> int:
        standing = get_standing(cast.panel, NOW)
        with CaptureQueriesContext(connection) as captured:
            get_recorded(cast.panel, standing, NOW).to_staff()
        return len(captured.captured_queries)

    assert statements() == 3
    refs = [f"n{number:02d}" for number in range(14)]
    bring_all(*[line for ref in refs for line in person(ref, ref.upper())])
    bring_all(*[usage("panel", f"t-{ref}", NOW - timedelta(days=1), 60 * (at + 1), ref) for at, ref in enumerate(refs)])
    assert statements() == 3
    lines = who_on(sign_in("iris@agora.example"), cast.panel, "/panel/workspaces/")
    assert [name for name, _ in lines] == [
        "Lotte",
        *[ref.upper() for ref in reversed(refs[5:])],
        "5 more people",
        "Together",
    ]
    assert lines[-2:] == [("5 more people", "0 h 15"), ("Together", "2 h 47")]
    prove()


SECONDS = st.integers(0, 10_000)
PLACES = st.sampled_from(["own", "support", "elsewhere"])


def seconds_and_minutes(lines: Iterable[Share]) -> tuple[int, int]:
    made = list(lines)
    assert all(line.shown >= 0 and abs(line.shown - line.seconds) < 60 for line in made)
    return sum(line.seconds for line in made), sum(line.shown for line in made) // 60


@given(st.lists(st.tuples(SECONDS, PLACES), max_size=25), SECONDS, st.integers(0, 30))
def test_whoever_reads_the_lines_add_up(people: list[tuple[int, str]], unnamed: int, reader: int) -> None:
    ordered = sorted(enumerate(people), key=lambda one: -one[1][0])
    recorders = [Recorder(key, f"per_{key}", f"P{key}", place, seconds) for key, (seconds, place) in ordered]
    made = Recorded(True, None, recorders, unnamed)
    member = made.to_member(reader, COMPANY)
    for shares in (made.to_staff(), member, made.to_guest(reader), made.to_guest(None)):
        assert seconds_and_minutes(shares.lines) == (made.total, made.total // 60)
        assert shares.total == made.total and len(shares.lines) <= NAMED_AT_MOST + 4
    hidden = {f"P{key}" for key, (_, place) in enumerate(people) if place != "own"}
    assert not hidden & {line.label for line in member.lines}
    assert {line.label for line in made.to_guest(reader).lines} <= {"You", "Others"}
