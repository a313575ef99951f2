"""The admin API reads what the pages read, row by row and by cursor."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bursar.actions.run import run
from bursar.staff.models import ApiToken
from tests.cast import NOW, Cast, bring_all, organisation, person, seat, sign_in, workspace

SORTS = [
    s
    for key in ("account", "class", "tier", "pays", "seats", "hours", "mrr", "potential", "manager")
    for s in (key, f"-{key}")
]


def walk(client: Client, path: str, key: str, **more: Any) -> list[Any]:
    """Every row, cursor by cursor."""
    rows, cursor = [], ""
    for _ in range(100):
        answer = client.get(f"/api/v1/{path}", {**more, "cursor": cursor, "limit": 2})
        assert answer.status_code == 200, answer.content
        rows += answer.json()[key]
        cursor = answer.json()["next_cursor"]
        if not cursor:
            return rows
    raise AssertionError("the cursor does not end")


@pytest.fixture
def iris(cast: Cast) -> Client:
    old = NOW - timedelta(days=100)
    for n in range(6):
        bring_all(*organisation(f"o{n}", f"Organisation {n % 3}", old), *workspace(f"w{n}", f"o{n}", "Space", old),
                  *person(f"x{n}", f"Person {n}"), seat(f"w{n}", f"x{n}", "admin", old))  # fmt: skip
    haarlem = {"account": {"organisation": "haarlem"}}
    bring_all({"kind": "manager", **haarlem, "staff": "noor@agora.example", "from": old})
    return sign_in("iris@agora.example")


@pytest.mark.parametrize("sort", SORTS)
def test_accounts_by_cursor_are_the_page_in_every_order(iris: Client, sort: str) -> None:
    paged = [row["account_id"] for row in walk(iris, "accounts", "accounts", sort=sort)]
    whole = [row["account_id"] for row in iris.get("/api/v1/rollup", {"sort": sort}).json()["accounts"]]
    assert paged == whole and len(set(paged)) == 9


def test_filters_and_workspaces(iris: Client) -> None:
    rows = walk(iris, "accounts", "accounts", **{"class": "paying"})
    assert [row["account"] for row in rows] == ["Gemeente Haarlem"]
    assert {w["workspace"] for w in rows[0]["workspaces_list"]} == {"Burgerberaad Klimaat", "Wijkgesprekken Noord"}


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMiwzXQ", "bnVsbA", "WyJcdTAwMDAiLCJhIiwxXQ"])
def test_a_broken_cursor_is_a_sentence(iris: Client, cursor: str) -> None:
    for path in ("accounts", "book", "movements/2026-11/new"):
        assert iris.get(f"/api/v1/{path}", {"cursor": cursor}).status_code == 400, path


def test_from_every_side(cast: Cast, iris: Client) -> None:
    account = iris.get(f"/api/v1/accounts/{cast.haarlem.public_id}").json()
    assert sum(Decimal(line["amount_eur"]) for line in account["price"]["lines"]) == Decimal(
        account["months"][0]["mrr_eur"]
    )
    assert iris.get(f"/api/v1/workspaces/{cast.panel.public_id}").json()["state"] == "at_cap"
    assert (
        iris.get(f"/api/v1/organisations/{cast.haarlem.organisation.public_id}").json()["members"][0]["name"] == "Maud"
    )
    who = account["people"]["people"][0]["id"]
    assert iris.get(f"/api/v1/people/{who}").json()["memberships"]
    assert "Ali" in iris.get(f"/panel/people/{who}").content.decode()
    for path in ("accounts", "workspaces", "organisations", "people"):
        assert iris.get(f"/api/v1/{path}/nothing").status_code == 404


def test_movements_and_the_book(cast: Cast, iris: Client) -> None:
    data = {"kind": "scholarship", "percent": "50", "end_date": ""}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, data, reason="Council")
    months = iris.get("/api/v1/movements").json()["months"]
    assert months[-1]["contraction"] == {"eur": "-75.00", "accounts": 1}
    assert walk(iris, "movements/2026-11/contraction", "accounts")[0]["change_eur"] == "-75.00"
    lines = walk(iris, "book", "lines", q="Council")
    assert [line["key"] for line in lines] == ["plans.account.set_discount"]
    assert iris.get(f"/api/v1/book/{lines[0]['id']}").json()["actor"] == "Ties"
    every = [line["id"] for line in walk(iris, "book", "lines")]
    assert len(every) == len(set(every)) > 10


def test_me_and_the_docs(cast: Cast, iris: Client) -> None:
    assert iris.get("/api/v1/me").json()["roles"] == ["Lead"]
    assert {row["name"] for row in iris.get("/api/v1/staff").json()} == {"Iris", "Ties", "Ada", "Noor"}
    assert iris.get("/api/v1/docs").status_code == 200
    paths = iris.get("/api/v1/openapi.json").json()["paths"]
    assert "/api/v1/accounts" in paths and any("actions/reset_usage" in path for path in paths)


def test_what_the_smaller_pages_read(cast: Cast, iris: Client) -> None:
    run("rollup.company.save_view", cast.iris, "company", {"name": "Mine", "query": "class=trial"})
    made = run("product.company.create_key", cast.iris, "company", {"name": "App", "scopes": ["push"]}, reason="x")
    assert [view["name"] for view in iris.get("/api/v1/views").json()] == ["Mine"]
    assert sign_in("ties@agora.example").get("/api/v1/views").json() == []
    keys = iris.get("/api/v1/keys")
    assert keys.json()[0]["scopes"] == ["push"] and made.secret not in keys.content.decode()
    ApiToken.objects.create(member_id=cast.ada.staff_id, name="t", digest="d", hint="hint", rights=["read"])  # type: ignore[misc]  # staff
    assert iris.get("/api/v1/tokens").json() == []
    assert sign_in("ada@agora.example").get("/api/v1/tokens").json()[0]["name"] == "t"
    assert "manage_staff" in iris.get("/api/v1/roles").json()[-1]["rights"]
