"""The two lists: who stands where and why, the filters, the file, the API; at the reader's clock."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.access.models import User
from bursar.actions.run import run
from bursar.attention import pages
from bursar.attention.queries import get_line
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.staff.models import Role, StaffMember
from bursar.tenants.models import Person, Workspace
from bursar.usage.rules import calc_cap_state
from tests.cast import (
    NOW,
    PASSWORD,
    Cast,
    body_of,
    bring_all,
    organisation,
    person,
    prove,
    seat,
    sign_in,
    usage,
    workspace,
)

OLD = NOW - timedelta(days=100)


def space(ref: str, tier: str = "free", org: str = "") -> None:
    """An organisation with one workspace and its owner."""
    bring_all(
        *([] if org else organisation(f"o-{ref}", f"Organisation {ref}", OLD)),
        *workspace(ref, org or f"o-{ref}", f"Space {ref}", OLD),
        *person(f"p-{ref}", f"Person {ref}"),
        seat(ref, f"p-{ref}", "owner", OLD),
        *([{"kind": "tier", "workspace": ref, "tier": tier, "from": OLD}] if tier != "free" else []),
    )


def record(ref: str, hours: float, back: float) -> None:
    bring_all(usage(ref, f"{ref}-{hours}-{back}", NOW - timedelta(days=back), round(hours * 3600)))


def api(query: str = "", who: str = "iris@agora.example") -> Any:
    answer = sign_in(who).get(f"/api/v1/at-risk?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def names(query: str = "") -> list[str]:
    return [row["workspace"] for row in api(query)["workspaces"]]


def drop(cast: Cast, name: str, tier: str = "free") -> None:
    run("plans.workspace.change_tier", cast.noor, Workspace.objects.get(external_id=name).public_id, {"tier": tier},
        reason="They asked for it")  # fmt: skip


def test_the_order_of_reasons_and_within_them(cast: Cast) -> None:
    space("pilot", "pilot")
    record("pilot", 10, 1)
    space("longer")
    record("longer", 1, 9)
    space("near")
    record("near", 0.8, 20)
    space("below")
    record("below", 0.79, 20)
    space("big", "guardian")
    drop(cast, "big", "changemaker")
    found = api()
    assert [(row["workspace"], row["reason"]) for row in found["workspaces"]] == [
        ("Space pilot", "pilot_hard_block"),
        ("Space longer", "at_cap"),
        ("Jeugdpanel", "at_cap"),
        ("Space near", "approaching_cap"),
        ("Space big", "recently_downgraded"),
    ]
    assert found["workspaces_total"] == 5
    assert found["workspaces"][1]["since"] == (NOW - timedelta(days=9)).isoformat()


def test_of_equals_the_dearest_comes_first_then_the_older(cast: Cast) -> None:
    """Both went full in the same instant; Oost's account has a potential."""
    space("same")
    space("poor", org="oost")
    at = NOW - timedelta(days=3)
    bring_all(usage("same", "s", at, 3600), usage("poor", "p", at, 3600))
    assert names("reason=at_cap") == ["Space poor", "Jeugdpanel", "Space same"]


def test_further_reasons_are_badges(cast: Cast) -> None:
    """Down to Free, where more than an hour was counted before: at its cap, and recently downgraded."""
    space("fell")
    record("fell", 2, 30)
    bring_all({"kind": "tier", "workspace": "fell", "tier": "changemaker", "from": NOW - timedelta(days=20)})
    drop(cast, "fell")
    row = next(row for row in api()["workspaces"] if row["workspace"] == "Space fell")
    assert (row["reason"], row["further_reasons"], row["former_tier"]) == (
        "at_cap", "recently_downgraded", "changemaker")  # fmt: skip
    assert "Space fell" in names("reason=recently_downgraded") and "Space fell" in names("reason=at_cap")
    page = sign_in("iris@agora.example").get("/panel/at-risk/?q=fell").content.decode()
    assert "at cap" in page and "recently downgraded" in page and "from Changemaker to Free" in page


@pytest.mark.parametrize("hours", [0.5, 0.66, 0.67, 0.7, 0.79, 0.8, 0.99, 1.0])
@pytest.mark.parametrize("lately", [0.0, 0.4, 0.6])
def test_the_lists_state_is_the_entitlements(cast: Cast, hours: float, lately: float) -> None:
    """One rule decides in SQL and in `calc_cap_state`, by share and by pace."""
    space("any")
    recent = min(hours, lately)
    record("any", round(hours - recent, 4), 40)
    record("any", recent, 2)
    counted, late = round(hours * 3600), round(recent * 3600)
    state = calc_cap_state(counted, 3600, "lock_uploads", late).key
    reasons = [row["reason"] for row in api("q=Space any")["workspaces"]]
    assert reasons == {"ok": [], "approaching": ["approaching_cap"], "at_cap": ["at_cap"]}[state]


