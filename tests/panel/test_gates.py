"""Who may stand where: walks the URL table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver

from bursar.access.models import User
from bursar.access.rights import Right
from bursar.actions.run import run
from bursar.config.urls import urlpatterns
from bursar.ui import navigation
from bursar.ui.navigation import NavEntry
from tests.cast import PASSWORD, Cast, refusal_of, sign_in


def addresses(patterns: Any = urlpatterns, prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route.replace("<slug:slug>", "account").replace("<slug:verb>", "set_discount")


def filled(route: str, some_id: str) -> str:
    return re.sub(r"<[^>]+>", some_id, route)


PANEL = sorted({route for route in addresses() if route.startswith(("/panel", "/handbook"))})
API = sorted({route for route in addresses() if route.startswith("/api/v1")})


def test_the_walk_finds_the_doors() -> None:
    assert len(PANEL) >= 12 and len(API) >= 12


@pytest.mark.parametrize("route", [*PANEL, "/panel", "/panel/nothing/here", "/handbook/nothing/here"])
def test_the_panel_is_for_staff(cast: Cast, route: str) -> None:
    address = filled(route, cast.haarlem.public_id)
    stranger = Client().get(address)
    assert stranger.status_code == 302 and stranger["Location"].startswith("/sign-in/?next=")
    for email in ("maud@client.example", "lotte@client.example"):
        client = sign_in(email)
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404


@pytest.mark.parametrize("route", [*API, "/api/v1/nothing", "/api"])
def test_the_api_asks_who_you_are(cast: Cast, route: str) -> None:
    answer = Client().get(filled(route, "x"))
    assert answer.status_code == 401 and answer.json()["sentence"]
    for email in ("maud@client.example", "lotte@client.example"):
        assert sign_in(email).get(filled(route, cast.haarlem.public_id)).status_code == 404


def test_a_colleague_without_a_role_reads_whom_to_ask(cast: Cast) -> None:
    from bursar.access.models import User

    User.objects.create_user("new@agora.example", "New", PASSWORD)
    client = sign_in("new@agora.example")
    assert "set up as staff" in client.get("/").content.decode().replace("&#x27;", "'")
    assert client.get("/panel/").status_code == 404
    assert "set up as staff" not in sign_in("maud@client.example").get("/").content.decode()


def test_both_bars_show_what_concerns_whoever_looks_and_where_they_are(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = NavEntry(key="x", label="For leads", url_name="staff_list", order=1, group="house", right=Right.MANAGE_STAFF)
    monkeypatch.setattr(navigation.ENTRIES, "things", {**navigation.ENTRIES, "x": only})
    for address in ("/panel/usage/", "/panel/jump?q=for+leads"):
        assert "For leads" in sign_in("iris@agora.example").get(address).content.decode()
        assert "For leads" not in sign_in("ada@agora.example").get(address).content.decode()
    maud = sign_in("maud@client.example")
    for address, label, mark in (
        ("/", "Plan and usage", "page"),
        (f"/workspaces/{cast.klimaat.public_id}", "Plan and usage", "true"),
        ("/requests/", "Requests", "page"),
        ("/history/", "History", "page"),
    ):
        bar = maud.get(address).content.decode().partition("</nav>")[0]
        assert re.search(rf'aria-current="{mark}"\s*>{label}</a>', bar) and bar.count("aria-current") == 1
        assert re.findall(r">([\w ]+)</a>", bar)[-4:] == ["Plan and usage", "Requests", "Training", "History"]


def test_staff_see_one_entry_more(cast: Cast) -> None:
    assert "Staff panel" in sign_in("ties@agora.example").get("/").content.decode()
    assert "Staff panel" not in sign_in("maud@client.example").get("/").content.decode()


@pytest.mark.parametrize(
    "query",
    ["month=2026-13", "month=1999-01", "month=2027-05", "month=x", "sort=colour", "tier=gold", "class=rich", "page=0",
     "page=x", "page=99999999999", "status=odd", "manager=me", "partner=maybe", "month=2026-11%00", "q=%00"],
)  # fmt: skip
def test_odd_addresses_get_a_sentence(cast: Cast, query: str) -> None:
    iris = sign_in("iris@agora.example")
    for address in ("/panel/usage/", "/panel/usage/totals", "/api/v1/rollup"):
        answer = iris.get(f"{address}?{query}")
        assert answer.status_code == 400, (address, answer.status_code)


@pytest.mark.parametrize("query", ["q='%22%3C%25_", "q=" + "x" * 5000, "page=7", "manager=stf_unknown"])
def test_odd_but_harmless_addresses_show_the_page(cast: Cast, query: str) -> None:
    assert sign_in("iris@agora.example").get(f"/panel/usage/?{query}", follow=True).status_code == 200


@pytest.mark.parametrize("address", ["/panel/accounts/acc_x", "/panel/usage/rows/acc_x", "/panel/actions/menu/account/x",
                                     "/panel/actions/menu/planet/x", "/panel/files/fil_x"])  # fmt: skip
def test_unknown_ids_are_404(cast: Cast, address: str) -> None:
    assert sign_in("iris@agora.example").get(address).status_code == 404


def test_a_refusal_stands_where_its_reader_stands_and_leads_on(cast: Cast) -> None:
    """Staff keep the sidebar and Jump to…, customers their bar; a stranger has the company's name and the way back."""
    lead, customer, stranger = sign_in("iris@agora.example"), sign_in("lotte@client.example"), Client()
    for address, status in (("/nothing/here", 404), ("/panel/usage/?month=1999-01", 400)):
        answer = lead.get(address)
        assert answer.status_code == status and 'id="sidebar"' in answer.text and "data-palette" in answer.text
    theirs, nobodys = customer.get("/nothing/here").text, stranger.get("/nothing/here").text
    assert 'aria-label="Dashboard"' in theirs and 'id="sidebar"' not in theirs
    assert 'class="brand" href="/"' in nobodys and "<nav" not in nobodys
    assert all('href="/">Back to the start' in one for one in (theirs, nobodys))


