from __future__ import annotations

import csv
import hashlib
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.hours import plain_hours
from bursar.files.csv import neutral
from tests.cast import NOW, Cast, bring_all, organisation, person, seat, sign_in, usage, workspace


def more_accounts(count: int) -> None:
    old = NOW - timedelta(days=100)
    for n in range(count):
        bring_all(
            *organisation(f"o{n}", f"Organisation {n:02d}", old),
            *[line for place in range(7) for line in workspace(f"w{n}-{place}", f"o{n}", f"Space {place}", old)],
            *person(f"x{n}", f"Person {n}"),
            *[seat(f"w{n}-{place}", f"x{n}", "admin", old) for place in range(7)],
        )


def statements(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "SET"))])


def test_the_pages_statements_do_not_grow(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    addresses = ("/panel/usage/", "/panel/usage/?month=2026-10", "/panel/usage/?sort=payment&q=a", "/panel/book/")
    iris.get("/panel/usage/")
    before = [statements(iris, address) for address in addresses]
    more_accounts(12)
    iris.get("/panel/usage/")
    assert [statements(iris, address) for address in addresses] == before
    assert max(before) <= 17, before


def test_five_workspaces_and_the_rest_on_demand(cast: Cast) -> None:
    more_accounts(1)
    iris = sign_in("iris@agora.example")
    page = iris.get("/panel/usage/?q=organisation 00").content.decode()
    assert page.count('href="/panel/actions/menu/workspace/') == 5 and "2 more workspaces" in page
    from bursar.tenants.models import BillingAccount

    account = BillingAccount.objects.get(organisation__external_id="o0")
    rows = iris.get(f"/panel/usage/rows/{account.public_id}?shown=205").content.decode()
    assert rows.count('href="/panel/actions/menu/workspace/') == 7 and "more workspace" not in rows
    assert iris.get(f"/panel/usage/rows/{account.public_id}?shown=6").content.decode().count("1 more workspace") == 1
    assert iris.get(f"/panel/usage/rows/{account.public_id}?shown=x").status_code == 400


def test_filters_total_anew_and_find_by_every_name(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    cases = {"q=klimaat": "haarlem", "q=JEUGD": "samen", "q=jan@client": "oost", "q=Zürich": "", "q=université": "oost", "class=managed": "oost",
             "tier=changemaker": "haarlem", "status=active": "haarlem", "status=managed": "oost"}  # fmt: skip
    names = {"haarlem": "Gemeente Haarlem", "samen": "Stichting Samen", "oost": "Universiteit Oost"}
    for query, wanted in cases.items():
        found = iris.get(f"/api/v1/rollup?{query}").json()
        assert [row["account"] for row in found["accounts"]] == ([names[wanted]] if wanted else []), query
        assert found["totals"]["accounts"] == (1 if wanted else 0)
        assert sum((Decimal(row["mrr_eur"]) for row in found["accounts"]), Decimal(0)) == Decimal(
            found["totals"]["mrr_eur"]
        )


def test_the_organisations_admin_is_found_where_no_workspace_has_one(cast: Cast) -> None:
    """The contact that a row shows is the contact that search finds."""
    old = NOW - timedelta(days=100)
    inherits = [*organisation("erf", "Stad Erf", old), *workspace("erf-1", "erf", "Erfgoed", old)]
    governs = {"kind": "organisation_member", "organisation": "erf", "person": "wil", "role": "admin", "from": old}
    bring_all(*inherits, *person("wil", "Wil Vermeer"), governs)
    iris = sign_in("iris@agora.example")
    found = iris.get("/api/v1/rollup?q=vermeer").json()["accounts"]
    assert [(row["account"], row["contact"]) for row in found] == [("Stad Erf", "Wil Vermeer")]
    bring_all(seat("erf-1", "ali", "admin", old))
    assert iris.get("/api/v1/rollup?q=vermeer").json()["accounts"] == []


def test_every_sort_works_both_ways(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    for key in ("account", "class", "tier", "pays", "seats", "hours", "mrr", "potential", "manager", "payment"):
        up = [row["account"] for row in iris.get(f"/api/v1/rollup?sort={key}").json()["accounts"]]
        down = [row["account"] for row in iris.get(f"/api/v1/rollup?sort=-{key}").json()["accounts"]]
        assert len(up) == len(down) == 3, key
    by_name = [row["account"] for row in iris.get("/api/v1/rollup?sort=account").json()["accounts"]]
    assert by_name == ["Gemeente Haarlem", "Stichting Samen", "Universiteit Oost"]


def download(client: Client, rows: str, query: str = "") -> Any:
    answer = client.post("/panel/usage/export", {"rows": rows, "query": query})
    assert answer.status_code == 302
    return client.get(answer["Location"]), answer["Location"]


def test_the_csv_is_what_is_on_screen_and_cannot_be_run(cast: Cast) -> None:
    bring_all(
        *organisation("evil", "=cmd|' /C calc'!A0", NOW - timedelta(days=9)),
        *workspace("e", "evil", "@SUM(A1)", NOW - timedelta(days=9)),
    )
    bring_all(usage("klimaat", "h", NOW - timedelta(days=2), 4500))
    iris = sign_in("iris@agora.example")
    response, address = download(iris, "workspaces", "sort=account")
    content = b"".join(response.streaming_content)
    assert response["X-Content-SHA256"] == hashlib.sha256(content).hexdigest()
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert int(response["X-Row-Count"]) == len(rows) == 5
    assert rows[0]["account"].startswith("'=cmd") and rows[0]["workspace"] == "'@SUM(A1)"
    assert [row["mrr_eur"] for row in rows if row["account"] == "Gemeente Haarlem"] == ["150.00", ""]
    assert {row["workspace_hours"] for row in rows} >= {"1.25"}
    line = AuditLine.objects.get(key="rollup.company.export")
    assert any(change["after"] == response["X-Content-SHA256"] for change in line.changes)
    assert sign_in("ties@agora.example").get(address).status_code == 404
    with clock.frozen(NOW + timedelta(hours=25)):
        assert iris.get(address).status_code == 404
    accounts, _ = download(iris, "accounts", "class=paying")
    assert accounts["X-Row-Count"] == "1"


def test_a_broken_export_request_is_a_sentence(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    assert iris.post("/panel/usage/export", {"rows": "planets"}).status_code == 422
    assert iris.post("/panel/usage/export", {"rows": "accounts", "query": "month=never"}).status_code == 422
    assert not AuditLine.objects.filter(key="rollup.company.export").exists()


def test_cells_and_hours() -> None:
    assert [neutral(cell) for cell in ("=1", "+1", "-1", "-a", "@a", "\tb", "\rc", "1.50", "a=b")] == [
        "'=1", "'+1", "-1", "'-a", "'@a", "'\tb", "'\rc", "1.50", "a=b"]  # fmt: skip
    assert [plain_hours(s) for s in (0, 17, 18, 3600, 4500)] == ["0.00", "0.00", "0.01", "1.00", "1.25"]


def test_an_account_managers_name_and_a_partner_show_and_filter(cast: Cast) -> None:
    haarlem = {"account": {"organisation": "haarlem"}}
    bring_all({"kind": "manager", **haarlem, "staff": "noor@agora.example", "from": NOW - timedelta(days=9)})
    iris = sign_in("iris@agora.example")
    assert iris.get(f"/api/v1/rollup?manager={cast.noor.id}").json()["totals"]["accounts"] == 1
    assert iris.get("/api/v1/rollup?manager=nobody").json()["totals"]["accounts"] == 2
    assert iris.get("/api/v1/rollup?partner=yes").json()["totals"]["accounts"] == 0
    assert "Noor" in iris.get("/panel/usage/").content.decode()