def test_fourteen_days_and_a_return(cast: Cast) -> None:
    drop(cast, "lab", "free")
    assert "Woonlab" in names("reason=recently_downgraded")
    with clock.frozen(NOW + timedelta(days=15) - timedelta(microseconds=1)):
        assert "Woonlab" in names("reason=recently_downgraded")
    with clock.frozen(NOW + timedelta(days=15)):
        assert "Woonlab" not in names()
    with clock.frozen(NOW + timedelta(days=2)):
        drop(cast, "lab", "guardian")
        assert "Woonlab" not in names()


def test_the_end_of_a_trial_is_no_drop(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="Try it")
    assert "Jeugdpanel" not in names(), "on Changemaker nobody is at a cap"
    with clock.frozen(NOW + timedelta(days=33)):
        row = api("q=Jeugdpanel")["workspaces"][0]
        assert (row["reason"], row["further_reasons"]) == ("at_cap", "")
        prove()


def test_a_tier_changed_during_a_trial(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="Try it")
    with clock.frozen(NOW + timedelta(days=3)):
        drop(cast, "panel", "free")
        assert api("q=Jeugdpanel")["workspaces"][0]["further_reasons"] == "", "Free it was before the trial"
        prove()


def payment(org: str, start: datetime, **terms: Any) -> dict[str, Any]:
    return {"kind": "payment", "account": {"organisation": org}, "from": start, **terms}


def test_accounts_that_owe_and_trials_that_end(cast: Cast) -> None:
    failed, ran_out = NOW - timedelta(days=6), NOW - timedelta(days=20)
    bring_all(
        payment("haarlem", failed, mode="self_serve", status="past_due", cadence="yearly", past_due_since=failed),
        {"kind": "paid", "account": {"organisation": "oost"}, "external_id": "m", "source": "managed", "net": "900",
         "gross": "1089", "from": ran_out - timedelta(days=100), "until": ran_out,
         "booked_at": ran_out - timedelta(days=90)},
    )  # fmt: skip
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="Try it")
    found = [(row["account"], row["reason"], row["since"]) for row in api()["accounts"]]
    assert found == [
        ("Gemeente Haarlem", "payment_failed", failed.isoformat()),
        ("Universiteit Oost", "invoice_overdue", ran_out.isoformat()),
    ]
    end = datetime(2026, 12, 24, 14, 2, 11, tzinfo=NOW.tzinfo)
    for before, listed in ((timedelta(days=3, seconds=1), False), (timedelta(days=3), True), (timedelta(0), False)):
        with clock.frozen(end - before):
            reasons = {row["account"]: row["reason"] for row in api()["accounts"]}
            assert (reasons.get("Stichting Samen") == "trial_ending") is listed, before


def test_the_login_signal_is_of_admins_and_never_of_support(cast: Cast) -> None:
    def login(who: str, back: int, count: int) -> dict[str, Any]:
        return {"kind": "login", "person": who, "day": str((NOW - timedelta(days=back)).date()), "count": count}

    bring_all(*person("helper", "Helper"), *person("mem", "Mem"), {**seat("panel", "helper", "admin", OLD), "is_support": True},
              seat("panel", "mem", "member", OLD), login("helper", 0, 50), login("mem", 1, 9), login("lotte", 5, 3),
              login("lotte", 29, 2), login("lotte", 30, 4), login("lotte", 59, 1))  # fmt: skip
    row = api("q=Jeugdpanel")["workspaces"][0]
    assert (row["last_admin_login"], row["admin_logins_30_days"]) == ("2026-11-19", "5")
    assert row["reading"] == "hit the wall and left", "no login since the day it was full"
    assert row["contact"] == "Lotte"
    assert Person.objects.filter(external_id="helper").exists()


def test_a_reset_that_was_made_lately_is_told(cast: Cast) -> None:
    cast.reset_panel()
    with clock.frozen(NOW + timedelta(days=3)):
        bring_all(usage("panel", "again", NOW + timedelta(days=2), 3600))
        page = sign_in("iris@agora.example").get("/panel/at-risk/").content.decode()
        assert "by Ties" in page and "Council meeting" in page


def statements(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "SET"))])


def test_the_pages_statements_do_not_grow(cast: Cast) -> None:
    drop(cast, "lab", "free")
    iris = sign_in("iris@agora.example")
    addresses = (
        "/panel/at-risk/",
        "/panel/at-risk/?q=a&tier=free&manager=nobody",
        "/panel/at-risk/tabs",
        "/api/v1/at-risk",
    )
    iris.get(addresses[0])
    before = [statements(iris, address) for address in addresses]
    for n in range(12):
        space(f"n{n}", "guardian" if n % 3 == 0 else "free")
        record(f"n{n}", 2, n)
        if n % 3 == 0:
            drop(cast, f"n{n}", "free")
    iris.get(addresses[0])
    assert [statements(iris, address) for address in addresses] == before
    assert max(before) <= 26, before


