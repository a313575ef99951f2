"""The 360° pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions.run import run
from bursar.rollup.queries.months import get_breakdown
from tests.cast import NOW, Cast, bring_all, fact, person, refusal_of, seat, shown_by, sign_in, workspace


def test_the_account_from_every_side(cast: Cast) -> None:
    data = {"kind": "scholarship", "percent": "50", "end_date": ""}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, data, reason="agreed")
    run("tenants.account.add_note", cast.ties, cast.haarlem.public_id, {"text": "Prefers a call\non Fridays"})
    run("tenants.workspace.add_note", cast.ties, cast.klimaat.public_id, {"text": "Moves offices"})
    page = shown_by(sign_in("iris@agora.example").get(f"/panel/accounts/{cast.haarlem.public_id}"))
    for words in ("Prefers a call<br>on Fridays", "Moves offices", "50 % scholarship", "self-serve, active, billed yearly",
                  "Maud", "Burgerberaad Klimaat", "November 2026", "€ 1,800.00 net"):  # fmt: skip
        assert words in page, words
    price = get_breakdown(cast.haarlem, NOW)
    assert price is not None
    assert [(line.tier, line.seats, line.percent, line.amount) for line in price.lines] == [("changemaker", 2, 50, 75)]
    assert price.total == fact(cast.haarlem).mrr == 75


def test_one_seat_at_least_has_its_own_line(cast: Cast) -> None:
    old = NOW - timedelta(days=9)
    bring_all(*workspace("empty", "samen", "Nobody here", old))
    bring_all({"kind": "tier", "workspace": "empty", "tier": "guardian", "from": old})
    price = get_breakdown(cast.samen, NOW)
    assert price is not None
    assert [(line.tier, line.amount, line.is_floor) for line in price.lines] == [
        ("free", 0, False),
        ("guardian", 150, True),
    ]
    assert price.total == 150


def test_the_workspace_and_the_organisation(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    cast.reset_panel()
    page = iris.get(f"/panel/workspaces/{cast.panel.public_id}").content.decode()
    for words in ("Stichting Samen", "0 h 00", "by Ties: Council meeting", "Lotte", "Free"):
        assert words in page, words
    page = iris.get(f"/panel/organisations/{cast.haarlem.organisation.public_id}").content.decode()
    for words in ("Gemeente Haarlem", "Burgerberaad Klimaat", "Wijkgesprekken Noord", "Maud", "owner"):
        assert words in page, words
    for kind in ("accounts", "workspaces", "organisations"):
        assert iris.get(f"/panel/{kind}/nothing_here").status_code == 404


def test_a_note_is_for_colleagues(cast: Cast) -> None:
    run("tenants.workspace.add_note", cast.ties, cast.panel.public_id, {"text": "Between us"})
    assert "Between us" not in sign_in("lotte@client.example").get("/history/").content.decode()
    assert refusal_of("tenants.workspace.add_note", cast.ada, cast.panel.public_id, {"text": "x"}).status == 403
    assert refusal_of("tenants.workspace.add_note", cast.ties, cast.panel.public_id, {"text": " "}).status == 422


def test_the_pages_statements_do_not_grow(cast: Cast) -> None:
    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert iris.get(address).status_code == 200
        return len(queries)

    iris = sign_in("iris@agora.example")
    addresses = [
        f"/panel/accounts/{cast.samen.public_id}",
        f"/panel/workspaces/{cast.panel.public_id}",
        f"/panel/organisations/{cast.samen.organisation.public_id}",
    ]
    iris.get("/panel/usage/")
    before = [count(address) for address in addresses]
    lines: list[dict[str, Any]] = []
    for n in range(70):
        lines += [*person(f"x{n}", f"Person {n:02d}"), seat("panel", f"x{n}", "member", NOW - timedelta(days=3))]
        lines += workspace(f"more{n}", "samen", f"Space {n:02d}", NOW - timedelta(days=3))
    bring_all(*lines)
    iris.get("/panel/usage/")
    assert [count(address) for address in addresses] == before
    page = iris.get(addresses[0]).content.decode()
    assert "21 more workspaces" in page and "?people=2" in page
    assert "Person 69" in iris.get(f"{addresses[0]}?people=2").content.decode()


def test_an_organisation_leafs_through_its_workspaces(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.panel.queries.PEOPLE_SHOWN", 1)
    organisation = cast.haarlem.organisation
    count = organisation.workspaces.count()
    iris = sign_in("iris@agora.example")
    pages = [iris.get(f"/panel/organisations/{organisation.public_id}?workspaces={n}") for n in range(1, count + 2)]
    texts = [page.content.decode() for page in pages]
    assert "Next ›" in texts[0] and "There is no such page of workspaces." in texts[-1]
    for one in organisation.workspaces.all():
        assert sum(f'/panel/workspaces/{one.public_id}"><b>' in text for text in texts[:-1]) == 1