def test_only_what_asked_for_too_much_is_opened_from_its_start(cast: Cast) -> None:
    lead = sign_in("iris@agora.example")
    assert "Open this page from its start" in lead.get("/panel/usage/?month=1999-01").text
    assert "from its start" not in lead.get("/nothing/here?month=1999-01").text
    too_much = lead.post("/panel/notices/read?x=1", {"y": "z" * (21 << 20)})
    assert too_much.status_code == 413 and "from its start" not in too_much.text


def test_healthz(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_the_sign_in_link_works_once(db: None, capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    from django.core.management import call_command

    settings.BURSAR_ADDRESS = "https://bursar.example"
    call_command("staff", "add", "First@Agora.example", "--name", "First", "--role", "lead")
    path = "/sign-in/link/" + capsys.readouterr().out.split("https://bursar.example/sign-in/link/")[1].strip()
    client = Client()
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 302
    assert client.get("/panel/usage/").status_code == 200
    assert Client().post(path).status_code == 410
    assert Client().post("/sign-in/link/guess").status_code == 410


def test_the_sign_in_page(cast: Cast) -> None:
    client = Client()
    wrong = client.post("/sign-in/", {"login": "iris@agora.example", "password": "wrong"})
    assert wrong.status_code == 200 and "do not go together" in wrong.content.decode()
    right = client.post("/sign-in/", {"login": "iris@agora.example", "password": PASSWORD, "next": "/panel/usage/"})
    assert right["Location"] == "/panel/usage/"
    client.post("/sign-out/")
    away = client.post(
        "/sign-in/", {"login": "iris@agora.example", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert away["Location"] == "/"


def test_a_link_for_somebody_who_can_sign_in_comes_from_the_shell_only(cast: Cast) -> None:
    data = {"email": "ties@agora.example", "name": "Ties", "role": "finance"}
    assert run("staff.company.add", cast.iris, "company", data).secret == ""
    fresh = {"email": "fresh@agora.example", "name": "Fresh", "role": "staff"}
    assert run("staff.company.add", cast.iris, "company", fresh).secret
    own = {"email": "iris@agora.example", "name": "Iris", "role": "finance"}
    assert refusal_of("staff.company.add", cast.iris, "company", own).status == 409


def test_the_api_wants_a_csrf_token_from_a_browser(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(email="ties@agora.example"), "bursar.staff.backend.SignInBackend")
    address = f"/api/v1/workspace/{cast.panel.public_id}/actions/reset_usage"
    answer = browser.post(address, '{"reason": "x"}', content_type="application/json")
    assert answer.status_code == 403