def test_fifty_a_page_and_none_twice(cast: Cast) -> None:
    for n in range(55):
        space(f"n{n}", "pilot" if n < 3 else "free")
        record(f"n{n}", 10 if n < 3 else 0.9 if n % 2 else 1.5, n / 10)
    first, second = api(), api("page=2")
    assert len(first["workspaces"]) == 50 and first["workspaces_total"] == 56
    both = [row["workspace_id"] for row in [*first["workspaces"], *second["workspaces"]]]
    assert len(set(both)) == 56
    iris = sign_in("iris@agora.example")
    assert "51–56 of 56" in iris.get("/panel/at-risk/?page=2").content.decode()
    assert iris.get("/panel/at-risk/?page=9&q=").headers["Location"].endswith("page=2")


def test_filters_find_and_refuse_with_a_sentence(cast: Cast) -> None:
    space("pilot", "pilot")
    record("pilot", 10, 1)
    haarlem = {"account": {"organisation": "samen"}}
    bring_all({"kind": "manager", **haarlem, "staff": "noor@agora.example", "from": OLD})
    assert names("tier=pilot") == ["Space pilot"]
    assert names(f"manager={cast.noor.id}") == ["Jeugdpanel"] and names("manager=nobody") == ["Space pilot"]
    assert names("q=jeugd") == ["Jeugdpanel"] and names("q=lotte@client") == ["Jeugdpanel"] and names("q=zzz") == []
    assert names("reason=payment_failed") == [] and names("owner=nobody") == ["Space pilot", "Jeugdpanel"]
    iris = sign_in("iris@agora.example")
    for query in ("reason=x", "tab=x", "owner=x", "manager=x", "tier=x", "page=0", "accounts_page=x"):
        answer = iris.get(f"/api/v1/at-risk?{query}")
        assert answer.status_code == 400 and answer.json()["sentence"], query
        assert iris.get(f"/panel/at-risk/?{query}").status_code == 400


def test_the_file_is_what_is_on_screen(cast: Cast) -> None:
    space("pilot", "pilot")
    record("pilot", 10, 1)
    failed = NOW - timedelta(days=6)
    bring_all(payment("haarlem", failed, mode="self_serve", status="past_due", cadence="yearly", past_due_since=failed))
    iris = sign_in("iris@agora.example")
    answer = iris.post("/panel/at-risk/export", {"query": ""})
    file = iris.get(answer["Location"])
    rows = list(csv.DictReader(io.StringIO(body_of(file).decode())))
    found = api()
    assert rows == [*found["workspaces"], *found["accounts"]] and file["X-Row-Count"] == "3"
    assert AuditLine.objects.filter(key="attention.company.export_at_risk").count() == 1
    assert iris.post("/panel/at-risk/export", {"query": "reason=x"}).status_code == 422


def test_an_empty_list_says_so_with_pleasure(cast: Cast) -> None:
    cast.reset_panel()
    page = sign_in("iris@agora.example").get("/panel/at-risk/").content.decode()
    assert "No workspace needs a human" in page and "well done" in page
    assert "No account needs a human" in page


def test_a_row_refreshes_in_place_and_says_when_it_is_settled(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    address = f"/panel/at-risk/rows/workspace/{cast.panel.public_id}"
    row = iris.get(address, headers={"HX-Request": "true"}).content.decode()
    assert f'data-refresh="{cast.panel.public_id} {cast.samen.public_id}"' in row and "Jeugdpanel" in row
    cast.reset_panel()
    assert "any more" in iris.get(address).content.decode()
    assert iris.get("/panel/at-risk/rows/company/company").status_code == 404


def test_the_count_beside_the_navigation_is_the_lists(cast: Cast) -> None:
    assert pages._count(cast.iris) == api()["workspaces_total"] + api()["accounts_total"] == 1
    with CaptureQueriesContext(connection) as queries:
        pages._count(cast.iris)
    assert len(queries) == 2, "what there is at all, and the workspaces: no account has a reason"
    iris = sign_in("iris@agora.example")
    assert 'id="count-at-risk" hx-swap-oob="true">1</span>' in iris.get("/panel/counts").content.decode()


def test_one_line_is_found_as_in_the_list(cast: Cast) -> None:
    line = get_line(cast.iris, cast.panel, NOW)
    assert line is not None and line.reason.key == "at_cap" and line.share == 100
    assert get_line(cast.iris, cast.klimaat, NOW) is None and get_line(cast.iris, cast.samen, NOW) is None


@pytest.mark.django_db
def test_a_new_installation_says_what_will_stand_here() -> None:
    user = User.objects.create_user("first@agora.example", "First", PASSWORD)
    member = StaffMember.objects.create(user=user, created_at=NOW)
    member.roles.add(Role.objects.get(slug="lead"))
    page = sign_in("first@agora.example").get("/panel/at-risk/").content.decode()
    assert "There is no workspace yet" in page and "There is no account yet" in page and "well done" not in page
